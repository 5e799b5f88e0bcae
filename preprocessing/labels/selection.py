"""Selection among labels that several people made, or that are about several."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter

from preprocessing.errors import InputError, shorten
from preprocessing.labels.choices import ALL, LabelChoices
from preprocessing.labels.formats.base import Annotation

SHOWN_NAMES = 12


def selection(
    found: Sequence[Annotation], choices: LabelChoices, where: str
) -> Callable[[Annotation], bool]:
    """Returns whether an annotation is of the subjects, tiers and raters that were chosen.

    Nobody needs to choose where no video has labels of more than one.

    Args:
        found: all that label files say.
        choices: what is taken of it.
        where: names the files, for messages.

    Raises:
        InputError: there is something to choose and nobody chose, or what was chosen is not there.
    """
    chosen = {"rater": choices.raters, "tier": choices.tiers, "subject": choices.subjects}
    left, wanted = found, {}
    for option, names in chosen.items():
        _require_chosen(option, names, left, where)
        if names and ALL not in names:
            wanted[option] = frozenset(names)
            left = [one for one in left if getattr(one, option) in names]
    return lambda one: all(getattr(one, option) in names for option, names in wanted.items())


def _require_chosen(
    option: str, chosen: tuple[str, ...], found: Sequence[Annotation], where: str
) -> None:
    """Checks a choice of subjects, tiers or raters.

    Raises:
        InputError: it is needed, or names somebody of whom there is nothing.
    """
    if ALL in chosen:
        return
    counts = Counter(map(attrgetter(option), found))
    if absent := [name for name in chosen if name not in counts]:
        raise InputError(
            f"--{option} {shorten(absent[0])}: {where} has no such {option}; it has "
            f"{_listed(counts)}"
        )
    if not chosen and (several := _beside_each_other(found, option)) is not None:
        raise InputError(
            f"{where}: {shorten(several)} has labels of several {option}s ({_listed(counts)}); "
            f"give --{option} with those that are wanted, or --{option} {ALL} to take them together"
        )


def _beside_each_other(found: Iterable[Annotation], option: str) -> str | None:
    """Returns a video with labels of several subjects, tiers or raters; None if there is none."""
    first: dict[str, str] = {}
    for annotation in found:
        name: str = getattr(annotation, option)
        if name and first.setdefault(annotation.media, name) != name:
            return annotation.media
    return None


def _listed(counts: Counter[str]) -> str:
    """Lists names with how many labels they have; names that are empty have none."""
    named = [(name, count) for name, count in counts.most_common() if name]
    shown = [f"{shorten(name, 40)!r} {count}" for name, count in named[:SHOWN_NAMES]]
    more = [f"{len(named) - SHOWN_NAMES} more"] if len(named) > SHOWN_NAMES else []
    return ", ".join([*shown, *more]) or "none"


def class_name(annotation: Annotation, choices: LabelChoices) -> str:
    """Returns the class that an annotation is of: its label, with its modifiers if that is asked.

    Args:
        annotation: of a label file.
        choices: whether modifiers count.
    """
    if not choices.modifiers or not annotation.modifiers:
        return annotation.label
    return "|".join((annotation.label, *annotation.modifiers))

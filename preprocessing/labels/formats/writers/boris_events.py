"""Events of BORIS, as its projects and its tables hold them.

In BORIS a behaviour is either a state, which is begun and ended, or a point; states of one subject,
behaviour and modifiers follow one another.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.formats.writing import Annotated, Annotations

KEEPS = frozenset({"subject", "modifiers", "confidence"})
BETWEEN = "|"
DIGITS = 6


class Bout(NamedTuple):
    """A state from its beginning to its end, or a point, which ends where it begins.

    Attributes:
        start, end: seconds.
        subject: empty for nobody in particular.
        behaviour: its code.
        modifiers: as BORIS joins them.
        comment: how sure a model is; empty of a person's.
    """

    start: float
    end: float
    subject: str
    behaviour: str
    modifiers: str
    comment: str


def states(content: Annotated) -> dict[str, bool]:
    """Returns, for each class, whether it is a state: all are but those that are points only.

    Args:
        content: what is written.
    """
    lasting, points = set[str](), set[str]()
    for video in content.videos:
        for one in content.of(video):
            (points if one.end is None else lasting).add(one.label)
    return {name: name in lasting or name not in points for name in content.classes}


def bouts(said: Annotations) -> list[Bout]:
    """Returns what is said about a video, in order of time; those of one kind do not overlap.

    Args:
        said: the annotations.
    """
    by_kind: dict[tuple[str, str, str], list[Annotation]] = {}
    for one in said:
        by_kind.setdefault((one.subject, one.label, BETWEEN.join(one.modifiers)), []).append(one)
    found = [bout for kind, several in by_kind.items() for bout in _apart(several, kind)]
    return sorted(found)


def _apart(several: Iterable[Annotation], kind: tuple[str, str, str]) -> Iterator[Bout]:
    """Yields annotations of one kind, of which those that overlap are joined."""
    before: Bout | None = None
    for one in sorted(several, key=lambda one: one.start):
        start = round(one.start, DIGITS)
        end = start if one.end is None else round(one.end, DIGITS)
        sure = "" if one.confidence is None else f"confidence {one.confidence:.3f}"
        bout = Bout(start, end, *kind, sure)
        if before is not None and start < before.end:
            before = before._replace(end=max(end, before.end))
            continue
        if before is not None:
            yield before
        before = bout
    if before is not None:
        yield before


def modifier_places(content: Annotated) -> dict[str, list[list[str]]]:
    """Returns, for each class with modifiers, the values that each place of them has.

    Args:
        content: what is written.
    """
    found: dict[str, list[dict[str, None]]] = {}
    for video in content.videos:
        for one in content.of(video):
            places = found.setdefault(one.label, [])
            places += [{} for _ in one.modifiers[len(places) :]]
            for place, value in zip(places, one.modifiers, strict=False):
                place[value] = None
    return {name: [list(place) for place in places] for name, places in found.items() if places}

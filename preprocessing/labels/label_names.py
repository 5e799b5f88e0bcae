"""Names of labels that are perhaps meant to be one."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from preprocessing.errors import counted, shorten

# So many pairs or groups are named, each in a line of its own.
LINES = 3
# A name in few stretches, so much like one in so many times as many, is perhaps a typing error.
LIKENESS, USUAL_STRETCHES = 0.75, 20
# So many rare names are looked at; where there are more, they are not errors.
LOOKED_AT = 50
LETTERS_APART = 2


def alike(names: Iterable[str], path: Path) -> Iterator[str]:
    """Yields a line for each group of names that a person would read as the same.

    Args:
        names: all that occur.
        path: where they are written.
    """
    by_form = sorted((_plain(name), name) for name in set(names))
    groups = [[name for _, name in group] for _, group in groupby(by_form, lambda pair: pair[0])]
    groups = [group for group in groups if len(group) > 1]
    for group in groups[:LINES]:
        difference = _difference(group)
        show = ascii if difference == "Unicode form" else repr
        shown = " and ".join(show(shorten(name)) for name in group[:LINES])
        yield (
            f"the labels {shown} differ in {difference} only, and count as {len(group)} classes; "
            f"if they are one, write them alike in {path}"
        )
    if more := groups[LINES:]:
        yield f"{counted(len(more), 'more group')} of labels differ in case, spaces or form only"


def mistyped(stretches: Mapping[str, int], path: Path) -> Iterator[str]:
    """Yields a line for each name that looks like a typing error of a usual one.

    Args:
        stretches: how often each class is shown.
        path: where they are written.
    """
    usual = {name: times for name, times in stretches.items() if times >= USUAL_STRETCHES}
    most = max(usual.values(), default=0) // USUAL_STRETCHES
    rare = [name for name, times in stretches.items() if 0 < times <= most]
    if len(rare) > LOOKED_AT:
        return
    found = 0
    for name in rare:
        enough = USUAL_STRETCHES * stretches[name]
        near = [other for other in usual if usual[other] >= enough and _may_be(name, other)]
        if found < LINES and (match := difflib.get_close_matches(name, near, 1, LIKENESS)):
            found += 1
            yield (
                f"the label {shorten(name)!r} is in {_stretches(stretches[name])}, and looks like "
                f"{shorten(match[0])!r}, which is in {stretches[match[0]]:,}; if it is a typing "
                f"error, mend it in {path}"
            )


def _stretches(count: int) -> str:
    return "one stretch only" if count == 1 else f"{count:,} stretches only"


def _may_be(name: str, other: str) -> bool:
    """Returns False for names that are of other lengths, or differ in their numbers only."""
    plain, without = _plain(name), _plain(other)
    if abs(len(plain) - len(without)) > LETTERS_APART or plain == without:
        return False
    return re.sub(r"\d+", "", plain) != re.sub(r"\d+", "", without)


def _plain(name: str) -> str:
    """Returns what is left of a name without case, spaces and Unicode form."""
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    # Of category Cf are letters that are not seen, such as a space without width.
    return "".join(
        letter for letter in text if not (letter.isspace() or unicodedata.category(letter) == "Cf")
    )


def _difference(group: Sequence[str]) -> str:
    """Says in what names differ that are otherwise the same."""
    if len({name.casefold() for name in group}) == 1:
        return "case"
    if len({"".join(name.split()) for name in group}) == 1:
        return "spaces"
    if len({unicodedata.normalize("NFKC", name) for name in group}) == 1:
        return "Unicode form"
    return "case, spaces or Unicode form"

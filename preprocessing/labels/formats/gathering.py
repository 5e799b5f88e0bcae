"""Annotations as a reader finds them, and what it must leave out."""

import math
from collections.abc import Callable
from pathlib import Path

from preprocessing.errors import InputError, counted, shorten, some
from preprocessing.labels.formats.base import OPEN, Annotation

SHOWN_LETTERS = 40
SHOWN_PLACES = 3
Place = Callable[[], str]


class Gathering:
    """The annotations of a file.

    Args:
        path: the file, for messages.
        points: whether its format knows points, so that what ends where it begins is one.

    Attributes:
        annotations: those that were added and say something.
    """

    def __init__(self, path: Path, points: bool = False):
        self.annotations: list[Annotation] = []
        self._path, self._points = path, points
        self._left_out: dict[tuple[str, str], tuple[int, list[str]]] = {}

    def add(self, annotation: Annotation, place: Place) -> None:
        """Takes an annotation, if it has a name, and a length where it is no point.

        Args:
            annotation: what the file says; ``end`` is None for a point.
            place: names where the file says so, for messages.

        Raises:
            InputError: its times are no numbers, or its names hold half a letter.
        """
        start, end = annotation.start, annotation.end
        if not math.isfinite(start) or not (end is None or end == OPEN or math.isfinite(end)):
            raise InputError(f"{self._path} {place()}: from {start} to {end}; expected numbers")
        if not annotation.label:
            return
        if end is not None and end <= start:
            if end < start or not self._points:
                self.leave_out("interval", "with no length, or an end before its beginning", place)
                return
            annotation = annotation._replace(end=None)
        self._require_letters(annotation, place)
        self.annotations.append(annotation)

    def leave_out(self, what: str, why: str, place: Place) -> None:
        """Counts something that is left out, to be said once for all of its kind.

        Args:
            what: the thing, in the singular.
            why: goes on from there.
            place: names it, for the first ones.
        """
        number, places = self._left_out.get((what, why), (0, []))
        if number <= SHOWN_PLACES:
            places.append(place())
        self._left_out[what, why] = number + 1, places

    def remarks(self) -> list[str]:
        """Returns a line for each kind of thing that was left out."""
        return [
            f"left out {counted(number, what)} {why} ({some(places, SHOWN_PLACES)})"
            for (what, why), (number, places) in self._left_out.items()
        ]

    def _require_letters(self, annotation: Annotation, place: Place) -> None:
        """Checks names for halves of letters, which JSON can hold and no file can be written of.

        Raises:
            InputError: a name has one.
        """
        try:
            "".join((annotation.label, annotation.media, annotation.subject)).encode()
            "".join((annotation.tier, annotation.rater, *annotation.modifiers)).encode()
        except UnicodeEncodeError:
            raise InputError(
                f"{self._path} {place()}: a name holds half a letter (a lone surrogate); "
                "expected text that can be written to a file"
            ) from None


def placed(what: str, name: object) -> Place:
    """Returns what names a place in a file, once a message needs it.

    Args:
        what: a word for what stands there.
        name: which one.
    """
    return lambda: f"{what} {short(name)}".strip()


def short(name: object) -> str:
    """Returns a name from a file for a message: in one line, and not long.

    Args:
        name: a text, or what stands in its place.
    """
    text = name if isinstance(name, str) else repr(name)
    cut = shorten(text, SHOWN_LETTERS)
    return "".join(letter if letter.isprintable() else " " for letter in cut)

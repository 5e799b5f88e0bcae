"""The annotations of one row of a table, before rows are joined."""

import math
import sys
from collections.abc import Callable

from preprocessing.errors import InputError, shorten
from preprocessing.labels.formats.base import OPEN, Annotation
from preprocessing.labels.formats.tabular.cells import (
    Cell,
    Row,
    cell,
    confidence_of,
    modifiers,
)
from preprocessing.labels.formats.tabular.found import Found
from preprocessing.labels.formats.tabular.table import Table
from preprocessing.labels.formats.tabular.times import NOTHING, Times

# What has a name, one for each kind: a name that comes again is kept once.
NAMES = ("subject", "rater")


class RowReader:
    """Makes annotations of rows.

    Args:
        table: the table.
        found: where things stand in it.
    """

    def __init__(self, table: Table, found: Found):
        self._path, self._found, self._strict = table.path, found, found.preset.strict
        places = found.places
        self._begins = Times(found.map.unit, table.comma).start
        self._start = cell(places.get("start", ()))
        self._media = cell(places.get("sequence", ()))
        self._own = found.said.get("sequence", "")
        self._label = cell(places.get("label", ()), found.preset.joined)
        self._tier = cell(places.get("tier", ()))
        self._names: list[Cell | None] = [
            cell(places[key]) if key in places else None for key in NAMES
        ]
        self._modifiers = places.get("modifier", ())
        self._share = cell(places["confidence"]) if "confidence" in places else None
        self._tiers = [
            (found.header[at] if found.header else "", cell((at,)))
            for at in places.get("tiers", ())
        ]
        self._ends: list[tuple[str, Cell, Callable[[str], float]]] = []
        for key in ("end", "duration"):
            if key in places:
                times = Times(found.map.unit_of(key), table.comma)
                read = times.end if key == "end" else times.length
                self._ends.append((key, cell(places[key]), read))
        self._timed = bool(self._ends) and "type" not in places

    def annotations(self, line: int, row: Row) -> list[Annotation]:
        """Returns what a row says: an annotation for its label, or for each tier that it fills.

        Args:
            line: its number.
            row: its values.

        Raises:
            InputError: a value is none of its column.
        """
        labels = self._labels(row)
        if not labels:
            return []
        start = self._begins(text := self._start(row).strip())
        if math.isnan(start) or (self._strict and start < 0):
            raise self.wrong(line, "start", text)
        end = self.over(line, row, start) if self._timed else None
        media = sys.intern(self._media(row) or self._own)
        subject, rater = (sys.intern(name(row)) if name else "" for name in self._names)
        more = modifiers(row, self._modifiers) if self._modifiers else ()
        share = None
        if self._share:
            share = confidence_of(self._share(row), f"{self._path} line {line}")
        return [
            Annotation(media, start, end, sys.intern(label), subject, tier, rater, more, share)
            for label, tier in labels
        ]

    def over(self, line: int, row: Row, start: float) -> float:
        """Returns where the interval of a row is over; ``OPEN`` if the row does not say.

        Args:
            line: its number.
            row: its values.
            start: where it begins.

        Raises:
            InputError: it says something else.
        """
        for key, text_of, read in self._ends:
            text = text_of(row)
            if text not in NOTHING:
                number = read(text)
                if math.isnan(number):
                    raise self.wrong(line, key, text)
                return number if key == "end" else start + number
        if self._strict:
            raise self.wrong(line, "end", "")
        return OPEN

    def lasts(self, row: Row) -> bool:
        """Returns whether a row says how long it lasts."""
        return any(key == "duration" and text(row) not in NOTHING for key, text, _ in self._ends)

    def wrong(self, line: int, key: str, text: str, expected: str = "a time") -> InputError:
        """Returns the error that a cell holds something else than its column should.

        Args:
            line: the number of the row.
            key: what the column says.
            text: the cell.
            expected: what it should hold.
        """
        places = self._found.places.get(key, ())
        header = self._found.header
        name = "+".join(header[at] for at in places if at < len(header)) or key
        return InputError(
            f"{self._path} line {line}: {shorten(name)} {shorten(text)!r}; expected {expected}"
        )

    def _labels(self, row: Row) -> list[tuple[str, str]]:
        """Returns (label, tier) of all that a row says."""
        nothing = self._found.preset.nothing
        if not self._tiers:
            label = self._label(row)
            return [(label, sys.intern(self._tier(row)))] if label and label not in nothing else []
        texts = ((text(row), tier) for tier, text in self._tiers)
        return [(text, tier) for text, tier in texts if text and text not in nothing]

"""Tables of a row an interval, or a row a START, a STOP or a POINT.

time   what
3.3    START   waits for the STOP of the same video, subject, label and modifiers
7.75   STOP    3.3 to 7.75
9.9    START   from 9.9, and never ended
"""

from collections.abc import Iterator
from typing import Literal

from preprocessing.errors import InputError, shorten
from preprocessing.labels.formats.base import OPEN, Annotation
from preprocessing.labels.formats.tabular.cells import Cell, LeftOut, Row, cell, rows_of
from preprocessing.labels.formats.tabular.columns import plain
from preprocessing.labels.formats.tabular.found import Found
from preprocessing.labels.formats.tabular.rows import RowReader
from preprocessing.labels.formats.tabular.table import Table

Kind = Literal["START", "STOP", "POINT", "STATE"]
KINDS: dict[str, Kind] = {
    **dict.fromkeys(("start", "state start", "begin", "on", "onset"), "START"),
    **dict.fromkeys(("stop", "state stop", "end", "off", "offset"), "STOP"),
    **dict.fromkeys(("point", "state point", "point event", "event"), "POINT"),
    **dict.fromkeys(("state", "interval"), "STATE"),
}
Key = tuple[str, str, str, str, tuple[str, ...]]


class Events:
    """The annotations of a table.

    Args:
        table: the table.
        found: where things stand in it.

    Attributes:
        annotations: those that were read so far.
        clocks: what shares a clock with each, where the preset knows of clocks; else empty.
    """

    def __init__(self, table: Table, found: Found):
        self.annotations: list[Annotation] = []
        self.clocks: list[str] = []
        self._table, self._found, self._preset = table, found, found.preset
        self._rows = RowReader(table, found)
        self._kind = cell(found.places.get("type", ()))
        self._pending: dict[Key, list[int]] = {}
        self._dropped = LeftOut()

    def read(self) -> None:
        """Reads all rows.

        Raises:
            InputError: a row is damaged, with its line.
        """
        typed, clocked = "type" in self._found.places, self._preset.has_clock
        clock = self._clock()
        width = len(self._found.header) if self._preset.strict else 0
        # A row that a person added need not have a confidence.
        fewest = width - (self._found.places.get("confidence") == (width - 1,))
        for line, row in rows_of(self._table, self._found):
            if width and not fewest <= len(row) <= width:
                raise InputError(
                    f"{self._table.path} line {line} has {len(row)} values; expected {width}"
                )
            for one in self._rows.annotations(line, row):
                if typed:
                    self._take_kind(line, row, one, clock(row))
                else:
                    self._take(line, one)
            if clocked:
                self.clocks.extend([clock(row)] * (len(self.annotations) - len(self.clocks)))

    def remarks(self) -> Iterator[str]:
        """Yields what a person should know of rows that were left out."""
        yield from self._dropped.remarks()

    def _clock(self) -> Cell:
        """Returns what gives the name of the clock that a row's times are of."""
        header = [plain(name) for name in self._found.header]
        name = self._preset.clock
        if name.isdigit():
            return cell((int(name) - 1,))
        if plain(name) in header:
            return cell((header.index(plain(name)),))
        said = self._found.said.get("clock", "")
        return (lambda row: said) if said else cell(self._found.places.get("sequence", ()))

    def _take(self, line: int, one: Annotation) -> None:
        """Keeps a point, or an interval that lasts."""
        end = one.end
        if end is None or end > one.start:
            self.annotations.append(one)
        elif self._preset.points and end == one.start:
            self.annotations.append(one._replace(end=None))
        elif self._preset.strict:
            raise InputError(
                f"{self._table.path} line {line}: start {one.start:g} and end {end:g}; expected "
                "seconds with 0 <= start < end"
            )
        else:
            self._dropped.add(f"line {line}: {shorten(one.label)!r} from {one.start:g} to {end:g}")

    def _take_kind(self, line: int, row: Row, one: Annotation, clock: str) -> None:
        """Keeps what a row with a kind says, or joins it with the START before it."""
        kind = KINDS.get(plain(text := self._kind(row)))
        if kind is None:
            raise self._rows.wrong(line, "type", text, "START, STOP, POINT or STATE")
        key = (clock, one.subject, one.tier, one.label, one.modifiers)
        waiting = self._pending.setdefault(key, [])
        if kind == "POINT":
            self._take(line, one)
        elif kind == "STATE" or (kind == "START" and self._rows.lasts(row)):
            self._take(line, one._replace(end=self._rows.over(line, row, one.start)))
        elif kind == "START":
            waiting.append(len(self.annotations))
            self.annotations.append(_ending(one, OPEN))
        elif waiting:
            self._end_of(line, waiting.pop(0), one)
        elif "duration" not in self._found.places:
            raise InputError(
                f"{self._table.path} line {line}: {shorten(one.label)!r} stops at {one.start:g}, "
                "and no row before starts it; mend the table, rows in order of time"
            )

    def _end_of(self, line: int, at: int, one: Annotation) -> None:
        """Ends a state that is open where a STOP says; one of no length is a point."""
        begun = self.annotations[at]
        if one.start < begun.start:
            raise InputError(
                f"{self._table.path} line {line}: {shorten(one.label)!r} stops at {one.start:g}, "
                f"the row that starts it says {begun.start:g}; expected rows in order of time"
            )
        self.annotations[at] = _ending(begun, one.start if one.start > begun.start else None)


def _ending(one: Annotation, end: float | None) -> Annotation:
    """Returns an annotation with another end, in a third of the time of ``_replace``."""
    return Annotation(one.media, one.start, end, *one[3:])

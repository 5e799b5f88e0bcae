"""Tables of a row an interval, or a row a START, a STOP or a POINT.

time   what
3.3    START   waits for the STOP of the same video, subject, label and modifiers
7.75   STOP    3.3 to 7.75
9.9    START   from 9.9, and never ended
"""

import math
import sys
from collections.abc import Iterator
from typing import Literal

from preprocessing.errors import InputError, counted, shorten
from preprocessing.labels.formats.base import OPEN, Annotation
from preprocessing.labels.formats.tabular.cells import (
    Cell,
    Row,
    cell,
    confidence_of,
    modifiers,
    rows_of,
)
from preprocessing.labels.formats.tabular.columns import plain
from preprocessing.labels.formats.tabular.found import Found
from preprocessing.labels.formats.tabular.table import Table
from preprocessing.labels.formats.tabular.times import NOTHING, Times

Kind = Literal["START", "STOP", "POINT", "STATE"]
KINDS: dict[str, Kind] = {
    **dict.fromkeys(("start", "state start", "begin", "on", "onset"), "START"),
    **dict.fromkeys(("stop", "state stop", "end", "off", "offset"), "STOP"),
    **dict.fromkeys(("point", "state point", "point event", "event"), "POINT"),
    **dict.fromkeys(("state", "interval"), "STATE"),
}
ONE_LINE = ("sequence", "start", "end", "duration", "label", "subject", "tier", "rater", "type")
Key = tuple[str, str, str, str, tuple[str, ...]]


class Events:
    """The annotations of a table.

    Args:
        table: the table.
        found: where things stand in it.

    Attributes:
        annotations: those that were read so far.
        clocks: what shares a clock with each.
    """

    def __init__(self, table: Table, found: Found):
        self.annotations: list[Annotation] = []
        self.clocks: list[str] = []
        self._table, self._found, self._preset = table, found, found.preset
        places = found.places
        self._start, self._end, self._length = (
            Times(found.map.unit_of(key), table.comma) for key in ("start", "end", "duration")
        )
        joined = {"label": self._preset.joined}
        self._cells = {key: cell(places.get(key, ()), joined.get(key, " ")) for key in ONE_LINE}
        self._confidence = cell(places.get("confidence", ()))
        self._own = found.said.get("sequence", "")
        self._pending: dict[Key, list[int]] = {}
        self._dropped: list[str] = []

    def read(self) -> None:
        """Reads all rows.

        Raises:
            InputError: a row is damaged, with its line.
        """
        typed, timed = "type" in self._found.places, {"end", "duration"} & self._found.places.keys()
        clock = self._clock()
        width = len(self._found.header) if self._preset.strict else 0
        for line, row in rows_of(self._table, self._found):
            if width and len(row) != width:
                raise InputError(
                    f"{self._table.path} line {line} has {len(row)} values; expected {width}"
                )
            for one in self._annotations(line, row):
                if typed:
                    self._take_kind(line, row, one, clock(row))
                else:
                    self._take(line, one, self._over(line, row, one.start) if timed else None)
            self.clocks.extend([clock(row)] * (len(self.annotations) - len(self.clocks)))

    def remarks(self) -> Iterator[str]:
        """Yields what a person should know of rows that were left out."""
        if self._dropped:
            yield (
                f"{counted(len(self._dropped), 'interval')} left out that end where they begin or "
                f"before ({self._dropped[0]})"
            )

    def _clock(self) -> Cell:
        """Returns what gives the name of the clock that a row's times are of."""
        header = [plain(name) for name in self._found.header]
        name = self._preset.clock
        if name.isdigit():
            return cell((int(name) - 1,))
        if plain(name) in header:
            return cell((header.index(plain(name)),))
        said = self._found.said.get("clock", "")
        return (lambda row: said) if said else self._cells["sequence"]

    def _annotations(self, line: int, row: Row) -> Iterator[Annotation]:
        """Yields what a row says, as points: one annotation, or one for each tier that it fills."""
        places, cells = self._found.places, self._cells
        tiers = places.get("tiers", ())
        labels = [(cells["label"](row), cells["tier"](row))]
        if tiers:
            header = self._found.header
            labels = [(cell((at,))(row), header[at] if header else "") for at in tiers]
        labels = [one for one in labels if one[0] and one[0] not in self._preset.nothing]
        if not labels:
            return
        start = self._start.start(text := cells["start"](row))
        if math.isnan(start) or (self._preset.strict and start < 0):
            raise self._wrong(line, row, "start", text)
        media = sys.intern(cells["sequence"](row) or self._own)
        more = modifiers(row, places["modifier"]) if "modifier" in places else ()
        share = None
        if "confidence" in places:
            where = f"{self._table.path} line {line}"
            share = confidence_of(self._confidence(row), where)
        subject, rater = sys.intern(cells["subject"](row)), sys.intern(cells["rater"](row))
        for label, tier in labels:
            label, tier = sys.intern(label), sys.intern(tier)
            yield Annotation(media, start, None, label, subject, tier, rater, more, share)

    def _over(self, line: int, row: Row, start: float) -> float:
        """Returns where the interval of a row is over; ``OPEN`` if the row does not say."""
        for key, times in (("end", self._end.end), ("duration", self._length.length)):
            text = self._cells[key](row)
            if key in self._found.places and text not in NOTHING:
                number = times(text)
                if math.isnan(number):
                    raise self._wrong(line, row, key, text)
                return number if key == "end" else start + number
        if self._preset.strict:
            raise self._wrong(line, row, "end", "")
        return OPEN

    def _take(self, line: int, one: Annotation, end: float | None) -> None:
        """Keeps a point, or an interval that lasts."""
        if end is None or end > one.start or (self._preset.points and end == one.start):
            self.annotations.append(one if end == one.start else one._replace(end=end))
            return
        if self._preset.strict:
            raise InputError(
                f"{self._table.path} line {line}: start {one.start:g} and end {end:g}; expected "
                "seconds with 0 <= start < end"
            )
        self._dropped.append(f"line {line}: {shorten(one.label)!r} from {one.start:g} to {end:g}")

    def _take_kind(self, line: int, row: Row, one: Annotation, clock: str) -> None:
        """Keeps what a row with a kind says, or joins it with the START before it."""
        kind = KINDS.get(plain(self._cells["type"](row)))
        if kind is None:
            raise self._wrong(line, row, "type", self._cells["type"](row))
        key = (clock, one.subject, one.tier, one.label, one.modifiers)
        waiting = self._pending.setdefault(key, [])
        if kind == "POINT":
            self._take(line, one, None)
        elif kind == "STATE" or (kind == "START" and self._lasts(row)):
            self._take(line, one, self._over(line, row, one.start))
        elif kind == "START":
            waiting.append(len(self.annotations))
            self.annotations.append(one._replace(end=OPEN))
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
        self.annotations[at] = begun._replace(end=one.start if one.start > begun.start else None)

    def _lasts(self, row: Row) -> bool:
        return "duration" in self._found.places and self._cells["duration"](row) not in NOTHING

    def _wrong(self, line: int, row: Row, key: str, text: str) -> InputError:
        """Returns the error that a cell holds something else than its column should."""
        places = self._found.places.get(key, ())
        names = [self._found.header[at] for at in places if at < len(self._found.header)]
        unit = self._found.map.unit
        expected = "a time" if unit.seconds else "a frame"
        if key == "type":
            expected = "START, STOP, POINT or STATE"
        name = "+".join(names) or key
        where = f"{self._table.path} line {line}"
        return InputError(f"{where}: {shorten(name)} {shorten(text)!r}; expected {expected}")

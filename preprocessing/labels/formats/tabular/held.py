"""Tables of a row a frame, or a row now and then, whose values hold until the next row.

    time   Phase                       time   Grasper  Hook
    0      Preparation                 0      1        0
    1      Preparation   0 to 2        25     1        1      Grasper 0 to 50, Hook 25 to 75
    2      Dissection    2 to 3        50     0        1

The last row holds as long as rows lie apart mostly; where two lie much further apart, those between
are missing, and say nothing. Where rows lie unevenly, as those of a log do, none is missing, and
what the last one says is never ended.
"""

import math
import sys
from collections.abc import Iterator

from preprocessing.errors import InputError, counted, shorten
from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.formats.tabular.cells import Row, cell, rows_of
from preprocessing.labels.formats.tabular.content import NOT_SCORED, ONE, ZERO
from preprocessing.labels.formats.tabular.found import Found
from preprocessing.labels.formats.tabular.table import Table
from preprocessing.labels.formats.tabular.times import Times

# Rows that lie further apart than so many of their steps have a gap between them.
GAP = 1.5


class Held:
    """Annotations of rows that hold until the next.

    Args:
        table: the table.
        found: where things stand in it.

    Raises:
        InputError: there is but one row, and how long it holds is not known.
    """

    def __init__(self, table: Table, found: Found):
        self._table, self._found = table, found
        self._times = Times(found.map.unit, table.comma)
        self._classes = found.classes
        self._columns = found.places.get("classes") or found.places.get("tiers") or ()
        self._label = cell(found.places.get("label", ()), found.preset.joined)
        self._not_scored = 0
        self._nothing = frozenset(("", *found.preset.nothing))
        self._tiers = {
            at: sys.intern(found.header[at]) for at in found.places.get("tiers", ()) if found.header
        }

    def read(self) -> Iterator[Annotation]:
        """Yields what the rows say, each run of one value once.

        Raises:
            InputError: a row is damaged, or comes before the row above it.
        """
        found = self._found
        sequence, subject, tier, rater = (
            cell(found.places.get(key, ())) for key in ("sequence", "subject", "tier", "rater")
        )
        at = found.places["time"][0] if "time" in found.places else -1
        runs: dict[tuple[str, ...], _Runs] = {}
        number = 0.0
        for line, row in rows_of(self._table, found):
            media = sequence(row) or found.said.get("sequence", "")
            key = (media, subject(row), tier(row), rater(row))
            if key not in runs:
                runs[key] = _Runs(key, self._step())
            time = self._time(line, row[at] if at < len(row) else "") if at >= 0 else number
            number += 1.0
            if time <= runs[key].time:
                raise InputError(
                    f"{self._table.path} line {line}: its time is {time:g} after {runs[key].time:g}"
                    "; expected rows in order of time, one a time"
                )
            yield from runs[key].next(time, self._values(line, row))
        for those in runs.values():
            yield from those.next(math.inf, {})

    def remarks(self) -> Iterator[str]:
        """Yields what a person should know of the values that were read."""
        if self._not_scored:
            yield (
                f"{counted(self._not_scored, 'value')} of {NOT_SCORED}, which stands for what "
                "nobody has scored, taken as 0"
            )

    def _step(self) -> float:
        if "time" not in self._found.places:
            return 1.0
        unit = self._found.map.unit
        if self._found.step <= 0 and unit.seconds is not None:
            raise InputError(
                f"{self._table.path} has one row, and how long it holds is not known; expected two "
                "rows or more, or a column where it ends (--label-columns start=,end=,label=)"
            )
        return self._found.step or 1.0

    def _time(self, line: int, text: str) -> float:
        time = self._times.start(text.strip())
        if math.isnan(time):
            raise InputError(
                f"{self._table.path} line {line}: time {shorten(text)!r}; expected a number, or "
                "h:mm:ss"
            )
        return time

    def _values(self, line: int, row: Row) -> dict[int, tuple[str, str]]:
        """Returns (label, tier) of the columns that say something, by the index of the column."""
        if self._classes:
            return {at: self._classes[at] for at in self._columns if self._is_one(line, row, at)}
        if not self._columns:
            label = self._label(row)
            return {} if label in self._nothing else {0: (label, "")}
        texts = ((at, row[at].strip()) for at in self._columns if at < len(row))
        said = ((at, text) for at, text in texts if text not in self._nothing)
        return {at: (text, self._tiers.get(at, "")) for at, text in said}

    def _is_one(self, line: int, row: Row, at: int) -> bool:
        value = row[at] if at < len(row) else ""
        if value == "0":
            return False
        if (text := value.strip()) in ONE:
            return True
        if text in ZERO:
            return False
        if text == NOT_SCORED:
            self._not_scored += 1
            return False
        raise InputError(
            f"{self._table.path} line {line}: {shorten(self._classes[at][0])} {shorten(text)!r}; "
            "expected 0 or 1"
        )


class _Runs:
    """The runs of one video, and of one subject, tier and rater in it.

    Args:
        key: those four.
        step: how long a row holds if none follows.
    """

    def __init__(self, key: tuple[str, ...], step: float):
        self.time = -math.inf
        self._media, self._subject, self._tier, self._rater = (sys.intern(text) for text in key)
        self._step = step
        self._running: dict[int, tuple[float, tuple[str, str]]] = {}

    def next(self, time: float, values: dict[int, tuple[str, str]]) -> Iterator[Annotation]:
        """Takes the values of the next row; yields the runs that end before it.

        Args:
            time: of the row.
            values: (label, tier) by the index of the column.
        """
        gap = time - self.time > GAP * self._step
        end = self.time + self._step if gap else time
        running = self._running
        for at in [at for at, (_, value) in running.items() if gap or values.get(at) != value]:
            start, (label, tier) = running.pop(at)
            yield Annotation(
                *(self._media, start, end, sys.intern(label), self._subject),
                *(tier or self._tier, self._rater),
            )
        for at, value in values.items():
            if at not in running:
                running[at] = (time, value)
        self.time = time

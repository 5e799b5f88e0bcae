"""Labels that are numbers, given at some times and interpolated linearly between them.

value    2 ┤        ●              a step has the value at its time: of the row that it meets,
         1 ┤   ●         ●         of the line between two rows, or none before the first row,
           └───┴────┴────┴───      after the last, and on the lines to a row with an empty cell
time          0.5  1.0  1.5
"""

from array import array
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, shorten
from preprocessing.labels.base import (
    LabelOptions,
    Labels,
    lasting,
    require_within,
    rounding_seconds,
)
from preprocessing.labels.spans import Said, Spans, cut
from preprocessing.store.sequence_info import SequenceInfo

# Rows are written with nine decimals; this near to one, a step has the very value of the row.
SAME_SECONDS = 1e-9
# A step has a number for each column, or no label: all columns share a row of a table.
NUMBERS = "numbers"
SAYINGS = (Said((0,), True), Said((), False))


class Track(NamedTuple):
    """The rows of a sequence: times ``<float64>[m]``, increasing; values ``<float64>[m, K]``.

    A value is NaN where the file has none.
    """

    times: NDArray[np.float64]
    values: NDArray[np.float64]

    def at(self, seconds: NDArray[np.float64], rounding: float) -> NDArray[np.float64]:
        """Returns the values at times.

        Args:
            seconds: ``<float64>[n]``.
            rounding: seconds around a row in which its value holds without a neighbour.

        Returns:
            ``<float64>[n, K]``, NaN where there is none.
        """
        after = np.searchsorted(self.times, seconds)
        left, right = np.clip([after - 1, after], 0, len(self.times) - 1)
        gap = self.times[right] - self.times[left]
        share = (seconds - self.times[left]) / np.where(gap > 0, gap, np.nan)
        line = (
            self.values[left] * (1 - share)[:, np.newaxis]
            + self.values[right] * share[:, np.newaxis]
        )
        nearest = np.where(share > 0.5, right, left)
        distance = np.abs(seconds - self.times[nearest])[:, np.newaxis]
        met = (distance <= SAME_SECONDS) | ((distance <= rounding) & np.isnan(line))
        values: NDArray[np.float64] = np.where(met, self.values[nearest], line)
        return values


class NumberLabels(Labels):
    """Rows of ``sequence,time,<columns>``.

    Args:
        columns: names of the columns, in the order of the file.
        rows: (sequence, seconds, K values), in any order; NaN where there is no value.
        options: how the labels were read.

    Raises:
        InputError: there are no rows or columns, or two rows of a sequence have the same time.
    """

    def __init__(
        self,
        columns: Sequence[str],
        rows: Iterable[tuple[str, float, Sequence[float]]],
        options: LabelOptions,
    ):
        super().__init__(columns, columns, options)
        self._order = np.arange(len(columns))
        given: dict[str, tuple[array[float], array[float]]] = {}
        for sequence_id, time, values in rows:
            if sequence_id not in given:
                given[sequence_id] = array("d"), array("d")
            times, numbers = given[sequence_id]
            times.append(time)
            numbers.extend(values)
        if not given or not columns:
            raise InputError(f"{options.path} holds no label; expected at least one")
        self._tracks: dict[str, Track] = {}
        for sequence_id in tuple(given):
            times, numbers = given.pop(sequence_id)
            where = f"{options.path}: {shorten(sequence_id)}"
            self._tracks[sequence_id] = _track(times, numbers, len(columns), where)

    def ids(self) -> Collection[str]:
        return self._tracks.keys()

    def leave_out(self, sequence_id: str) -> None:
        del self._tracks[sequence_id]

    def check(self, info: SequenceInfo) -> None:
        require_within(self.options, info, float(self._tracks[info.sequence_id].times[-1]))

    @property
    def rows(self) -> tuple[str, ...]:
        return (NUMBERS,)

    @property
    def sayings(self) -> Sequence[Said]:
        return SAYINGS

    def spans(self, info: SequenceInfo) -> Spans:
        times, values = self._tracks[info.sequence_id]
        begin, end = lasting(info)
        known = np.asarray(np.isfinite(values).all(axis=1))
        # A row holds until the next, or for a step where there is no line to the next.
        lasts = np.minimum(np.diff(times, append=np.inf), info.step_seconds)
        lasts[:-1][known[1:]] = np.diff(times)[known[1:]]
        edges = np.stack([times, times + lasts], 1).ravel()
        said = np.stack([np.where(known, 0, -1), np.full(len(times), -1)], 1).ravel()
        return cut(
            np.concatenate([[begin], edges, [np.inf]]),
            np.concatenate([[-1], said]).astype(np.int32),
            (begin, end),
            0.0,
        )

    def end(self, sequence_id: str) -> float:
        return float(self._tracks[sequence_id].times[-1])

    def at(self, info: SequenceInfo, start: int, times: NDArray[np.float64]) -> NDArray[Any]:
        rounding = rounding_seconds(info.step_seconds)
        values = self._tracks[info.sequence_id].at(times - info.start_time, rounding)
        targets = values[:, self._order].astype(np.float32)
        targets[np.isnan(targets).any(axis=1)] = np.nan
        return targets

    def use_classes(self, classes: Iterable[str]) -> None:
        known = tuple(classes)
        if set(known) != set(self.classes):
            raise InputError(
                f"{self.options.path} has the columns {shorten(', '.join(self.classes))}, the "
                f"model was trained on {', '.join(known)}; expected the same "
                "(--ignore-label leaves a column out)"
            )
        places = {name: number for number, name in enumerate(self.classes)}
        self._order = self._order[[places[name] for name in known]]
        self.classes = known


def _track(times: "array[float]", numbers: "array[float]", columns: int, where: str) -> Track:
    """Sorts rows by time; two at the same time are refused."""
    seconds = np.frombuffer(times)
    order = np.argsort(seconds)
    seconds = seconds[order]
    if (same := np.diff(seconds) == 0).any():
        raise InputError(
            f"{where} has two rows at {seconds[same.argmax()]:.9g} s; expected one row a time"
        )
    return Track(seconds, np.frombuffer(numbers).reshape(-1, columns)[order])

"""Labels that are names with a beginning and an end.

Time is cut where one begins or ends; a step is in one segment, which shows one set of names:

    intervals    ├───── walk ─────┤
                         ├───── carry ─────┤
    segments   - │ walk  │ both   │ carry  │ -
"""

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, shorten
from preprocessing.labels.base import LabelOptions, lasting, require_within, rounding_seconds
from preprocessing.labels.named import NamedLabels, NameSets, seconds_read
from preprocessing.labels.spans import Spans, cut
from preprocessing.store.sequence_info import SequenceInfo

Interval = tuple[float, float, str]
OVERLAP_SECONDS = 1e-6


class IntervalLabels(NamedLabels):
    """Rows of ``sequence,start,end,label``; intervals may overlap only for multilabel."""

    def __init__(self, rows: Iterable[tuple[str, float, float, str]], options: LabelOptions):
        given: dict[str, list[Interval]] = {}
        for sequence_id, start, end, label in rows:
            given.setdefault(sequence_id, []).append((start, end, label))
        sets = NameSets()
        self._segments: dict[str, tuple[NDArray[np.float64], NDArray[np.int32]]] = {}
        for sequence_id, intervals in given.items():
            intervals.sort()
            if options.task != "multilabel":
                intervals = _apart(intervals, f"{options.path}: {shorten(sequence_id)}")
            self._segments[sequence_id] = _segments(intervals, sets)
        super().__init__(sets, options)

    def ids(self) -> Collection[str]:
        return self._segments.keys()

    def leave_out(self, sequence_id: str) -> None:
        del self._segments[sequence_id]

    def check(self, info: SequenceInfo) -> None:
        begins, _ = self._segments[info.sequence_id]
        require_within(self.options, info, float(begins[-1]))

    def spans(self, info: SequenceInfo) -> Spans:
        begins, numbers = self._segments[info.sequence_id]
        edges = np.append(begins, np.inf)
        return cut(edges, numbers, lasting(info), rounding_seconds(info.step_seconds))

    def end(self, sequence_id: str) -> float:
        return float(self._segments[sequence_id][0][-1])

    def shown(self, info: SequenceInfo, start: int, times: NDArray[np.float64]) -> NDArray[Any]:
        begins, numbers = self._segments[info.sequence_id]
        return numbers[np.searchsorted(begins, seconds_read(info, times), side="right") - 1]


def _apart(intervals: list[Interval], where: str) -> list[Interval]:
    """Returns the intervals, each of which ends before the next begins.

    Args:
        intervals: sorted.
        where: names the file and the sequence.

    Raises:
        InputError: two overlap by more than rounding.
    """
    for (start, end, label), (next_start, next_end, other) in pairwise(intervals):
        if next_start < end - OVERLAP_SECONDS:
            raise InputError(
                f"{where} is {shorten(label)!r} from {start} to {end} s and {shorten(other)!r} "
                f"from {next_start} to {next_end} s; labels of a classification must not "
                "overlap: say with --priority which class wins, or train --task multilabel"
            )
    ends = [*(start for start, _, _ in intervals[1:]), np.inf]
    return [
        (start, min(end, latest), label)
        for (start, end, label), latest in zip(intervals, ends, strict=True)
    ]


def _segments(
    intervals: list[Interval], sets: NameSets
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Cuts time where an interval begins or ends.

    Returns:
        ``<float64>[m]``, where each segment begins, the first before all times, the last with the
        end of the last interval; ``<int32>[m]``, numbers of the sets of names that they show.
    """
    edges = [(start, 1, label) for start, _, label in intervals]
    edges += [(end, -1, label) for _, end, label in intervals]
    current: Counter[str] = Counter()
    begins, numbers = [-np.inf], [sets.number(())]
    for time, changes in groupby(sorted(edges), key=itemgetter(0)):
        for _, change, label in changes:
            current[label] += change
        begins.append(time)
        numbers.append(sets.number(+current))
    return np.array(begins), np.array(numbers, np.int32)

"""Class names of consecutive steps, joined into intervals that meet the same steps again.

times    0.00  0.03  0.06     0.0601  0.09        the usual step is far longer than one
names    a     a     a        b       b
edges    0.00 ────────────── a ─┤├─ b ─────      where labels are read a step counts a little
                                                 later than it is; so does the edge here
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.base import rounding_seconds
from preprocessing.labels.stretches import stretches
from preprocessing.store.sequence_info import MEDIAN_STEPS, median_step

Interval = tuple[float, float, str]
SHORTEST_SECONDS = 0.01


class LabelRuns:
    """Remembers where the names of a sequence's steps change, block by block."""

    def __init__(self) -> None:
        self.last = -np.inf
        self.steps = 0
        self._begin = array("d")
        self._changes: list[tuple[float, float, str]] = []

    def add(self, times: NDArray[np.float64], names: Iterable[str]) -> None:
        """Adds steps.

        Args:
            times: ``<float64>[n]`` seconds, later than all before.
            names: n class names; empty for none.

        Raises:
            ValueError: there are more names than times, or fewer.
        """
        self._begin.extend(times[: MEDIAN_STEPS - len(self._begin)])
        named = np.array([*names], object)
        if len(named) != len(times):
            raise ValueError(f"Expected a name a step. Received: {len(named)} for {len(times)}")
        before = [self.last, *times.tolist()]
        for name, start, _ in zip(*stretches(named), strict=True):
            if not self._changes or name != self._changes[-1][2]:
                self._changes.append((before[start], before[start + 1], name))
        self.last = before[-1]
        self.steps += len(times)

    def intervals(self, start_time: float, step_seconds: float) -> Sequence[Interval]:
        """Returns the intervals of each name, in seconds from ``start_time``.

        Args:
            start_time: the second from which labels count.
            step_seconds: how long the last step lasts; 0 if that is not known.
        """
        if not self.steps:
            return []
        # Where labels are read, the usual step is the median of as many steps.
        usual = median_step(np.array(self._begin)) or step_seconds
        rounding = rounding_seconds(usual)
        edges = [_edge(change[:2], start_time, rounding) for change in self._changes]
        edges.append(self.last - start_time + (step_seconds or usual or SHORTEST_SECONDS))
        names = [name for _, _, name in self._changes]
        return list(_named(edges, names))


def _edge(between: tuple[float, float], start_time: float, rounding: float) -> float:
    """Returns the time from which the label of a step, and no longer that before, is read."""
    before, time = between
    if time - before >= 2 * rounding:
        return time - start_time
    return time - start_time + rounding - (time - before) / 2


def _named(edges: list[float], names: list[str]) -> Iterator[Interval]:
    for (start, end), name in zip(pairwise(edges), names, strict=True):
        if name and end > 0:
            yield max(start, 0.0), end, name

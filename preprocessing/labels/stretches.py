"""Stretches: neighbouring steps that have the same label.

labels   7  7  7  2  2  7
starts   0        3     5
stops             3     5  6
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Stretches(NamedTuple):
    """All stretches of some steps, in their order.

    Attributes:
        labels: ``<dtype>[M]``, the label of each; neighbours differ.
        starts, stops: ``<int64>[M]``, its first step and the one after its last.
    """

    labels: NDArray[Any]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """The number of steps of each, ``<int64>[M]``."""
        return self.stops - self.starts


def stretches(labels: NDArray[Any]) -> Stretches:
    """Cuts ``<dtype>[N]`` wherever the label changes; no steps are no stretches."""
    first = np.zeros(min(len(labels), 1), np.int64)
    starts = np.concatenate([first, np.flatnonzero(labels[1:] != labels[:-1]) + 1])
    stops = np.append(starts[1:], len(labels))[: len(starts)]
    return Stretches(labels[starts], starts, stops)


def stretches_of_blocks(blocks: Iterable[NDArray[Any]]) -> Iterator[Stretches]:
    """Cuts labels that come block by block; a stretch may go on over any number of blocks.

    Args:
        blocks: ``<dtype>[n]`` each, consecutive steps.

    Yields:
        For each block the stretches that have ended in it, and at last the one that is left.
    """
    count, last = 0, None
    for block in blocks:
        if not len(block):
            continue
        found = stretches(block)
        starts, stops, labels = found.starts + count, found.stops + count, found.labels
        if last is not None and last.labels[0] == labels[0]:
            starts[0] = last.starts[0]
        elif last is not None:
            labels = np.concatenate([last.labels, labels])
            starts = np.concatenate([last.starts, starts])
            stops = np.concatenate([last.stops, stops])
        yield Stretches(labels[:-1], starts[:-1], stops[:-1])
        last = Stretches(labels[-1:], starts[-1:], stops[-1:])
        count += len(block)
    if last is not None:
        yield last


def named_intervals(
    names: Iterable[str], times: NDArray[np.float64]
) -> Iterator[tuple[float, float, str]]:
    """Joins steps of one name into intervals.

    Args:
        names: n class names; empty for none.
        times: ``<float64>[n + 1]`` seconds; the last is the end of the last step.

    Yields:
        (start, end, name), without those that have no name.
    """
    for name, start, stop in zip(*stretches(np.array([*names], object)), strict=True):
        if name:
            yield float(times[start]), float(times[stop]), name

"""Tracks: a class each, followed through steps that come block by block.

block            0            1            2
step             0  1  2  3   4  5  6  7   8  9
a is there       0  1  1  1   1  1  0  0   1  1
bouts of a          ├──────────────┤       ├─────┤
found with                    1                  the end
"""

import numpy as np
from numpy.typing import NDArray

from trainer.bouts.bout import Bouts

Marks = NDArray[np.bool_]
Seconds = NDArray[np.float64]


class Tracks:
    """Finds the bouts in K tracks; in memory it has one block, and the bouts that go on.

    Args:
        size: K.
    """

    def __init__(self, size: int):
        self._open = np.zeros(size, np.bool_)
        self._starts, self._sums = np.zeros(size), np.zeros(size)
        self._steps = np.zeros(size, np.int64)
        self._end = 0.0

    def add(self, marks: Marks, shares: Seconds, edges: Seconds) -> Bouts:
        """Adds steps, and returns the bouts that have ended in them, track by track.

        Args:
            marks: ``<bool>[n, K]``, True where a track's class is there.
            shares: ``<float64>[n, K]``, how probable it is.
            edges: ``<float64>[n + 1]``, seconds at which the steps begin, and the last one ends.
        """
        size = len(self._open)
        # A row before the block for what goes on from the last, and one after it that ends all.
        rows = np.concatenate([self._open[None], marks, np.zeros((1, size), np.bool_)])
        changes = np.diff(rows.T.astype(np.int8), axis=1, prepend=0)
        tracks, begins = np.nonzero(changes > 0)
        stops = np.nonzero(changes < 0)[1]
        older = begins == 0
        starts = np.where(older, self._starts[tracks], edges[begins - 1])
        sums = np.concatenate([self._sums[None], np.where(marks, shares, 0.0)]).cumsum(0)
        before = np.where(older, 0.0, sums[begins - 1, tracks])
        found = sums[stops - 1, tracks] - before
        steps = stops - begins + np.where(older, self._steps[tracks] - 1, 0)
        going = stops == len(rows) - 1
        self._keep(tracks[going], starts[going], found[going], steps[going])
        self._end = float(edges[-1])
        over = ~going
        means = found[over] / steps[over]
        return Bouts(tracks[over], starts[over], edges[stops[over] - 1], means)

    def finish(self) -> Bouts:
        """Returns the bouts that last until the end."""
        (tracks,) = np.nonzero(self._open)
        ends = np.full(len(tracks), self._end)
        return Bouts(tracks, self._starts[tracks], ends, self._sums[tracks] / self._steps[tracks])

    def _keep(
        self, tracks: NDArray[np.int64], starts: Seconds, sums: Seconds, steps: NDArray[np.int64]
    ) -> None:
        """Remembers the bouts that go on.

        Args:
            tracks: ``<int64>[m]``.
            starts: ``<float64>[m]``, seconds.
            sums: ``<float64>[m]``, of how probable their steps are so far.
            steps: ``<int64>[m]``, how many these are.
        """
        self._open[:] = False
        self._open[tracks] = True
        self._starts[tracks], self._sums[tracks], self._steps[tracks] = starts, sums, steps

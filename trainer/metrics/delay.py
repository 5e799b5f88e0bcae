"""Delays from a true change until the new class is first named, in bounded memory."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.segmental import IntArray, segments

SHARES = {"median": 0.5, "p90": 0.9}


@dataclass
class Delays:
    """Counts changes by their delay, in milliseconds.

    A change is the first step of a segment that follows another one directly: not the beginning of
    a sequence, nor what comes after steps without a label. It is noticed if its class is named
    within the segment; the delay is the time from its first step to the first that is named
    rightly, 0 if that is the same. Few delays differ: n different ones need some n² steps.

    Attributes:
        counts: the number of changes with each delay.
        changes: the number of all changes.
        waited: steps of segments after changes before their class was named, or all of them.
        steps: all steps of these segments.
    """

    counts: Counter[int] = field(default_factory=Counter)
    changes: int = 0
    waited: int = 0
    steps: int = 0

    def add(self, true: IntArray, predicted: IntArray, times: NDArray[np.float64]) -> None:
        """Counts one sequence.

        Args:
            true: ``<int>[N]``, negative where there is no label.
            predicted: ``<int>[N]``.
            times: ``<float64>[N]``, seconds.
        """
        truth = segments(true)
        changes = truth.changes()
        starts, stops = truth.starts[changes], truth.stops[changes]
        right = np.flatnonzero(true == predicted)
        first = np.append(right, len(true))[np.searchsorted(right, starts)]
        noticed = first < stops
        delays = times[first[noticed]] - times[starts[noticed]]
        self.counts.update(np.round(1000 * delays).astype(int).tolist())
        self.changes += len(changes)
        self.waited += int((np.minimum(first, stops) - starts).sum())
        self.steps += int((stops - starts).sum())

    def result(self) -> dict[str, Any]:
        """Returns ``delay`` of metrics.json: seconds, of the changes that were noticed.

        ``median`` and ``p90`` are the shortest delay that a half, or nine tenths, do not exceed;
        ``late`` is the share of the segments after changes that passed before they were noticed.
        """
        values = sorted(self.counts)
        totals = np.cumsum([self.counts[value] for value in values])
        noticed = int(self.counts.total())
        found = {
            name: values[int(np.searchsorted(totals, share * noticed))] / 1000 if values else None
            for name, share in SHARES.items()
        }
        late = self.waited / self.steps if self.steps else None
        return {**found, "changes": self.changes, "noticed": noticed, "late": late}

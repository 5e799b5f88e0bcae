"""Bouts: stretches of time in which a class is shown without a break.

answers   a  a  a  b  b  -  b  b      - no label, which ends what lies before it
seconds   0  1  2  3  4  5  6  7  8
bouts     ├── a ──┤├ b ─┤   ├ b ─┤
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TRUTH, PREDICTION = "truth", "prediction"


class Bouts(NamedTuple):
    """The bouts of a sequence by one source, in the order of their beginnings.

    Attributes:
        classes: ``<int64>[M]``, the class of each.
        starts: ``<float64>[M]``, seconds at which it begins, counted as labels are.
        ends: ``<float64>[M]``, seconds at which it is over.
        confidences: ``<float64>[M]``, the mean probability of its class over its steps; NaN where
            there are no probabilities, as for the truth.
    """

    classes: NDArray[np.int64]
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    confidences: NDArray[np.float64]

    @property
    def durations(self) -> NDArray[np.float64]:
        """The seconds that each lasts, ``<float64>[M]``."""
        return self.ends - self.starts

    def only(self, kept: NDArray[Any]) -> "Bouts":
        """Returns some of them.

        Args:
            kept: their numbers, or ``<bool>[M]``.
        """
        classes, starts, ends, confidences = self
        return Bouts(classes[kept], starts[kept], ends[kept], confidences[kept])


class Observed(NamedTuple):
    """All that one source says of a sequence.

    Attributes:
        bouts: the bouts of its classes.
        known: the stretches of time of which it says anything, also that no class is there, with
            class 0 throughout.
        begin, end: seconds, where answers to the sequence begin and end.
    """

    bouts: Bouts
    known: Bouts
    begin: float
    end: float


def in_order(bouts: Bouts) -> Bouts:
    """Sorts bouts by their beginnings, then by class; those that last no time are left out."""
    kept = np.flatnonzero(bouts.starts < bouts.ends)
    kept = kept[np.lexsort((bouts.classes[kept], bouts.starts[kept]))]
    return bouts.only(kept)


def joined(parts: list[Bouts]) -> Bouts:
    """Puts bouts after one another; there must be some, be they empty."""
    return Bouts(*map(np.concatenate, zip(*parts, strict=True)))

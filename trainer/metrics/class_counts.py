"""Precision, recall, F1 and Jaccard index of classes, computed from counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.spread import mean

SHARES = ("precision", "recall", "f1", "jaccard")
# What each step counts for, ``<int64>[N]``, such as the microseconds that it lasts.
Durations = NDArray[np.int64]


@dataclass(frozen=True)
class ClassCounts:
    """The numbers of steps of each class, all ``<int64>[C]``.

    Attributes:
        found: steps of the class that are predicted as such.
        invented: steps predicted as the class that are not of it.
        missed: steps of the class that are not predicted as such.
    """

    found: NDArray[np.int64]
    invented: NDArray[np.int64]
    missed: NDArray[np.int64]

    def __add__(self, other: "ClassCounts") -> "ClassCounts":
        """Adds up the counts of both."""
        return ClassCounts(
            self.found + other.found, self.invented + other.invented, self.missed + other.missed
        )

    def rows(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Returns ``per_class`` of metrics.json: the shares of each class, and its steps.

        As scikit-learn defines them (``precision_recall_fscore_support`` and ``jaccard_score``):
        the precision of a class that is never predicted is 0. All are None for a class that the
        truth lacks; ``predicted`` says how often it was named all the same.
        """
        counts = zip(names, self.found, self.invented, self.missed, strict=True)
        return {name: _row(*map(int, found)) for name, *found in counts}


def macro(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    """Averages each share over the classes that occur in the truth."""
    return {share: mean(row[share] for row in rows.values()) for share in SHARES}


def f1(found: int, invented: int, missed: int) -> float | None:
    """Returns the harmonic mean of precision and recall; None if the class never occurs.

    Args:
        found: steps of the class that are predicted as such.
        invented: steps predicted as the class that are not of it.
        missed: steps of the class that are not predicted as such.
    """
    counted = 2 * found + invented + missed
    return 2 * found / counted if counted else None


def _row(found: int, invented: int, missed: int) -> dict[str, Any]:
    steps, predicted = found + missed, found + invented
    if not steps:
        return {**dict.fromkeys(SHARES), "steps": 0, "predicted": predicted}
    return {
        "precision": found / max(predicted, 1),
        "recall": found / steps,
        "f1": f1(found, invented, missed),
        "jaccard": found / (steps + invented),
        "steps": steps,
        "predicted": predicted,
    }

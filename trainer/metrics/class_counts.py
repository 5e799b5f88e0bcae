"""Precision, recall, F1 and Jaccard index of classes, from what was counted of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.spread import mean

SHARES = ("precision", "recall", "f1", "jaccard")


@dataclass(frozen=True)
class ClassCounts:
    """Steps of each class, all ``<int64>[C]``.

    Attributes:
        found: of the class, and said to be.
        invented: said to be of the class, and not.
        missed: of the class, and not said to be.
    """

    found: NDArray[np.int64]
    invented: NDArray[np.int64]
    missed: NDArray[np.int64]

    def __add__(self, other: "ClassCounts") -> "ClassCounts":
        """Of the steps of both."""
        return ClassCounts(
            self.found + other.found, self.invented + other.invented, self.missed + other.missed
        )

    def rows(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What stands under ``per_class``: the shares of each class, and its number of steps.

        As scikit-learn defines them (``precision_recall_fscore_support`` and ``jaccard_score``):
        a share of nothing is 0. All are None for a class neither in the truth nor predicted.
        """
        counts = zip(names, self.found, self.invented, self.missed, strict=True)
        return {name: _row(*map(int, found)) for name, *found in counts}


def macro(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, float | None]:
    """The mean of each share over the classes that occur in truth or prediction."""
    return {share: mean(row[share] for row in rows.values()) for share in SHARES}


def f1(found: int, invented: int, missed: int) -> float | None:
    """Harmonic mean of precision and recall; None where there is nothing to find or found."""
    counted = 2 * found + invented + missed
    return 2 * found / counted if counted else None


def _row(found: int, invented: int, missed: int) -> dict[str, Any]:
    steps = found + missed
    if not steps + invented:
        return {**dict.fromkeys(SHARES), "steps": 0}
    return {
        "precision": found / max(found + invented, 1),
        "recall": found / max(steps, 1),
        "f1": f1(found, invented, missed),
        "jaccard": found / (steps + invented),
        "steps": steps,
    }

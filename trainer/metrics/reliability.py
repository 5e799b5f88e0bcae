"""Reliability: how often answers are right, by how sure they are, in bounded memory."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 15


def _nothing() -> NDArray[np.float64]:
    return np.zeros((3, BINS))


@dataclass
class Reliability:
    """Counts answers in bins of equal width by how sure they are.

    Guo, Pleiss, Sun and Weinberger 2017, "On Calibration of Modern Neural Networks", section 2,
    with their 15 bins; a bin holds its upper edge.

    Attributes:
        sums: ``<float64>[3, BINS]``: answers, what they were sure of added up, right answers.
    """

    sums: NDArray[np.float64] = field(default_factory=_nothing)

    def add(
        self,
        sure: NDArray[np.floating[Any]],
        right: NDArray[np.bool_],
        durations: NDArray[np.int64] | None = None,
    ) -> None:
        """Counts answers.

        Args:
            sure: ``<float>[n]``, the probability that each is right, by the model.
            right: ``<bool>[n]``, True for those that are.
            durations: what each counts for; None for 1 each.
        """
        weights = np.ones(len(sure)) if durations is None else durations.astype(np.float64)
        sure = np.clip(sure, 0, 1).astype(np.float64)
        places = np.clip(np.ceil(sure * BINS).astype(np.int64) - 1, 0, BINS - 1)
        parts = (weights, weights * sure, weights * right)
        self.sums += [np.bincount(places, part, BINS) for part in parts]

    @property
    def steps(self) -> int:
        """The number of answers, or what they count for."""
        return int(self.sums[0].sum())

    @property
    def error(self) -> float | None:
        """The expected calibration error (equation 3): by how much the two differ, on average.

        None if nothing was counted.
        """
        count, sure, right = self.sums
        return float(np.abs(sure - right).sum() / count.sum()) if count.any() else None

    def rows(self) -> list[dict[str, int | float | None]]:
        """Returns a row for each bin: its edges, its steps, how sure they were, how often right."""
        return [
            {
                "from": number / BINS,
                "to": (number + 1) / BINS,
                "steps": int(count),
                "sure": float(sure / count) if count else None,
                "right": float(right / count) if count else None,
            }
            for number, (count, sure, right) in enumerate(self.sums.T)
        ]


def add_probabilities(
    reliability: Reliability,
    probabilities: NDArray[np.floating[Any]],
    true: NDArray[Any],
    durations: NDArray[np.int64] | None = None,
) -> None:
    """Counts the answers to labelled steps.

    An answer of a classification is the class that is named; where any number of classes may be
    there, each class is an answer of its own: that it is there.

    Args:
        reliability: is added to.
        probabilities: ``<float>[n, C]``.
        true: ``<int>[n]``, the class, or ``<int>[n, C]`` of 0 and 1.
        durations: ``<int64>[n]``, what each step counts for; None for 1 each.
    """
    if true.ndim == 1:
        named = probabilities.argmax(-1)
        sure = np.take_along_axis(probabilities, named[:, None], -1)[:, 0]
        reliability.add(sure, named == true, durations)
        return
    each = None if durations is None else np.repeat(durations, true.shape[1])
    reliability.add(probabilities.ravel(), true.ravel() == 1, each)

"""Mean and variance of features in one streaming pass."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.sequence_file import SequenceInfo
from preprocessing.store import FeatureStore

BLOCK_STEPS = 1024


@dataclass(frozen=True)
class Moments:
    """Of each feature over all steps seen.

    Attributes:
        count: steps.
        mean: ``<float64>[F]``.
        squares: ``<float64>[F]``, summed squared differences from the mean.
    """

    count: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, block: NDArray[Any]) -> "Moments":
        """Of ``<float>[n, F]``."""
        values = block.astype("float64")
        mean = values.mean(0)
        return cls(len(values), mean, ((values - mean) ** 2).sum(0))

    def __add__(self, other: "Moments") -> "Moments":
        """Of both together (Chan, Golub and LeVeque 1979, equations 2.1)."""
        count = self.count + other.count
        delta = other.mean - self.mean
        mean = self.mean + delta * (other.count / count)
        squares = self.squares + other.squares + delta**2 * (self.count * other.count / count)
        return Moments(count, mean, squares)

    @property
    def variance(self) -> NDArray[np.float64]:
        """``<float64>[F]``; 1 for a feature that never changes, so that it is not blown up."""
        variance = self.squares / self.count
        return np.where(variance > 0, variance, 1.0)


def learn_moments(store: FeatureStore, infos: Iterable[SequenceInfo]) -> Moments:
    """Reads sequences block by block.

    Raises:
        InputError: a feature is not finite.
    """
    total: Moments | None = None
    for info in infos:
        for start in range(0, info.steps, BLOCK_STEPS):
            stop = min(start + BLOCK_STEPS, info.steps)
            block = Moments.of(store.features(info.sequence_id, start, stop))
            total = block if total is None else total + block
    if total is None:
        raise ValueError("Moments need at least one sequence. Received: none")
    return total

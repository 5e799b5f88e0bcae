"""Means and deviations of columns, learned in one pass over sequences of any length."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.base import labelled
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo

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

    def together(self, total: Callable[[Any], NDArray[np.float64]]) -> "Moments":
        """Of all processes; ``total`` adds up what each has of ``<float64>[n]``."""
        count, *sums = total([self.count, *(self.count * self.mean)])
        mean = np.array(sums) / count
        return Moments(int(count), mean, total(self.squares + self.count * (self.mean - mean) ** 2))

    @property
    def variance(self) -> NDArray[np.float64]:
        """``<float64>[F]``; 1 for a feature that never changes, so that it is not blown up."""
        variance = self.squares / self.count
        return np.where(variance > 0, variance, 1.0)


def learn_moments(store: FeatureStore, infos: Iterable[SequenceInfo]) -> Moments:
    """Of features; reads sequences block by block.

    Raises:
        InputError: a feature is not finite.
    """
    return total_moments(
        store.features(info.sequence_id, start, min(start + BLOCK_STEPS, info.steps))
        for info in infos
        for start in range(0, info.steps, BLOCK_STEPS)
    )


def learn_target_moments(targets: Iterable[NDArray[Any]]) -> Moments:
    """Of the labelled steps among blocks of targets ``<float32>[n, C]``."""
    return total_moments(block[labelled(block)] for block in targets)


def total_moments(blocks: Iterable[NDArray[Any]]) -> Moments:
    """Of all rows of all blocks."""
    total: Moments | None = None
    for block in blocks:
        if len(block):
            moments = Moments.of(block)
            total = moments if total is None else total + moments
    if total is None:
        raise ValueError("Moments need at least one step. Received: none")
    return total

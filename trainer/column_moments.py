"""Means and deviations of columns, learned in one pass over sequences of any length."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.base import labelled

BLOCK_STEPS = 1024


@dataclass(frozen=True)
class Moments:
    """Mean and deviation of each column over all steps seen.

    Attributes:
        count: the number of steps.
        mean: ``<float64>[F]``.
        squares: ``<float64>[F]``, summed squared differences from the mean.
    """

    count: int
    mean: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def of(cls, block: NDArray[Any], weights: NDArray[np.int64] | None = None) -> "Moments":
        """Computes the moments of steps.

        Args:
            block: ``<float>[n, F]``.
            weights: ``<int64>[n]``, how often each step counts; None for once each.
        """
        values = block.astype("float64")
        mean = np.average(values, 0, weights)
        squares = (values - mean) ** 2
        if weights is not None:
            return cls(int(weights.sum()), mean, weights @ squares)
        return cls(len(values), mean, squares.sum(0))

    def __add__(self, other: "Moments") -> "Moments":
        """Joins the moments of two sets of steps (Chan, Golub and LeVeque 1979, equations 2.1)."""
        count = self.count + other.count
        delta = other.mean - self.mean
        mean = self.mean + delta * (other.count / count)
        squares = self.squares + other.squares + delta**2 * (self.count * other.count / count)
        return Moments(count, mean, squares)

    def together(self, total: Callable[[Any], NDArray[np.float64]]) -> "Moments":
        """Joins the moments of all processes; ``total`` adds ``<float64>[n]`` up over processes."""
        count, *sums = total([self.count, *(self.count * self.mean)])
        mean = np.array(sums) / count
        return Moments(int(count), mean, total(self.squares + self.count * (self.mean - mean) ** 2))

    @property
    def variance(self) -> NDArray[np.float64]:
        """The variance ``<float64>[F]``; 1 for a constant feature, so that it is not blown up."""
        variance = self.squares / self.count
        return np.where(variance > 0, variance, 1.0)


def learn_target_moments(targets: Iterable[NDArray[Any]]) -> Moments:
    """Computes the moments of the labelled steps in blocks of targets ``<float32>[n, C]``."""
    return total_moments(block[labelled(block)] for block in targets)


def total_moments(blocks: Iterable[NDArray[Any]]) -> Moments:
    """Computes the moments of all rows of all blocks."""
    total: Moments | None = None
    for block in blocks:
        if len(block):
            moments = Moments.of(block)
            total = moments if total is None else total + moments
    if total is None:
        raise ValueError("Moments need at least one step. Received: none")
    return total

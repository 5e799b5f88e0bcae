"""Features in units of their deviation: learned in a streaming pass, applied inside the model.

    train      z_t = (x_t - m) / s                     m, s of the training split
    running    z_t = (x_t - m_t) / s_t                 m_t, s_t of this sequence up to t, in which
                                                       m and s count for k steps ("shrinkage")

Running moments are sums over the steps since the reset, handed on in the carry, so that they are
those of the whole sequence wherever it is cut:

    n_t = n + 1,   S_t = S + z_t,   Q_t = Q + z_t^2    with z_t = (x_t - m) / s
    mean_t = S_t / (n_t + k),   variance_t = (Q_t + k) / (n_t + k) - mean_t^2

which is the posterior mean of a normal distribution's moments under a prior worth k steps (Gelman
et al. 2013, "Bayesian data analysis", section 3.3, without its correction of degrees of freedom).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.base import labelled
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo

BLOCK_STEPS = 1024
SMALLEST_VARIANCE = 1e-4  # Of a sequence, in units of the training split's.


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


def scale(x: Any, mean: NDArray[Any], variance: NDArray[Any]) -> Any:
    """A layer that takes the mean away and divides by the deviation, in float32."""
    import keras

    return keras.layers.Normalization(
        mean=mean.astype("float32").tolist(),
        variance=variance.astype("float32").tolist(),
        dtype="float32",
        name="normalize",
    )(x)


def scale_by_sequence(z: Any, shrinkage: int) -> tuple[Any, list[Any], list[Any]]:
    """Layers that normalise by the running moments of the sequence.

    Args:
        z: ``<float32>[B, T, F]``, normalised by the training split.
        shrinkage: k.

    Returns:
        ``<float32>[B, T, F]``, and the carry in and out: ``count [B, 1]``, ``sum [B, F]``,
        ``square_sum [B, F]``.
    """
    import keras
    from keras import ops

    size = z.shape[-1]
    carry = [
        keras.Input((width,), name=name, dtype="float32")
        for name, width in (("count", 1), ("sum", size), ("square_sum", size))
    ]
    steps = (ops.ones_like(z[..., :1]), z, ops.square(z))
    # In this order: Keras takes what is added second for a bias if all of it lies along one axis as
    # long as the second axis of the first, which [B, 1, 1] does where B is T.
    count, total, squares = (
        before[:, None, :] + ops.cumsum(step, axis=1)
        for step, before in zip(steps, carry, strict=True)
    )
    weight = count + float(shrinkage)
    mean = total / weight
    variance = (squares + float(shrinkage)) / weight - ops.square(mean)
    deviation = ops.sqrt(ops.maximum(variance, SMALLEST_VARIANCE))
    after = [state[:, -1, :] for state in (count, total, squares)]
    return (z - mean) / deviation, carry, after

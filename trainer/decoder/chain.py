"""The scores of a course: a chain of stages for each class, so that durations stay Viterbi.

    class a   [ ]─▶[ ]─▶[ ]─▶          a step stays in its stage, or goes on to the next
                             ╲
    class b             [ ]─▶ ...      from the last stage into the first of another class

D stages that are each left with probability q at a step last D/q steps in the mean, with a variance
of D(1 - q)/q^2: a negative binomial, of which one stage is the geometric of a plain Markov model.
By moments, D = 1 / (variation + 1/mean) (Rabiner 1989, "A tutorial on hidden Markov models",
section IV.D, has other ways). A class with fewer stages than others has the last of them.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.decoder.counts import Counts, Floats
from trainer.decoder.weights import Weights

MOST_STAGES = 8
# The score of what cannot be; finite, so that states can be checked to be so.
NEVER = -1e30
# Float32 probabilities know no difference below; no single answer rules a class out.
LEAST = 1e-7
MOST_LEAVING = 0.999


class Chain(NamedTuple):
    """Logarithms of the probabilities of C classes with up to D stages.

    Attributes:
        begin: ``<float64>[C]``, that a sequence begins with a class.
        change: ``<float64>[C, C]``, that the second comes after the first.
        stay: ``<float64>[C]``, that a step is in the stage of the one before.
        leave: ``<float64>[C]``, that it is in the next, or in another class after the last.
        first: ``<bool>[C, D]``, the stage in which a class begins.
    """

    begin: Floats
    change: Floats
    stay: Floats
    leave: Floats
    first: NDArray[np.bool_]


class Emission(NamedTuple):
    """The scores of classes by the answer of one step.

    Attributes:
        weight: what it weighs.
        prior: ``<float64>[C]``, what is taken from the logarithm of a probability.
    """

    weight: float
    prior: Floats

    def __call__(self, probabilities: NDArray[np.float32]) -> Floats:
        """Returns the score of each class, ``<float64>[n, C]``, for ``<float>[n, C]``."""
        likely = np.maximum(np.asarray(probabilities, np.float64), LEAST)
        scores: Floats = self.weight * (np.log(likely) - self.prior)
        return scores


def emission(counts: Counts, weights: Weights) -> Emission:
    """Makes the scores of single answers.

    Each class counts as if it had been shown for one more stretch, so that one that never was is
    not all the likelier for it.

    Args:
        counts: of the training split.
        weights: of the decoder.
    """
    seconds = counts.seconds + counts.mean
    return Emission(weights.emission, weights.prior * np.log(seconds / seconds.sum()))


def chain(counts: Counts, rate: float, durations: bool) -> Chain:
    """Makes the scores of courses; a class follows any other as if once in all more had been seen.

    Args:
        counts: of the training split.
        rate: steps a second.
        durations: whether classes last as counted; otherwise each has one stage.
    """
    size = len(counts.seconds)
    steps = np.maximum(counts.mean * rate, 1.0)
    stages = np.ones(size, np.int64)
    if durations:
        wanted = np.round(1.0 / (counts.variation + 1.0 / steps)).astype(np.int64)
        stages = np.minimum(np.clip(wanted, 1, MOST_STAGES), steps.astype(np.int64))
    leaving = np.minimum(stages / steps, MOST_LEAVING)
    others = ~np.eye(size, dtype=bool)
    follows = np.where(others, counts.follows + 1.0 / max(size - 1, 1), 0.0)
    shares = np.where(others, follows / np.maximum(follows.sum(1, keepdims=True), 1.0), 1.0)
    change = np.where(others, np.log(shares), NEVER)
    begins = counts.begins + 1.0 / size
    deepest = int(stages.max())
    return Chain(
        np.log(begins / begins.sum()),
        change,
        np.log1p(-leaving),
        np.log(leaving),
        np.arange(deepest) == (deepest - stages)[:, None],
    )

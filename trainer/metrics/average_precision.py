"""Average precision: how well scores rank the steps of a class, in bounded memory."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# Of a float32 the exponent and 14 significant bits are kept: of p below a half, of 1 - p above.
DROPPED_BITS = 10
HALF = 0x3F000000 >> DROPPED_BITS
# 1 - p is a whole number of 2^-24 where p is a half or more, so nothing but 0 is below that.
LEAST = 0x33800000 >> DROPPED_BITS
SCORES = HALF + (HALF - LEAST + 1) + 1


def ranks(scores: NDArray[np.float32]) -> NDArray[np.intp]:
    """Returns the places of scores among ``SCORES`` bins, which are as fine near 1 as near 0.

    A higher score never has a lower place. Models that are sure answer within 2^-14 of 1, where
    the first bits of p itself are all the same.

    Args:
        scores: ``<float32>[N]``, 0 to 1.
    """
    low = np.clip(scores, 0, 1).astype(np.float32)
    high = np.float32(1) - low
    above = HALF + HALF - np.maximum(_kept(high), LEAST - 1)
    return np.where(low < 0.5, _kept(np.abs(low)), above)


def _kept(values: NDArray[np.float32]) -> NDArray[np.intp]:
    return (values.view(np.uint32) >> DROPPED_BITS).astype(np.intp)


@dataclass
class RankedScores:
    """Counts the steps of one class, and all others, at each score.

    Any number of steps takes the same memory, since scores are told apart by 14 significant bits
    only, see ``ranks``. Steps in the same bin are counted together.

    Attributes:
        hits: ``<int64>[SCORES]``, steps of the class in each bin.
        misses: ``<int64>[SCORES]``, other steps in each bin.
        positives: the number of steps of the class.
        negatives: the number of all others.
    """

    hits: NDArray[np.int64] = field(default_factory=lambda: np.zeros(SCORES, np.int64))
    misses: NDArray[np.int64] = field(default_factory=lambda: np.zeros(SCORES, np.int64))
    positives: int = 0
    negatives: int = 0

    def add(
        self,
        hits: NDArray[np.bool_],
        scores: NDArray[np.float32],
        durations: NDArray[np.int64] | None = None,
    ) -> None:
        """Counts steps.

        Args:
            hits: ``<bool>[N]``, True for steps of the class.
            scores: ``<float32>[N]``, 0 to 1.
            durations: what each step counts for; None for 1 each.
        """
        places = ranks(scores)
        weights = np.ones(len(hits), np.int64) if durations is None else durations
        positives = int(weights[hits].sum())
        self.positives += positives
        self.negatives += int(weights.sum()) - positives
        np.add.at(self.hits, places[hits], weights[hits])
        np.add.at(self.misses, places[~hits], weights[~hits])

    @property
    def average_precision(self) -> float | None:
        """The mean of precision at each hit, in the order of scores, without interpolation.

        The definition of scikit-learn's ``average_precision_score``. None if no step is of the
        class, or all are: then there is nothing to rank.
        """
        return self._mean_precision(1.0) if self.positives and self.negatives else None

    @property
    def calibrated_average_precision(self) -> float | None:
        """The same, as if there were as many steps of the class as others.

        De Geest et al. 2016, "Online action detection", section 5: precision is TP / (TP + FP / w),
        w being the ratio of negative to positive steps; so a frequent class is not easier than a
        rare one. None if no step is of the class, or all are.
        """
        if not self.positives or not self.negatives:
            return None
        return self._mean_precision(self.positives / self.negatives)

    def _mean_precision(self, weight: float) -> float:
        """Returns the mean of precision over hits, where each miss counts ``weight`` times."""
        seen = np.flatnonzero(self.hits | self.misses)[::-1]
        hits = self.hits[seen]
        right, wrong = np.cumsum(hits), np.cumsum(self.misses[seen])
        found = hits > 0
        precision = right[found] / (right[found] + wrong[found] * weight)
        return float((precision * hits[found]).sum() / self.positives)

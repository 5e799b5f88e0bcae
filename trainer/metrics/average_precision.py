"""How well scores rank the steps of a class before the others, in bounded memory."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

# Of a float32 between 0 and 1, the exponent and 13 significant bits are kept.
DROPPED_BITS = 10
SCORES = (0x3F800000 >> DROPPED_BITS) + 1


@dataclass
class RankedScores:
    """Counts the steps of one class, and all others, at each score.

    Any number of steps takes the same memory, since scores are told apart by their first 13
    significant bits only. Steps with the same score are taken in together.
    """

    hits: NDArray[np.int64] = field(default_factory=lambda: np.zeros(SCORES, np.int64))
    misses: NDArray[np.int64] = field(default_factory=lambda: np.zeros(SCORES, np.int64))

    def add(self, hits: NDArray[np.bool_], scores: NDArray[np.float32]) -> None:
        """Counts steps.

        Args:
            hits: ``<bool>[N]``, whether a step is of the class.
            scores: ``<float32>[N]``, 0 to 1.
        """
        ranks = np.ascontiguousarray(scores).view(np.uint32) >> DROPPED_BITS
        np.add.at(self.hits, ranks[hits], 1)
        np.add.at(self.misses, ranks[~hits], 1)

    @property
    def average_precision(self) -> float | None:
        """The mean of precision at each hit, in the order of scores, without interpolation.

        scikit-learn's ``average_precision_score``, given the number of hits and misses at each
        score. None if no step is of the class.
        """
        from sklearn.metrics import average_precision_score

        if not self.hits.any():
            return None
        counts = np.concatenate([self.hits, self.misses])
        seen = counts > 0
        return float(
            average_precision_score(
                np.repeat([True, False], SCORES)[seen],
                np.tile(np.arange(SCORES), 2)[seen],
                sample_weight=counts[seen],
            )
        )

    @property
    def calibrated_average_precision(self) -> float | None:
        """The same, as if there were as many steps of the class as others.

        De Geest et al. 2016, "Online action detection", section 5: precision is TP / (TP + FP / w),
        w being the ratio of negative to positive steps; so a frequent class is not easier than a
        rare one. None if no step is of the class, 1 if all are.
        """
        positives, negatives = int(self.hits.sum()), int(self.misses.sum())
        if not positives:
            return None
        if not negatives:
            return 1.0
        seen = np.flatnonzero(self.hits + self.misses)[::-1]
        hits = self.hits[seen]
        right, wrong = np.cumsum(hits), np.cumsum(self.misses[seen])
        found = hits > 0
        precision = right[found] / (right[found] + wrong[found] * (positives / negatives))
        return float((precision * hits[found]).sum() / positives)

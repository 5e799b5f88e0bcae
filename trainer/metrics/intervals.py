"""Intervals from draws: expanded percentiles.

The middle 95 % of bootstrap samples (Efron and Tibshirani 1993, chapter 13) hold the truth too
rarely where few sequences were drawn from: of n, a draw spreads by sqrt((n - 1) / n) too little,
and how much sequences differ is itself not known well from n. So more of the draws lie in an
interval, as many as a normal variable has within t sqrt(n / (n - 1)) deviations, t being Student's
quantile with n - 1 degrees of freedom (Hesterberg 2015, "What teachers should know about the
bootstrap", The American Statistician 69, expanded percentiles). For a mean that is the t interval.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from trainer.metrics.student import student_quantile
from trainer.metrics.tallies import Floats

Interval = list[float] | None


@dataclass(frozen=True)
class Drawn:
    """One figure in all draws.

    Attributes:
        units: the number of sequences, or groups of them, that were drawn from.
        values: ``<float64>[R]``, NaN where nothing can be counted.
    """

    units: int
    values: Floats

    def __sub__(self, other: "Drawn") -> "Drawn":
        """Returns the difference of two figures of the same draws."""
        return Drawn(self.units, self.values - other.values)

    def interval(self, level: float) -> Interval:
        """Returns the limits of the figure; None if it is known in no draw."""
        known = self.values[~np.isnan(self.values)]
        if not len(known):
            return None
        shares = expanded_shares(level, self.units)
        return [float(edge) for edge in np.quantile(known, shares)]


def expanded_shares(level: float, units: int) -> tuple[float, float]:
    """Returns the shares of the draws below the lower and the upper limit.

    Args:
        level: the share of intervals that are to hold the truth.
        units: how many were drawn from, two or more.

    Examples:
        >>> [round(share, 4) for share in expanded_shares(0.95, 10)]
        [0.0086, 0.9914]
    """
    limit = math.sqrt(units / (units - 1)) * student_quantile(level, units - 1)
    outside = NormalDist().cdf(-limit)
    return outside, 1 - outside

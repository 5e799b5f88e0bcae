"""Chance in training: figures of the same training with other seeds."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from trainer.metrics.intervals import Interval
from trainer.metrics.spread import spread
from trainer.metrics.student import student_quantile


def over_seeds(several: Sequence[Mapping[str, Any]], names: Iterable[str]) -> dict[str, Any]:
    """Returns ``seeds`` of metrics.json: mean, deviation (n - 1) and values of each figure.

    Args:
        several: the figures of each seed.
        names: the figures.
    """
    return {
        name: {**spread(values), "values": values}
        for name in names
        for values in [[figures[name] for figures in several]]
    }


def welch_interval(one: Sequence[Any], other: Sequence[Any], level: float = 0.95) -> Interval:
    """Returns the limits of how much larger the second mean is, by the spread over seeds alone.

    With means m, deviations s (n - 1) and n values each, the limits are

        m2 - m1 -+ t sqrt(s1² / n1 + s2² / n2)

    t being Student's quantile with the degrees of freedom

        (s1² / n1 + s2² / n2)² / ((s1² / n1)² / (n1 - 1) + (s2² / n2)² / (n2 - 1))

    (Welch 1947, "The generalization of 'Student's' problem when several different population
    variances are involved", Biometrika 34). Both may have other deviations and other numbers.

    Args:
        one: the values of a figure for each seed.
        other: those of what is compared with it.
        level: the share of intervals that are to hold the truth.

    Returns:
        The limits, or None if one side has fewer than two seeds, a seed no value, or nothing
        differs from seed to seed, as in few steps: then these seeds tell nothing of others.
    """
    if min(len(one), len(other)) < 2 or None in (*one, *other):
        return None
    difference = float(np.mean(other) - np.mean(one))
    parts = [float(np.var(values, ddof=1)) / len(values) for values in (one, other)]
    both = sum(parts)
    if np.ptp(one) == np.ptp(other) == 0:  # Of equal values, rounding may leave a variance.
        return None
    # By shares of the sum, since squares of tiny variances would be 0.
    counts = (len(one), len(other))
    shares = sum((part / both) ** 2 / (n - 1) for part, n in zip(parts, counts, strict=True))
    reach = student_quantile(level, 1 / shares) * math.sqrt(both)
    return [difference - reach, difference + reach]


def leaves_out_zero(interval: Interval) -> bool:
    """Returns True if an interval is known and all of it lies on one side of 0."""
    return interval is not None and (interval[0] > 0 or interval[1] < 0)

"""Durations of stretches, some of which were seen whole and some cut."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# A class has been seen so many stretches more, as if each lasted as chance has it.
SUPPOSED = 2.0


def moments(seconds: Floats, cut: NDArray[np.bool_]) -> tuple[float, float]:
    """Returns mean and variance of durations; what was cut lasted at least so long.

    By the product-limit estimate (Kaplan and Meier 1958, "Nonparametric estimation from incomplete
    observations"): of all stretches that last as long as a whole one did, the share that ends then.
    What is left of all is taken to end with the longest. Without a whole one, all are.

    Args:
        seconds: ``<float64>[n]``, at least one.
        cut: ``<bool>[n]``, whether more of it was not seen.
    """
    whole = ~cut if not cut.all() else np.ones(len(cut), bool)
    times = np.unique(seconds)
    ended = np.bincount(np.searchsorted(times, seconds[whole]), minlength=len(times))
    lasting = len(seconds) - np.searchsorted(np.sort(seconds), times)
    lived = np.cumprod(1.0 - ended / lasting)
    lived[-1] = 0.0
    shares = -np.diff(lived, prepend=1.0)
    mean = float(shares @ times)
    return mean, max(float(shares @ times**2) - mean**2, 0.0)


def smoothed(means: Floats, variances: Floats, stretches: NDArray[np.int64]) -> tuple[Floats, ...]:
    """Pulls what few stretches say towards what is usual.

    The mean of a class goes towards that of all, as if by one stretch more, in logarithms, since
    classes last from moments to hours; its variation goes towards 1, that of a course whose end is
    as likely at any time.

    Args:
        means: ``<float64>[C]`` seconds; any for a class without stretches.
        variances: ``<float64>[C]``.
        stretches: ``<int64>[C]``, not all 0.

    Returns:
        Means in seconds, and variations, variance / mean^2, ``<float64>[C]`` each.
    """
    seen = stretches > 0
    logs = np.log(np.where(seen, means, 1.0))
    usual = (stretches @ logs) / stretches.sum()
    variations = np.where(seen, variances / np.where(seen, means, 1.0) ** 2, 1.0)
    return (
        np.exp((stretches * logs + usual) / (stretches + 1.0)),
        (stretches * variations + SUPPOSED) / (stretches + SUPPOSED),
    )

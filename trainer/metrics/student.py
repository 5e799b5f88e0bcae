"""Student's t-distribution, as far as intervals need it."""

import math

import numpy as np

# Beyond so many deviations nothing is left that counts; up to there, places of the integral.
FARTHEST, PLACES = 12.0, 20_001


def student_quantile(level: float, freedom: float) -> float:
    """Returns the t that a variable exceeds, in size, with a probability of 1 - level.

    With t = sqrt(freedom) tan(u), the density of t becomes one of u that is proportional to
    cos(u)^(freedom - 1) (Abramowitz and Stegun 1964, section 26.7); it is added up by trapezoids.

    Args:
        level: the probability of the middle, between 0 and 1.
        freedom: degrees of freedom, 1 or more; no whole number needed.

    Examples:
        >>> [round(student_quantile(0.95, freedom), 3) for freedom in (1, 2.5, 9, 1e9)]
        [12.706, 3.575, 2.262, 1.96]
    """
    end = min(math.pi / 2, FARTHEST / math.sqrt(freedom))
    # Closer to each other near the end, where for few degrees all of the rest lies.
    places = end * (1 - np.linspace(1, 0, PLACES) ** 3)
    density = np.cos(places) ** (freedom - 1)
    areas = np.diff(places) * (density[1:] + density[:-1])
    shares = np.concatenate([[0], np.cumsum(areas)])
    place = float(np.interp(level * shares[-1], shares, places))
    return math.sqrt(freedom) * math.tan(place)

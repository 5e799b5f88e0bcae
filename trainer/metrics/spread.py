"""Means and deviations of values, some of which may be unknown."""

from collections.abc import Iterable

import numpy as np


def mean(values: Iterable[float | None]) -> float | None:
    """Returns the mean of the known values; None if none is known."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def spread(values: Iterable[float | None]) -> dict[str, float | None]:
    """Returns mean and standard deviation (with n - 1; 0 for a single one) of known values."""
    known = [value for value in values if value is not None]
    if not known:
        return {"mean": None, "sd": None}
    return {"mean": mean(known), "sd": float(np.std(known, ddof=1)) if len(known) > 1 else 0.0}

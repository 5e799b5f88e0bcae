"""Means of what may be unknown."""

from collections.abc import Iterable

import numpy as np


def mean(values: Iterable[float | None]) -> float | None:
    """The mean of those that are known; None if none is."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def spread(values: Iterable[float | None]) -> dict[str, float | None]:
    """Mean and standard deviation (with n - 1; 0 for a single one) of those that are known."""
    known = [value for value in values if value is not None]
    if not known:
        return {"mean": None, "sd": None}
    return {"mean": mean(known), "sd": float(np.std(known, ddof=1)) if len(known) > 1 else 0.0}

"""The temperature that makes labels most probable; see ``trainer.model.temperature``.

By b = 1/T the negative log-likelihood is convex: its slope, the sum over steps of the mean logit by
the probabilities minus the logit of the true class, rises with b. So the root of that is found by
Newton's method, and by halving where it would lead astray.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.model.temperature import EDGE, TINY

Floats = NDArray[np.float64]
# Consecutive labelled steps: probabilities ``<float>[n, C]`` and the truth, ``<int>[n]`` classes or
# ``<int>[n, C]`` of 0 and 1. Called again for each pass.
Read = Callable[[], Iterable[tuple[NDArray[Any], NDArray[Any]]]]

# If all of validation is right, the surer the likelier; few steps do not prove that.
LOWEST, HIGHEST = 0.25, 20.0
MOST_PASSES, CLOSE = 40, 1e-7
NOTHING = 1e-12


class Slope(NamedTuple):
    """The first and second derivative of the negative log-likelihood by b, added up."""

    first: float
    second: float


def fit_temperature(read: Read) -> float:
    """Returns the temperature of the least negative log-likelihood, from 0.25 to 20.

    Args:
        read: gives the answers of a model without a temperature; the same at each call.

    Returns:
        T; 1 if nothing is labelled, or T changes nothing.
    """
    low, high = 1.0 / HIGHEST, 1.0 / LOWEST
    warmest = slope_at(read, low)
    if warmest.second <= NOTHING:  # No label, or logits that are all the same.
        return 1.0
    if warmest.first >= 0:
        return HIGHEST
    if slope_at(read, high).first <= 0:
        return LOWEST
    inverse = 1.0
    for _ in range(MOST_PASSES):
        slope = slope_at(read, inverse)
        low, high = (inverse, high) if slope.first < 0 else (low, inverse)
        after = inverse - slope.first / slope.second if slope.second > 0 else low
        if not low < after < high:
            after = (low + high) / 2
        if abs(after - inverse) <= CLOSE * inverse:
            return 1.0 / after
        inverse = after
    return 1.0 / inverse


def slope_at(read: Read, inverse: float) -> Slope:
    """Adds up the slope at b over all steps.

    Args:
        read: see ``fit_temperature``.
        inverse: b.
    """
    first = second = 0.0
    for probabilities, true in read():
        p = probabilities.astype(np.float64)
        found = _of_classes if true.ndim == 1 else _of_marks
        mean, variance, chosen = found(p, true, inverse)
        first += float((mean - chosen).sum())
        second += float(variance.sum())
    return Slope(first, second)


def warmed(probabilities: NDArray[Any], temperature: float, marks: bool) -> NDArray[np.float32]:
    """Returns what probabilities would be with a temperature, ``<float32>[n, C]``.

    Args:
        probabilities: ``<float>[n, C]``.
        temperature: T.
        marks: whether any number of classes may be there, instead of one.
    """
    p, inverse = probabilities.astype(np.float64), 1 / temperature
    found = _marks_at(_log_odds(p), inverse) if marks else _classes_at(_logs(p), inverse)
    return found.astype(np.float32)


def _logs(p: Floats) -> Floats:
    logs: Floats = np.log(np.maximum(p, TINY))
    return logs


def _log_odds(p: Floats) -> Floats:
    p = np.clip(p, EDGE, 1 - EDGE)
    odds: Floats = np.log(p) - np.log1p(-p)
    return odds


def _classes_at(logits: Floats, inverse: float) -> Floats:
    weights: Floats = np.exp(inverse * (logits - logits.max(-1, keepdims=True)))
    shares: Floats = weights / weights.sum(-1, keepdims=True)
    return shares


def _marks_at(logits: Floats, inverse: float) -> Floats:
    there: Floats = 1 / (1 + np.exp(-inverse * logits))
    return there


def _of_classes(p: Floats, true: NDArray[Any], inverse: float) -> tuple[Floats, Floats, Floats]:
    """Returns the mean and variance of logits by p at b, and the logit of the class, each [n]."""
    logits = _logs(p)
    weights = _classes_at(logits, inverse)
    mean = (weights * logits).sum(-1)
    variance = (weights * (logits - mean[:, None]) ** 2).sum(-1)
    return mean, variance, np.take_along_axis(logits, true[:, None], -1)[:, 0]


def _of_marks(p: Floats, true: NDArray[Any], inverse: float) -> tuple[Floats, Floats, Floats]:
    """Returns the same of classes that are there or not, of logits z and 0, each [n, C]."""
    logits = _log_odds(p)
    there = _marks_at(logits, inverse)
    return there * logits, there * (1 - there) * logits**2, true * logits

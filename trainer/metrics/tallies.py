"""Tallies: the counts of each sequence, from which any selection of sequences can be scored.

A selection gives each sequence a weight, how often it is taken; ``weights <float64>[R, S]`` are R
selections of S sequences. Figures of them are ``<float64>[R]``, NaN where nothing can be counted.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.class_counts import SHARES
from trainer.metrics.segmental import OVERLAPS

Floats = NDArray[np.float64]
Figures = dict[str, Floats]


class Tallies(Protocol):
    """The counts of S sequences that have labels."""

    def __len__(self) -> int:
        """Returns S."""

    def figures(self, weights: Floats) -> Figures:
        """Computes the figures of selections."""


@dataclass(frozen=True)
class ClassTallies:
    """The counts of classes: one per step, or any number.

    Attributes:
        steps: ``<float64>[S]``, labelled steps.
        right: ``<float64>[S]``, labelled steps with the right answer.
        counts: ``<float64>[S, 3, C]``, steps found, invented and missed; see ``ClassCounts``.
        edit: ``<float64>[S]``, edit scores, NaN where there is none; None if there are no segments.
        matches: ``<float64>[S, 3, 3]``, the counts of ``segment_hits`` for each overlap.
    """

    steps: Floats
    right: Floats
    counts: Floats
    edit: Floats | None = None
    matches: Floats | None = None

    def __len__(self) -> int:
        return len(self.steps)

    def figures(self, weights: Floats) -> Figures:
        found, invented, missed = np.moveaxis(_sums(weights, self.counts), 1, 0)
        occurs = found + missed > 0
        shares = {
            "precision": ratio(found, np.maximum(found + invented, 1)),
            "recall": ratio(found, np.maximum(found + missed, 1)),
            "f1": _f1(found, invented, missed),
            "jaccard": ratio(found, found + invented + missed),
        }
        figures = {name: _mean(shares[name], occurs) for name in SHARES}
        figures["accuracy"] = ratio(weights @ self.right, weights @ self.steps)
        if self.edit is not None and self.matches is not None:
            scored = ~np.isnan(self.edit)
            figures["edit"] = ratio(weights @ np.nan_to_num(self.edit), weights @ scored)
            sums = _sums(weights, self.matches)
            for number, overlap in enumerate(OVERLAPS):
                figures[f"f1@{100 * overlap:.0f}"] = _f1(*sums[:, number].T)
        return figures


@dataclass(frozen=True)
class NumberTallies:
    """The sums of the columns of a regression.

    Attributes:
        steps: ``<float64>[S]``, labelled steps.
        errors: ``<float64>[S, 2, K]``, summed absolute and squared errors.
        means: ``<float64>[S, K]``, the mean of the truth.
        squares: ``<float64>[S, K]``, its summed squared differences from that mean.
        low: ``<float64>[S, K]``, the least true numbers.
        high: ``<float64>[S, K]``, the largest true numbers.
    """

    steps: Floats
    errors: Floats
    means: Floats
    squares: Floats
    low: Floats
    high: Floats

    def __len__(self) -> int:
        return len(self.steps)

    def figures(self, weights: Floats) -> Figures:
        steps = (weights @ self.steps)[:, None]
        absolute, squared = np.moveaxis(_sums(weights, self.errors), 1, 0)
        r2 = 1 - ratio(squared, self._variation(weights, steps))
        changes = self._changes(weights)
        return {
            "mae": ratio(absolute, steps).mean(1),
            "rmse": np.sqrt(ratio(squared, steps)).mean(1),
            "r2": _mean(r2, changes),
        }

    def _variation(self, weights: Floats, steps: Floats) -> Floats:
        """Sums squared differences of the truth from its mean in each selection, ``[R, K]``."""
        # From near the mean of all, so that little is lost where numbers are large.
        away = self.means - np.average(self.means, axis=0, weights=self.steps)
        own = weights @ (self.squares + self.steps[:, None] * away**2)
        return own - ratio((weights @ (self.steps[:, None] * away)) ** 2, steps)

    def _changes(self, weights: Floats) -> NDArray[np.bool_]:
        """Returns True where the truth of a column changes in a selection, ``<bool>[R, K]``."""
        taken = weights > 0
        columns = zip(self.low.T, self.high.T, strict=True)
        ranges = [
            np.where(taken, high, -np.inf).max(1) > np.where(taken, low, np.inf).min(1)
            for low, high in columns
        ]
        return np.stack(ranges, axis=1)


def ratio(part: Any, whole: Any) -> Floats:
    """Divides numbers; the result is NaN where the divisor is 0.

    Args:
        part: the dividends.
        whole: the divisors, of a shape that fits.
    """
    part, whole = np.broadcast_arrays(part, whole)
    shares: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole != 0)
    return shares


def _f1(found: Floats, invented: Floats, missed: Floats) -> Floats:
    return ratio(2 * found, 2 * found + invented + missed)


def _mean(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Averages the known values over the last axis."""
    return ratio(np.where(known, values, 0).sum(-1), known.sum(-1))


def _sums(weights: Floats, rows: Floats) -> Floats:
    """Multiplies ``[R, S]`` by ``[S, ...]``."""
    flat = rows.reshape(len(rows), int(np.prod(rows.shape[1:])))
    return (weights @ flat).reshape(len(weights), *rows.shape[1:])

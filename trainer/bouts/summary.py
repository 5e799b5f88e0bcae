"""Summaries of bouts: how often and how long each class is shown, in one bin or several.

bins               0         60        120
bouts of a              ├──────────┤  ├──┤
counted in              first         second     where they begin
total, share            8 s  12 s  +  4 s        what lies in the bin
latency                 ┤ 52 s     ┤ 0 s         from the bin's beginning to the first of a in it
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.bouts.bout import Bouts, Observed

Figures = NDArray[np.float64]
HOUR = 3600.0


class Summary(NamedTuple):
    """The figures of C classes in B bins of a sequence, by one source.

    Attributes:
        edges: ``<float64>[B + 1]``, seconds at which bins begin and end.
        seconds: ``<float64>[B]``, how much of a bin is known; share and rate are of that.
        bouts: ``<int64>[B, C]``, how many begin in it.
        total: ``<float64>[B, C]``, seconds of the class in the bin.
        mean: ``<float64>[B, C]``, of how long bouts that begin in it last altogether; NaN for none.
        deviation: ``<float64>[B, C]``, the standard deviation of that, with n - 1; NaN below two.
        latency: ``<float64>[B, C]``, seconds from where the bin begins to where the class is first
            there; NaN if it is not.
    """

    edges: Figures
    seconds: Figures
    bouts: NDArray[np.int64]
    total: Figures
    mean: Figures
    deviation: Figures
    latency: Figures

    @property
    def share(self) -> Figures:
        """The share of the known time, ``<float64>[B, C]``; NaN where nothing is known."""
        return ratio(self.total, self.seconds[:, None])

    @property
    def rate(self) -> Figures:
        """Bouts an hour of known time, ``<float64>[B, C]``; NaN where nothing is known."""
        return ratio(HOUR * self.bouts, self.seconds[:, None])


def summary(observed: Observed, classes: int, edges: Sequence[float]) -> Summary:
    """Counts what a source says of a sequence.

    Args:
        observed: it.
        classes: C.
        edges: B + 1 seconds at which bins begin and end, which hold all bouts.
    """
    places, size = np.asarray(edges, np.float64), len(edges) - 1
    bouts, cells = observed.bouts, size * classes

    first = np.clip(np.searchsorted(places, bouts.starts, "right") - 1, 0, size - 1)
    cell = first * classes + bouts.classes
    counts = np.bincount(cell, minlength=cells)
    mean = ratio(_sums(cell, bouts.durations, cells), counts)
    with np.errstate(over="ignore"):  # Of times that are no times of a video.
        squares = _sums(cell, (bouts.durations - mean[cell]) ** 2, cells)
    deviation = np.sqrt(ratio(squares, np.maximum(counts - 1, 0)))
    which, bins, seconds, late = _pieces(bouts, places)
    total = _sums(bins * classes + bouts.classes[which], seconds, cells)
    latency = np.full(cells, np.inf)
    np.minimum.at(latency, bins * classes + bouts.classes[which], late)
    latency[np.isinf(latency)] = np.nan
    _, bins, known, _ = _pieces(observed.known, places)
    tables = [figures.reshape(size, classes) for figures in (total, mean, deviation, latency)]
    return Summary(places, _sums(bins, known, size), counts.reshape(size, classes), *tables)


def ratio(above: NDArray[Any], below: NDArray[Any]) -> Figures:
    """Divides; NaN where that would be by 0.

    Args:
        above: numbers.
        below: numbers, of a shape that fits.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient: Figures = np.where(below == 0, np.nan, np.true_divide(above, below))
    return quotient


def _sums(places: NDArray[np.int64], values: Figures, size: int) -> Figures:
    """Adds up numbers by their places.

    Args:
        places: ``<int64>[n]``, from 0 on.
        values: ``<float64>[n]``.
        size: the number of places.
    """
    sums: Figures = np.bincount(places, values, size).astype(np.float64)
    return sums


def _pieces(
    bouts: Bouts, edges: Figures
) -> tuple[NDArray[np.int64], NDArray[np.int64], Figures, Figures]:
    """Cuts bouts at the edges of bins.

    Args:
        bouts: M bouts.
        edges: ``<float64>[B + 1]``.

    Returns:
        Of each piece the number of its bout, that of its bin, how many seconds it lasts, and how
        many after the beginning of the bin it begins.
    """
    most = len(edges) - 2
    first = np.clip(np.searchsorted(edges, bouts.starts, "right") - 1, 0, most)
    last = np.clip(np.searchsorted(edges, bouts.ends, "left") - 1, first, most)
    counts = last - first + 1
    which = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    bins = first[which] + within
    begins = np.maximum(bouts.starts[which], edges[bins])
    ends = np.minimum(bouts.ends[which], edges[bins + 1])
    return which, bins, ends - begins, begins - edges[bins]

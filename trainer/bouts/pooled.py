"""Bouts of all sequences together."""

import numpy as np
from numpy.typing import NDArray

from trainer.bouts.summary import HOUR, Figures, Summary, ratio


class Pooled:
    """Adds up the summaries of whole sequences, by one source.

    Args:
        classes: C.

    Attributes:
        seconds: how much time is known.
        bouts: ``<int64>[C]``, how many there are.
        total: ``<float64>[C]``, seconds.
    """

    def __init__(self, classes: int):
        self.seconds = 0.0
        self.bouts: NDArray[np.int64] = np.zeros(classes, np.int64)
        self.total, self._squares = np.zeros(classes), np.zeros(classes)
        self._late, self._shown = np.zeros(classes), np.zeros(classes, np.int64)

    def add(self, figures: Summary) -> None:
        """Adds a sequence, counted in one bin."""
        self.seconds += float(figures.seconds[0])
        count, total = figures.bouts[0], figures.total[0]
        self._add_squares(count, figures.mean[0], figures.deviation[0])
        self.bouts = self.bouts + count
        self.total = self.total + total
        self._late += np.nan_to_num(figures.latency[0])
        self._shown += ~np.isnan(figures.latency[0])

    def _add_squares(self, count: NDArray[np.int64], mean: Figures, deviation: Figures) -> None:
        """Adds squared distances from the mean of all, by those from both means (Chan et al. 1979).

        Args:
            count: ``<int64>[C]``, how many bouts come to those that there are.
            mean: ``<float64>[C]``, seconds; NaN for none.
            deviation: ``<float64>[C]``, with n - 1; NaN below two.
        """
        both = np.nan_to_num(ratio(self.bouts * count, self.bouts + count))
        with np.errstate(over="ignore", invalid="ignore"):  # Of times no video has.
            apart = (np.nan_to_num(self.mean) - np.nan_to_num(mean)) ** 2
            own = np.nan_to_num(deviation) ** 2 * np.maximum(count - 1, 0)
            self._squares += own + both * apart

    @property
    def mean(self) -> Figures:
        """The seconds that a bout lasts in the mean, ``<float64>[C]``; NaN for none."""
        return ratio(self.total, self.bouts)

    @property
    def deviation(self) -> Figures:
        """The standard deviation of that, with n - 1, ``<float64>[C]``; NaN below two bouts."""
        return np.sqrt(ratio(self._squares, np.maximum(self.bouts - 1, 0)))

    @property
    def share(self) -> Figures:
        """The share of the known time, ``<float64>[C]``; NaN where nothing is known."""
        return ratio(self.total, np.full(1, self.seconds))

    @property
    def latency(self) -> Figures:
        """The mean latency in sequences that show the class, ``<float64>[C]``; NaN for none."""
        return ratio(self._late, self._shown)

    @property
    def rate(self) -> Figures:
        """Bouts an hour of known time, ``<float64>[C]``; NaN where nothing is known."""
        return ratio(HOUR * self.bouts, np.full(1, self.seconds))

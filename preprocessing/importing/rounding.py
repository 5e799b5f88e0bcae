"""What storing features as ``float16`` costs: too large, or too coarse."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError

COARSE = 0.01


def require_fits(block: NDArray[Any], where: str, columns: Sequence[str], dtype: str) -> None:
    """Names the column of ``<number>[n, F]`` that is too large for the dtype.

    Raises:
        InputError: there is one.
    """
    largest = np.abs(block).max(axis=0, initial=0)
    if (over := np.isfinite(largest) & (largest > np.finfo(dtype).max)).any():
        column = int(over.argmax())
        raise InputError(
            f"{where}: column {columns[column]} goes up to {largest[column]:.6g}, which does not "
            f"fit {dtype}; leave it out with --columns, or give --dtype float32"
        )


class Coarseness:
    """Compares each column's rounding error with its own deviation, as it goes by."""

    def __init__(self, dtype: str):
        self.dtype = dtype
        self.count = 0
        self.sums: NDArray[Any] = np.zeros((3, 1))

    def add(self, block: NDArray[Any]) -> None:
        """Takes in ``<number>[n, F]``."""
        values = block.astype("float64")
        error = values - values.astype(self.dtype)
        self.count += len(values)
        self.sums = self.sums + np.stack([values.sum(0), (values**2).sum(0), (error**2).sum(0)])

    def worst(self, columns: Sequence[str]) -> str:
        """Names the column that suffers most, if its error is over ``COARSE`` of its deviation."""
        mean, square, error = self.sums / max(self.count, 1)
        deviation = np.sqrt(np.maximum(square - mean**2, 0))
        share = np.sqrt(error) / np.maximum(deviation, 1e-300)
        column = int(share.argmax())
        if share[column] <= COARSE or deviation[column] == 0:
            return ""
        return f"column {columns[column]} (error {share[column]:.1%} of its deviation)"

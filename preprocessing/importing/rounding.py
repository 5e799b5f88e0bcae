"""The cost of storing features as ``float16``: overflow and rounding."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError

COARSE = 0.01


def require_fits(block: NDArray[Any], where: str, columns: Sequence[str], dtype: str) -> None:
    """Checks that features fit a dtype.

    Args:
        block: ``<number>[n, F]``.
        where: the file, for messages.
        columns: names of the F columns.
        dtype: the dtype of the store.

    Raises:
        InputError: a column has too large a number; it is named.
    """
    largest = np.abs(block).max(axis=0, initial=0)
    if (over := np.isfinite(largest) & (largest > np.finfo(dtype).max)).any():
        column = int(over.argmax())
        raise InputError(
            f"{where}: column {columns[column]} goes up to {largest[column]:.6g}, which does not "
            f"fit {dtype}; leave it out with --columns, or give --dtype float32"
        )


class Coarseness:
    """Compares each column's rounding error with its deviation, block by block."""

    def __init__(self, dtype: str):
        self.dtype = dtype
        self.count = 0
        self.sums: NDArray[Any] = np.zeros((3, 1))

    def add(self, block: NDArray[Any]) -> None:
        """Adds ``<number>[n, F]``."""
        values = block.astype("float64")
        error = values - values.astype(self.dtype)
        self.count += len(values)
        self.sums = self.sums + np.stack([values.sum(0), (values**2).sum(0), (error**2).sum(0)])

    def worst(self, columns: Sequence[str]) -> str:
        """Names the column with the largest error, if that is over ``COARSE`` of its deviation."""
        mean, square, error = self.sums / max(self.count, 1)
        deviation = np.sqrt(np.maximum(square - mean**2, 0))
        share = np.sqrt(error) / np.maximum(deviation, 1e-300)
        column = int(share.argmax())
        if share[column] <= COARSE or deviation[column] == 0:
            return ""
        return f"column {columns[column]} (error {share[column]:.1%} of its deviation)"

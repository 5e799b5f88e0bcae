"""NumPy arrays: a ``.npy`` file holds ``<number>[steps, features]``; columns are numbers from 0."""

from pathlib import Path
from tokenize import TokenError

import numpy as np

from preprocessing.errors import InputError
from preprocessing.feature_files.base import BLOCK_STEPS, Block, Selection, Table


def open_table(path: Path, selection: Selection) -> Table:
    """Opens a ``.npy`` file.

    Raises:
        InputError: it is no array of numbers [steps, features], or lacks a column.
    """
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, EOFError, OSError, OverflowError, TypeError, TokenError) as error:
        raise InputError(f"{path} is not a .npy array: {error}") from None
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise InputError(
            f"{path} holds {array.dtype} of shape {array.shape}; expected numbers [steps, features]"
        )
    names = [str(number) for number in range(array.shape[1])]
    chosen = selection.choose(path, names)
    pick = [names.index(name) for name in chosen]
    starts = range(0, len(array), BLOCK_STEPS)
    blocks = (Block(np.asarray(array[start : start + BLOCK_STEPS][:, pick])) for start in starts)
    return Table(path, chosen, blocks)

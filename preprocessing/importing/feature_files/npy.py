"""NumPy arrays: a ``.npy`` file holds one; columns are numbers from 0.

Blocks are read from where they lie in the file; no array is loaded whole, none is unpickled.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, OptionError
from preprocessing.importing.feature_files.arrays import Array, Read, table_of
from preprocessing.importing.feature_files.base import Selection, Table

# A header is a Python literal: parsing a broken one can fail in any of these ways.
BAD_HEADER = (
    *(ValueError, TypeError, OverflowError, SyntaxError, TokenError, EOFError, OSError),
    *(RecursionError, MemoryError),
)
MOST_HEADER_BYTES = 1 << 16
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


@dataclass(frozen=True)
class Header:
    """The layout of an array's numbers in a file.

    Attributes:
        shape: the array's shape.
        fortran: True if the first axis varies fastest.
        dtype: the array's dtype.
        offset: the place of the first number, in bytes.
    """

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    offset: int

    def goes_by(self, axis: int) -> bool:
        """Returns True if the file holds one index of this axis after the other."""
        return prod(self.shape[axis + 1 :] if self.fortran else self.shape[:axis]) == 1


def open_table(path: Path, selection: Selection) -> Table:
    """Opens a ``.npy`` file.

    Args:
        path: the file.
        selection: the columns to take.

    Raises:
        InputError: the file is no array of numbers [steps, features], or lacks a column.
    """
    if selection.dataset is not None:
        raise OptionError(f"{path} holds one array without a name; --dataset cannot choose there")
    return table_of({"": open_array(path)}, selection, None)


def open_array(path: Path) -> Array:
    """Opens a ``.npy`` file as an array.

    Raises:
        InputError: the file is of another kind.
    """
    with path.open("rb") as file:
        header = read_header(file, path.stat().st_size, f"{path}")

    @contextmanager
    def reader(axis: int) -> Iterator[Read]:
        with path.open("rb") as file:
            yield lambda start, stop: read_part(file, header, axis, start, stop)

    return Array(f"{path}", header.shape, header.dtype, reader)


def read_header(file: IO[bytes], size: int, where: str) -> Header:
    """Reads the header of a ``.npy`` file.

    Args:
        file: the file at its beginning.
        size: the file's size in bytes.
        where: the file's name, for messages.

    Raises:
        InputError: the file is of another kind, holds objects, or is shorter than it claims.
    """
    try:
        # The header says how long it is; only so much is looked at.
        lead = io.BytesIO(file.read(MOST_HEADER_BYTES))
        version = np.lib.format.read_magic(lead)
        shape, fortran, dtype = HEADERS.get(version, _unknown)(lead)
        if dtype.hasobject:
            raise ValueError("it holds Python objects, which are never loaded")
        header = Header(tuple(shape), fortran, dtype, lead.tell())
        if any(length < 0 for length in header.shape):
            raise ValueError(f"its shape is {header.shape}")
        if header.offset + prod(header.shape) * dtype.itemsize > size:
            raise ValueError(f"it ends before its {dtype} of shape {header.shape} are complete")
        return header
    except BAD_HEADER as error:
        raise InputError(f"{where} is not a .npy array: {error}") from None


def read_part(file: IO[bytes], header: Header, axis: int, start: int, stop: int) -> NDArray[Any]:
    """Reads a part of an array along an axis.

    Args:
        file: the open file.
        header: the layout of the array.
        axis: the axis.
        start: the first index.
        stop: the index behind the last.

    Raises:
        InputError: the file has become shorter.
    """
    if header.fortran:
        shape, along = header.shape[::-1], len(header.shape) - 1 - axis
    else:
        shape, along = header.shape, axis
    row = prod(shape[along:]) * header.dtype.itemsize
    step = prod(shape[along + 1 :]) * header.dtype.itemsize
    pieces = []
    for number in range(prod(shape[:along])):
        file.seek(header.offset + number * row + start * step)
        pieces.append(file.read((stop - start) * step))
    data = b"".join(pieces)
    shape = (*shape[:along], stop - start, *shape[along + 1 :])
    if len(data) != prod(shape) * header.dtype.itemsize:
        raise InputError(f"{getattr(file, 'name', 'the array')} ended while it was read")
    part = np.frombuffer(data, header.dtype).reshape(shape)
    return part.T if header.fortran else part


def _unknown(file: IO[bytes]) -> Any:
    raise ValueError("its version of the format is not one that plain numbers have")

"""MATLAB files.

Those that ``save -v7.3`` makes are HDF5. Those of version 5, which ``save`` makes by default, hold
one element after the other, each led by its kind and size:

    128 bytes | matrix: flags, shape, name, numbers | packed: a matrix, compressed | ...

Only arrays of numbers are read; structures, cells, objects and function handles are not opened.
SciPy knows version 5 too, but a damaged file can make its reader crash. Source: MathWorks,
"MAT-File Format", the chapter on level 5.
"""

import io
import struct
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import IO

import h5py
import numpy as np

from preprocessing.importing.feature_files import h5
from preprocessing.importing.feature_files.arrays import Array, Read, unusable, unwritten
from preprocessing.importing.feature_files.base import refusing
from preprocessing.importing.feature_files.npy import Header, read_part

FILE_HEADER_BYTES, TAG_BYTES = 128, 8
MOST_HEADER_BYTES = 1 << 16
READ_BYTES = 1 << 16
MATRIX, PACKED = 14, 15
CLASSES = {1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse array"}
CLASSES |= dict.fromkeys(range(6, 16), "") | {16: "function handle", 17: "object"}
OPAQUE = 17
LOGICAL, COMPLEX = 0x200, 0x800
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
NO_NUMBERS = Header((), True, np.dtype("V"), 0)
BAD_FILE = (OSError, EOFError, ValueError, struct.error, zlib.error, OverflowError, MemoryError)


@dataclass(frozen=True)
class Matrix:
    """The description that precedes the numbers of a variable.

    Attributes:
        name: the variable's name.
        obstacle: why it is no array of numbers, or empty.
        header: the place of the numbers; the offset counts from the first byte after the matrix's
            tag.
    """

    name: str
    obstacle: str
    header: Header = NO_NUMBERS


def arrays(path: Path) -> Mapping[str, Array]:
    """Returns the variables in a ``.mat`` file, not read yet, by name.

    Raises:
        InputError: the file is of another kind.
    """
    if h5py.is_hdf5(path):
        return h5.arrays(path, matlab=True)
    with refusing(f"{path}", *BAD_FILE), path.open("rb") as file:
        order = {b"IM": "<", b"MI": ">"}.get(file.read(FILE_HEADER_BYTES)[126:])
        if order is None:
            raise ValueError("it is not of version 5 or 7.3; write it again with save -v7")
        found = [
            _array(path, file, order, *element)
            for element in _elements(file, order, path.stat().st_size)
        ]
    return {name: array for name, array in found if name}


def _elements(file: IO[bytes], order: str, size: int) -> Iterator[tuple[int, int, int]]:
    """Yields the kind of each element, the place of its content, and its length."""
    begin = FILE_HEADER_BYTES
    while begin < size:
        file.seek(begin)
        kind, length = struct.unpack(f"{order}II", file.read(TAG_BYTES))
        begin += TAG_BYTES
        if begin + length > size:
            raise EOFError("it ends before its last variable does")
        if kind not in (MATRIX, PACKED):
            raise ValueError(f"it holds an element of the unknown kind {kind}")
        yield kind, begin, length
        begin += length


def _array(
    path: Path, file: IO[bytes], order: str, kind: int, begin: int, length: int
) -> tuple[str, Array]:
    file.seek(begin)
    lead = file.read(min(length, MOST_HEADER_BYTES))
    if kind == PACKED:
        lead = zlib.decompressobj().decompress(lead, MOST_HEADER_BYTES)[TAG_BYTES:]
    matrix = _matrix(io.BytesIO(lead), order)
    header, where = matrix.header, f"{path}: {matrix.name}"
    obstacle = matrix.obstacle or unwritten(header.shape, header.dtype.itemsize, length)
    if obstacle:
        return matrix.name, unusable(where, obstacle)

    @contextmanager
    def reader(axis: int) -> Iterator[Read]:
        with refusing(where, *BAD_FILE), path.open("rb") as file:
            if kind == PACKED:
                with tempfile.TemporaryFile() as numbers:
                    file.seek(begin)
                    _unpack(file, length, header, numbers)
                    placed = replace(header, offset=TAG_BYTES + header.offset)
                    yield lambda start, stop: read_part(numbers, placed, axis, start, stop)
            else:
                placed = replace(header, offset=begin + header.offset)
                yield lambda start, stop: read_part(file, placed, axis, start, stop)

    return matrix.name, Array(where, header.shape, header.dtype, reader)


def _unpack(file: IO[bytes], length: int, header: Header, to: IO[bytes]) -> None:
    """Unpacks a matrix of ``length`` bytes, and checks its length and its checksum."""
    end = TAG_BYTES + header.offset + prod(header.shape) * header.dtype.itemsize
    stream, unpacked = zlib.decompressobj(), 0
    while not stream.eof and (length or stream.unconsumed_tail):
        packed = stream.unconsumed_tail
        if not packed:
            packed = file.read(min(length, READ_BYTES))
            length -= len(packed) or length
        part = stream.decompress(packed, READ_BYTES * 16)
        unpacked += len(part)
        if unpacked > end + TAG_BYTES:
            break
        to.write(part)
    if not stream.eof or unpacked < end:
        raise EOFError("the numbers are more or fewer than it says")


def _matrix(data: IO[bytes], order: str) -> Matrix:
    """Reads the parts before the numbers: flags, shape, name, and the tag of the numbers."""
    flags = struct.unpack(f"{order}II", _part(data, order))[0]
    if flags & 0xFF == OPAQUE:
        return Matrix(_part(data, order).decode("utf-8", "replace"), "a MATLAB object, not numbers")
    lengths = _part(data, order)
    shape = struct.unpack(f"{order}{len(lengths) // 4}i", lengths)
    name = _part(data, order).decode("utf-8", "replace")
    kind = CLASSES.get(flags & 0xFF, "variable of an unknown class")
    kind = "logical array" if flags & LOGICAL else kind
    kind = "array of complex numbers" if flags & COMPLEX else kind
    if kind:
        return Matrix(name, f"a MATLAB {kind}, not an array of real numbers")
    stored, length, offset, _ = _tag(data, order)
    if stored not in TYPES or min(shape, default=-1) < 0:
        raise ValueError(f"variable {name} is damaged")
    header = Header(shape, True, np.dtype(order + TYPES[stored]), offset)
    if length != prod(shape) * header.dtype.itemsize:
        raise ValueError(f"variable {name} has {length} bytes for the shape {list(shape)}")
    return Matrix(name, "", header)


def _part(data: IO[bytes], order: str) -> bytes:
    """Reads the content of a part of a matrix, and goes to the next."""
    _, length, begin, following = _tag(data, order)
    data.seek(begin)
    content = data.read(length)
    data.seek(following)
    return content


def _tag(data: IO[bytes], order: str) -> tuple[int, int, int, int]:
    """Reads a part's type, its length, its beginning, and the beginning of the next part.

    A part of up to 4 bytes lies within its tag, its length in the upper half of its type.
    """
    tag = data.tell()
    kind, length = struct.unpack(f"{order}II", data.read(TAG_BYTES))
    if kind >> 16:
        return kind & 0xFFFF, kind >> 16, tag + TAG_BYTES // 2, tag + TAG_BYTES
    begin = tag + TAG_BYTES
    return kind, length, begin, begin + length + -length % TAG_BYTES

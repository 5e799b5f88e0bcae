"""NumPy archives: arrays with names in a ZIP file.

An uncompressed array is read from its place in the file. A compressed one is unpacked as a stream,
block by block; if its steps do not lie one after the other, it is first unpacked into a temporary
file.
"""

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from preprocessing.importing.feature_files.arrays import MOST_PACKED, Array, Read, unusable
from preprocessing.importing.feature_files.base import refusing
from preprocessing.importing.feature_files.npy import Header, read_header, read_part

BAD_ARCHIVE = (
    *(zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError),
    *(ValueError, MemoryError),
)
LOCAL_HEADER_BYTES = 30
COPIED_BYTES = 1 << 20


def arrays(path: Path) -> Mapping[str, Array]:
    """Returns the arrays in a ``.npz`` file, not read yet, by name.

    Raises:
        InputError: the file is of another kind.
    """
    with refusing(f"{path}", *BAD_ARCHIVE), zipfile.ZipFile(path) as archive:
        return {
            info.filename.removesuffix(".npy"): _array(path, archive, info)
            for info in archive.infolist()
            if info.filename.endswith(".npy")
        }


def _array(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Array:
    where = f"{path}: {info.filename.removesuffix('.npy')}"
    if info.file_size > MOST_PACKED * max(info.compress_size, 1):
        obstacle = f"said to be {info.file_size} bytes, of which it has {info.compress_size}"
        return unusable(where, obstacle)
    with archive.open(info) as member:
        header = read_header(member, info.file_size, where)
    stored = info.compress_type == zipfile.ZIP_STORED

    @contextmanager
    def reader(axis: int) -> Iterator[Read]:
        with refusing(where, *BAD_ARCHIVE):
            opened = _stored(path, info, header) if stored else _packed(path, info, header, axis)
            with opened as (file, placed):
                yield lambda start, stop: read_part(file, placed, axis, start, stop)

    return Array(where, header.shape, header.dtype, reader)


@contextmanager
def _stored(
    path: Path, info: zipfile.ZipInfo, header: Header
) -> Iterator[tuple[IO[bytes], Header]]:
    with path.open("rb") as file:
        file.seek(info.header_offset)
        local = file.read(LOCAL_HEADER_BYTES)
        name, extra = (int.from_bytes(local[at : at + 2], "little") for at in (26, 28))
        begin = info.header_offset + LOCAL_HEADER_BYTES + name + extra
        yield file, replace(header, offset=begin + header.offset)


@contextmanager
def _packed(
    path: Path, info: zipfile.ZipInfo, header: Header, axis: int
) -> Iterator[tuple[IO[bytes], Header]]:
    with zipfile.ZipFile(path) as archive, archive.open(info) as member:
        if header.goes_by(axis):
            yield member, header
        else:
            with tempfile.TemporaryFile() as unpacked:
                shutil.copyfileobj(member, unpacked, COPIED_BYTES)
                yield unpacked, header

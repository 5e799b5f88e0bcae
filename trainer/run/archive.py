"""Arrays and JSON values in one file that is used only if it is unchanged.

An ``.npz`` as NumPy writes it, a zip archive of members that are not compressed. Its comment, which
ends the file, is a digest of everything before the digest:

    member  member  ...  directory  "blake2b " <64 hexadecimal digits>

Older files have no comment; the checksums of the archive are checked instead.
"""

import io
import json
import math
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.files.ordinary import require_ordinary
from preprocessing.files.whole_file import whole_file

PLAIN = "progress"
MEMBER = ".npy"
MARK = b"blake2b "
DIGITS = 64
BLOCK_BYTES = 1 << 20
# An archive without a comment ends with its directory's end, of this size.
END, END_BYTES = b"PK\x05\x06", 22
KINDS = "biufcUV"  # Of dtypes: numbers, text, and types of two bytes that NumPy does not know.
# What reading a damaged or hostile archive, or a text in it, raises.
DAMAGE: tuple[type[Exception], ...] = (OSError, ValueError, LookupError, TypeError, EOFError)
DAMAGE += (zipfile.BadZipFile, zlib.error, RuntimeError, ArithmeticError, MemoryError)
DAMAGE += (SyntaxError, tokenize.TokenError)
Arrays = Mapping[str, NDArray[Any]]


def write_archive(path: Path, plain: Mapping[str, Any], arrays: Arrays) -> None:
    """Writes arrays and JSON values, whole or not at all.

    Args:
        path: the file.
        plain: values that JSON can hold, by name.
        arrays: arrays by name.
    """
    with whole_file(path) as partial:
        with partial.open("wb") as file:
            members = {**arrays, PLAIN: np.array(json.dumps(plain))}
            np.savez(file, allow_pickle=False, **members)
        with zipfile.ZipFile(partial, "a") as archive:
            archive.comment = MARK + b"0" * DIGITS
        with partial.open("rb+") as file:
            digest = _digest(file, partial.stat().st_size - DIGITS)
            file.seek(-DIGITS, io.SEEK_END)
            file.write(digest)


def read_archive(
    path: Path, only_plain: bool = False
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Reads the values and arrays of ``write_archive``, in no more memory than the file's size.

    Args:
        path: the file.
        only_plain: read no arrays.

    Raises:
        Exception: the file is damaged; one of ``DAMAGE``.
    """
    require_ordinary(path)
    with path.open("rb") as file:
        sealed = _require_unchanged(file, path.stat().st_size)
        with zipfile.ZipFile(file) as archive:
            _require_stored(archive, path.stat().st_size)
            if not sealed and (damaged := archive.testzip()):
                raise ValueError(f"{damaged} is not what its checksum says")
            plain = json.loads(str(_array(archive, PLAIN + MEMBER)))
            if not isinstance(plain, dict):
                raise ValueError(f"{PLAIN} is no JSON object")
            names = [] if only_plain else archive.namelist()
            names = [name.removesuffix(MEMBER) for name in names]
            return plain, {name: _array(archive, name + MEMBER) for name in names if name != PLAIN}


def _digest(file: Any, size: int) -> bytes:
    """Returns a digest of the first ``size`` bytes of a file, as hexadecimal digits."""
    hashed = blake2b(digest_size=DIGITS // 2)
    file.seek(0)
    while size and (block := file.read(min(size, BLOCK_BYTES))):
        hashed.update(block)
        size -= len(block)
    return hashed.hexdigest().encode()


def _require_unchanged(file: Any, size: int) -> bool:
    """Checks the digest of a file; returns False if the file is an old one without a digest.

    Raises:
        ValueError: the digest is wrong, or the file is no archive.
    """
    file.seek(-min(size, END_BYTES), io.SEEK_END)
    if file.read().startswith(END):
        return False
    file.seek(-min(size, len(MARK) + DIGITS), io.SEEK_END)
    said = file.read()
    if not said.startswith(MARK) or said.removeprefix(MARK) != _digest(file, size - DIGITS):
        raise ValueError("it is not what its digest says")
    return True


def _require_stored(archive: zipfile.ZipFile, size: int) -> None:
    """Checks that the members together are no longer than the file, as if none is compressed."""
    members = archive.infolist()
    plain = all(
        member.compress_type == zipfile.ZIP_STORED and member.file_size == member.compress_size
        for member in members
    )
    if not plain or sum(member.file_size for member in members) > size:
        raise ValueError("its members are longer than the file")
    if len({member.filename for member in members}) < len(members):
        raise ValueError("it has two members of one name")


def _array(archive: zipfile.ZipFile, member: str) -> NDArray[Any]:
    """Returns one member as an array, whose size must be that of the bytes after its header."""
    content = archive.read(member)
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, by_columns, dtype = read_header(stream)
    known = dtype.kind in KINDS and dtype.names is None and dtype.subdtype is None
    if not known or math.prod(shape) * dtype.itemsize != len(content) - stream.tell():
        raise ValueError(f"{member} is no array of {list(shape)} {dtype}")
    if math.prod(shape) and not dtype.itemsize:
        raise ValueError(f"{member} is an array of nothing")
    flat: NDArray[Any] = np.frombuffer(content, dtype, math.prod(shape), stream.tell())
    shaped: NDArray[Any] = flat.reshape(shape, order="F" if by_columns else "C").copy()
    return shaped

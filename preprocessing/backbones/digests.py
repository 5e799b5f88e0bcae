"""Digests of files and weights, which tell features of different networks apart."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

DIGITS = 16
BLOCK_BYTES = 1 << 20


def of_bytes(content: bytes) -> str:
    """Returns the first 16 hexadecimal digits of the SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()[:DIGITS]


def of_file(path: Path) -> str:
    """Returns the first 16 hexadecimal digits of the SHA-256 of a file's content."""
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            hashed.update(block)
    return hashed.hexdigest()[:DIGITS]


def of_arrays(arrays: Iterable[NDArray[Any]]) -> str:
    """Returns a digest of arrays in their order, with their dtypes and shapes."""
    hashed = hashlib.sha256()
    for array in arrays:
        hashed.update(f"{array.dtype}{array.shape}".encode())
        hashed.update(array.tobytes())
    return hashed.hexdigest()[:DIGITS]

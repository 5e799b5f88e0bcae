"""The encoding of text files that other programs wrote: UTF-8, UTF-16 or Latin-1."""

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from preprocessing.errors import InputError
from preprocessing.files.ordinary import require_ordinary

LOOKED_AT = 1 << 16
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Of text in Latin letters every second byte of UTF-16 is 0, and no other.
ZEROS = 0.3


def encoding_of(head: bytes, whole: bool) -> str | None:
    """Tells the encoding of a text by its beginning.

    Args:
        head: the first bytes.
        whole: whether they are all there is; else the last letter may be cut.

    Returns:
        A name that Python knows; None if it is no text.
    """
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    if b"\0" in head:
        even, odd = head[0::2].count(0), head[1::2].count(0)
        half = len(head) // 2
        if odd > ZEROS * half and not even:
            return "utf-16-le"
        return "utf-16-be" if even > ZEROS * half and not odd else None
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
    except UnicodeDecodeError:
        return "cp1252" if not _controls(head) else None
    return "utf-8"


def _controls(head: bytes) -> bool:
    """Returns whether bytes hold what is in no text."""
    return any(byte < 32 and byte not in b"\t\n\v\f\r\x1a\x1b" for byte in head)


def _telling(opened: BinaryIO) -> bytes:
    """Returns the first block of a file that tells its encoding: the first, or one behind ASCII."""
    block = first = opened.read(LOOKED_AT)
    while b"\0" not in first and len(block) == LOOKED_AT and block.isascii():
        block = opened.read(LOOKED_AT)
    return block or first


@contextmanager
def open_encoded(path: Path, what: str) -> Iterator[TextIO]:
    """Opens a text file in the encoding that its beginning shows, with its line ends unchanged.

    Args:
        path: the file.
        what: what it holds, for messages.

    Raises:
        InputError: the file cannot be read, or is no text, now or while the block reads.
    """
    try:
        require_ordinary(path)
        with path.open("rb") as opened:
            head = _telling(opened)
        encoding = encoding_of(head, len(head) < LOOKED_AT)
        if encoding is None:
            raise InputError(f"cannot read {what} from {path}: it is not a text file")
        errors = "replace" if encoding == "cp1252" else "strict"
        with path.open(encoding=encoding, errors=errors, newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise InputError(
            f"cannot read {what} from {path}: it is not text in one encoding ({error.reason})"
        ) from None
    except OSError as error:
        raise InputError(f"cannot read {what} from {path}: {error.strerror or error}") from None

"""Text files of strangers: ordinary files only, and never more in memory than a limit.

Every fault of such a file becomes an ``InputError``: a pipe, a device, a folder, bytes that are not
UTF-8 (JSON may be UTF-16 or Latin-1 too), a line or a bracket that never ends.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from preprocessing.errors import InputError, shorten
from preprocessing.files.encoding import open_encoded
from preprocessing.files.ordinary import require_ordinary

# A line has a name and a number for each of a million columns, or is none.
MOST_LINE = 1 << 24
MOST_TEXT = 1 << 28
# All that ``json.loads`` raises for text that is no JSON, too deep, or with a number of 5,000
# digits.
JSON_DAMAGE = (ValueError, RecursionError)


@contextmanager
def open_text(path: Path, what: str) -> Iterator[TextIO]:
    """Opens a UTF-8 file to read, with its line ends unchanged.

    Args:
        path: the file.
        what: what the file holds, for messages.

    Raises:
        InputError: the file cannot be read, now or while the block reads.
    """
    try:
        require_ordinary(path)
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a UTF-8 text file: {error.reason}") from None
    except OSError as error:
        raise InputError(f"cannot read {what} from {path}: {error.strerror or error}") from None


class BoundedLines:
    """The lines of a file, which may not hold too much text in one row.

    Attributes:
        taken: the number of letters read since the reader last set it to 0.
    """

    def __init__(self, file: TextIO, path: Path):
        self.taken = 0
        self._file, self._path = file, path

    def __iter__(self) -> "BoundedLines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(MOST_LINE + 1)
        self.taken += len(line)
        if self.taken > MOST_LINE:
            raise InputError(
                f"{self._path} has a line of more than {MOST_LINE:,} letters; is it a text file?"
            )
        if not line:
            raise StopIteration
        return line


def read_lines(path: Path, what: str) -> list[str]:
    """Returns the lines of a file without spaces around them; an empty file has one empty line.

    Args:
        path: the file.
        what: what the file holds, for messages.

    Raises:
        InputError: the file cannot be read.
    """
    lines = []
    with open_text(path, what) as file:
        bounded = BoundedLines(file, path)
        for line in bounded:
            bounded.taken = 0
            lines.append(line.strip())
    return lines or [""]


def read_json(path: Path, what: str) -> Any:
    """Returns the content of a JSON file, in any encoding that its beginning shows.

    Args:
        path: the file.
        what: what the file holds, for messages.

    Raises:
        InputError: the file cannot be read, is too long, or is not JSON.
    """
    with open_encoded(path, what) as file:
        text = file.read(MOST_TEXT + 1)
    if len(text) > MOST_TEXT:
        raise InputError(f"cannot read {what} from {path}: it is longer than {MOST_TEXT:,} letters")
    try:
        return json.loads(text)
    except JSON_DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"cannot read {what} from {path}: {shorten(reason)}; expected JSON"
        ) from None

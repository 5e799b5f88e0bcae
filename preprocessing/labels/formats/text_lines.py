"""Lines of a text file that another program wrote, with their numbers."""

from collections.abc import Iterator
from pathlib import Path

from preprocessing.files.encoding import open_encoded
from preprocessing.files.text_files import BoundedLines


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yields (line number, line) of each line that says something, without spaces around it.

    Lines that begin with a number sign are comments.

    Args:
        path: the file.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    for number, line in all_lines(path):
        text = line.strip()
        if text and not text.startswith("#"):
            yield number, text


def all_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yields (line number, line) of each line, empty ones too, without its end.

    Args:
        path: the file.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    with open_encoded(path, "labels") as file:
        bounded = BoundedLines(file, path)
        for number, line in enumerate(bounded, 1):
            bounded.taken = 0
            yield number, line.rstrip("\r\n")

"""CSV files that people make: rows one by one, with their line numbers for messages."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.files.text_files import BoundedLines, open_text

NumberedRow = tuple[int, list[str]]


def csv_rows(
    path: Path, spare: Callable[[list[str]], int] = lambda header: 0
) -> Iterator[NumberedRow]:
    """Yields (line number, values) of the first line, then of each row that is not empty.

    Values have no spaces around them. There is a first line even in an empty file.

    Args:
        path: the file.
        spare: given the first line, returns how many of the last values a row may lack.

    Raises:
        InputError: the file cannot be read, or a row has another length than the first line.
    """
    rows = all_rows(path, "labels")
    number, header = next(rows, (1, []))
    header = _stripped(header)
    yield number, header
    fewest = len(header) - spare(header)
    for number, row in rows:
        if any(values := _stripped(row)):
            if not fewest <= len(row) <= len(header):
                raise InputError(
                    f"{path} line {number} has {len(row)} values; expected {len(header)}"
                )
            yield number, values


def all_rows(path: Path, what: str, delimiter: str = ",") -> Iterator[NumberedRow]:
    """Yields (line number, values) of each row, unchanged.

    Args:
        path: the file.
        what: what the file holds, for messages.
        delimiter: what stands between values.

    Raises:
        InputError: the file cannot be read, or a value or row in it is far too long.
    """
    with open_text(path, what) as file:
        lines = BoundedLines(file, path)
        try:
            reader = csv.reader(lines, delimiter=delimiter)
            for row in reader:
                lines.taken = 0
                yield reader.line_num, row
        except csv.Error as error:
            raise InputError(f"{path} cannot be read as CSV: {error}") from None


def require_commas(path: Path, header: list[str]) -> None:
    """Checks that the columns of a table are separated by commas, not by another mark.

    Args:
        path: the file, for the message.
        header: the values of its first line.

    Raises:
        InputError: the first line is one value, with semicolons, tabs or bars in it.
    """
    for mark, name in ((";", "';'"), ("\t", "tabs"), ("|", "'|'")):
        if len(header) == 1 and mark in header[0].strip():
            raise InputError(
                f"{path}: its columns seem to be separated by {name}; expected commas between them "
                "and points in numbers: save it so, for example from a spreadsheet"
            )


def _stripped(row: list[str]) -> list[str]:
    return [value.strip() for value in row]

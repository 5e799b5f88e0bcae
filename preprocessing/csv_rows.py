"""CSV files that people make: rows one by one, with the number of their line for messages."""

import csv
from collections.abc import Iterator
from pathlib import Path

from preprocessing.errors import InputError

NumberedRow = tuple[int, list[str]]


def csv_rows(path: Path) -> Iterator[NumberedRow]:
    """Yields (line number, values) of the first line, then of each row that is not empty.

    Values have no spaces around them. There is a first line even in an empty file.

    Raises:
        InputError: the file cannot be read, or a row has another length than the first line.
    """
    rows = _all_rows(path)
    number, header = next(rows, (1, []))
    yield number, header
    for number, row in rows:
        if any(row):
            if len(row) != len(header):
                raise InputError(
                    f"{path} line {number} has {len(row)} values; expected {len(header)}"
                )
            yield number, row


def _all_rows(path: Path) -> Iterator[NumberedRow]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            for row in reader:
                yield reader.line_num, [value.strip() for value in row]
    except csv.Error as error:
        raise InputError(f"{path} cannot be read as CSV: {error}") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a UTF-8 text file: {error.reason}") from None
    except OSError as error:
        raise InputError(f"cannot read labels from {path}: {error.strerror}") from None

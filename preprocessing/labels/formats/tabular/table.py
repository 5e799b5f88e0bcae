"""A table of a file: its beginning, by which it is told, and all its rows, one by one."""

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

from preprocessing.errors import InputError
from preprocessing.files.csv_rows import NumberedRow
from preprocessing.files.encoding import open_encoded
from preprocessing.files.text_files import BoundedLines
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.tabular.workbook import is_workbook, sheets

# How the ``csv`` module takes quotes: around values, or as any other letter.
Quoting = Literal[0, 3]
QUOTES: Quoting = 0
NO_QUOTES: Quoting = 3
# Of marks that part all lines alike, the first that is there: commas are in texts and numbers too.
MARKS = "\t;|,"
# Among so many letters there is such a mark, or the file is no table; most are lists of names.
NEAR = 8192
# So many lines tell of a table, and what comes before it.
BEGINNING = 200
# Letters that no name needs; the ends of lines among them become blanks.
CONTROLS = {
    **dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029)),
    **dict.fromkeys((9, 10, 13), " "),
}
# So many of its lines have as many columns as most have.
ALIKE = 0.5


@dataclass(frozen=True)
class Table:
    """A table that nobody has looked into yet.

    Attributes:
        path: the file.
        sheet: the name of the sheet, empty for a text.
        beginning: values of the first lines, without spaces around them.
        rows: begins to read, and yields (line number, values) of each line, in the same way.
        mark: what parts the columns; empty for a sheet.
        comma: whether a comma may stand for the point in numbers.
    """

    path: Path
    sheet: str
    beginning: list[list[str]]
    rows: Callable[[], Iterator[NumberedRow]]
    mark: str
    comma: bool


def tables_of(sample: Sample) -> list[Table]:
    """Returns the tables of a file: the sheets of a workbook, or the one of a text.

    Args:
        sample: its beginning.

    Raises:
        InputError: it is a workbook, and damaged or of another kind.
    """
    if is_workbook(sample):
        return [_sheet(sample.path, name, rows) for name, rows in sheets(sample)]
    marks = [mark for mark in MARKS if mark in sample.text[:NEAR]]
    lines = _lines(sample) if marks else []
    mark = _mark(lines, marks)
    if mark is None:
        return []
    quoting = _quoting(lines, mark)
    beginning = _parsed(lines, mark, quoting)

    def rows() -> Iterator[NumberedRow]:
        return rows_of_text(sample.path, mark, quoting)

    return [Table(sample.path, "", beginning, rows, mark, mark != ",")]


def _lines(sample: Sample) -> list[str]:
    """Returns the first lines of a text as they stand, without one that the sample cuts."""
    lines = sample.text.splitlines(keepends=True)
    return lines[: min(BEGINNING, max(1, len(sample.lines)))]


def _mark(lines: list[str], marks: list[str]) -> str | None:
    """Returns what parts the columns; None if nothing parts most lines alike."""
    best, most = None, 0.0
    for mark in marks:
        widths = Counter(len(row) for row in _parsed(lines, mark, _quoting(lines, mark)) if row)
        wide = [(count, width) for width, count in widths.items() if width > 1]
        share = max(wide)[0] / widths.total() if wide else 0.0
        if share >= ALIKE and share > most:
            best, most = mark, share
    return best or _mark_of_few(lines, marks)


def _mark_of_few(lines: list[str], marks: list[str]) -> str | None:
    """Returns what parts the columns where more lines come before the table than are in it."""
    for mark in marks:
        rows = [row for row in _parsed(lines, mark, _quoting(lines, mark)) if row]
        if len(rows) > 1 and len(rows[-1]) == len(rows[-2]) > 1:
            return mark
    return None


def _quoting(lines: list[str], mark: str) -> Quoting:
    """Returns how quotes are read: programs that write tabs often have none, only words in them."""
    if mark != "\t":
        return QUOTES
    try:
        for _ in csv.reader(lines, delimiter=mark, strict=True):
            pass
    except csv.Error:
        return NO_QUOTES
    return QUOTES


def _parsed(lines: list[str], mark: str, quoting: Quoting) -> list[list[str]]:
    """Returns the values of lines, as far as they can be read."""
    rows = []
    reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=mark, quoting=quoting)
    try:
        for row in reader:
            rows.append([shown(value) for value in row])
    except csv.Error:
        pass
    return rows


def rows_of_text(path: Path, mark: str = ",", quoting: Quoting = QUOTES) -> Iterator[NumberedRow]:
    """Yields (line number, values) of each line of a text.

    Args:
        path: the file.
        mark: what parts the columns.
        quoting: how the ``csv`` module takes quotes.

    Raises:
        InputError: the file cannot be read, or a line is far too long.
    """
    with open_encoded(path, "labels") as file:
        lines = BoundedLines(file, path)
        try:
            reader = csv.reader(lines, delimiter=mark, quoting=quoting)
            for row in reader:
                lines.taken = 0
                yield reader.line_num, row
        except csv.Error as error:
            raise InputError(f"{path} cannot be read as a table: {error}") from None


def shown(value: str) -> str:
    """Returns a value without spaces around it, and without what would break a message's line."""
    return value.strip().translate(CONTROLS)


def _sheet(path: Path, name: str, rows: Callable[[], Iterator[NumberedRow]]) -> Table:
    beginning = [[shown(value) for value in row] for _, row in islice(rows(), BEGINNING)]
    return Table(path, name, beginning, rows, "", True)

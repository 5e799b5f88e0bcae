"""Sheets of a workbook (.xlsx), read by python-calamine.

A workbook is a zip of XML from a stranger. Its size unpacked is looked up before it is opened, and
so are its furthest cells, since the library keeps the whole rectangle up to them.
"""

import datetime
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from preprocessing.errors import InputError, shorten
from preprocessing.files.csv_rows import NumberedRow
from preprocessing.labels.formats.sample import Sample

MOST_BYTES = 1 << 29
# Tables are packed to a tenth or so.
MOST_PACKED, LEAST_PACKED = 200, 1 << 16
MOST_CELLS = 20_000_000
BLOCK = 1 << 20
# The longest place of a cell, with its quotes, that two blocks may share.
SHARED = 24
CELL = re.compile(rb'[ \t\n]r="([A-Z]{1,3})(\d{1,7})"')
SHEET = "xl/worksheets/"
# All that ``zipfile`` raises for archives that are damaged, or locked.
DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError)
# Workbooks of Excel before 2007, and what is in the same container.
OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def is_workbook(sample: Sample) -> bool:
    """Returns whether a file is a spreadsheet, of any program."""
    named = b"xl/" in sample.head or b"opendocument.spreadsheet" in sample.head[:200]
    return sample.head.startswith(OLD) or (sample.is_zip and named)


def sheets(sample: Sample) -> list[tuple[str, Callable[[], Iterator[NumberedRow]]]]:
    """Returns the sheets of a workbook that hold something: (name, begins to read its rows).

    Args:
        sample: its beginning.

    Raises:
        InputError: it is damaged, too large, or of another kind.
    """
    path = sample.path
    if not is_workbook(sample):
        return []
    if b"xl/" not in sample.head or sample.head.startswith(OLD):
        raise InputError(
            f"cannot read labels from {path}: of spreadsheets only .xlsx is read; save it as such, "
            "or as .csv"
        )
    try:
        import python_calamine
    except ImportError:
        raise InputError(
            f"{path} is a workbook, and reading it needs python-calamine: pip install "
            '"longtake[labels]"'
        ) from None
    _require_moderate(sample)
    try:
        book = python_calamine.load_workbook(str(path))
        found = [book.get_sheet_by_name(name) for name in book.sheet_names]
    except Exception as error:
        reason = shorten(" ".join(str(error).split()))
        raise InputError(f"cannot read labels from {path}: {reason}") from None
    return [(sheet.name, _reader(sheet)) for sheet in found if sheet.height]


def _reader(sheet: Any) -> Callable[[], Iterator[NumberedRow]]:
    """Returns what yields (row number, values as text) of a sheet."""
    first = sheet.start[0] if sheet.start else 0

    def rows() -> Iterator[NumberedRow]:
        for number, row in enumerate(sheet.iter_rows(), 1):
            yield number, [_text(value) for value in row]

    def from_its_first() -> Iterator[NumberedRow]:
        for number, row in enumerate(sheet.to_python(), first + 1):
            yield number, [_text(value) for value in row]

    return from_its_first if first else rows


def _text(value: Any) -> str:
    """Returns the value of a cell as a text file would have it: times and lengths in seconds."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, datetime.timedelta):
        return repr(value.total_seconds())
    if isinstance(value, datetime.time):
        return value.isoformat()
    return str(value)


def _require_moderate(sample: Sample) -> None:
    """Checks that a workbook is not far larger than it looks, in bytes and in cells.

    Raises:
        InputError: it is, or it is damaged.
    """
    path = sample.path
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > MOST_BYTES:
                raise InputError(
                    f"cannot read labels from {path}: unpacked it has more than {MOST_BYTES:,} "
                    "bytes; save the sheet as .csv"
                )
            for member in members:
                if member.filename.startswith(SHEET) and member.filename.endswith(".xml"):
                    _require_few_cells(sample, archive, member)
    except DAMAGE as error:
        raise InputError(
            f"cannot read labels from {path}: {error}; the workbook is damaged, save it again"
        ) from None


def _require_few_cells(sample: Sample, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    if member.file_size > MOST_PACKED * max(member.compress_size, LEAST_PACKED):
        raise InputError(
            f"cannot read labels from {sample.path}: a sheet of {member.file_size:,} bytes is "
            f"packed into {member.compress_size:,}, as no table is; save the table alone as .csv"
        )
    columns = rows = 1
    kept = b""
    with archive.open(member) as file:
        while block := file.read(BLOCK):
            for letters, digits in CELL.findall(kept + block):
                columns, rows = max(columns, _column(letters)), max(rows, int(digits))
            kept = block[-SHARED:]
    if columns * rows > MOST_CELLS:
        raise InputError(
            f"cannot read labels from {sample.path}: a sheet of it reaches over {rows:,} rows and "
            f"{columns:,} columns; save the table alone as .csv"
        )


def _column(letters: bytes) -> int:
    """Returns the number of a column, from 1: B is 2, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number

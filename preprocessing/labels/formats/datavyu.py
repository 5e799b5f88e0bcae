"""Projects of Datavyu (.opf): a zip, whose ``db`` has columns of cells.

    #4
    hands (MATRIX,true,)-hand|NOMINAL,look|NOMINAL        a column and its codes
    00:00:28:846,00:02:37:944,(left,1)                    onset, offset, a value a code

The last part of a time is milliseconds. A column with several codes is a tier of cells, whose class
is all values with commas between them, and each code is a tier of its own besides, ``hands.hand``.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TextIO

from preprocessing.errors import InputError
from preprocessing.files.encoding import LOOKED_AT, encoding_of
from preprocessing.files.text_files import MOST_TEXT, BoundedLines
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering, Place, placed, short
from preprocessing.labels.formats.sample import Sample

MEMBER = "db"
# Lines of a text in a cell.
MOST_CONTINUED = 1000
MOST_ARCHIVE = 1 << 24
BRACKET = re.compile(r"(?<!\\)\(")
CELL = re.compile(r"(\d+):(\d\d):(\d\d):(\d{3}),(\d+):(\d\d):(\d\d):(\d{3}),?(.*)", re.DOTALL)
# A declaration of old projects, of which nothing is needed.
PREDICATE = re.compile(r"\d+:\w+-.+\|")
# A comma or a letter, or what a backslash takes away the meaning of.
LETTERS = re.compile(r"\\(.)|(,)|([^\\,]+)", re.DOTALL)
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    KeyError,
    ValueError,
)


class _Column(NamedTuple):
    """A column.

    Attributes:
        name: what it is called.
        codes: names of the values of a cell, none if it has one that has no name.
    """

    name: str
    codes: list[str]


def recognises(sample: Sample) -> bool:
    """Returns whether a file is a project of Datavyu.

    Args:
        sample: its beginning.
    """
    try:
        if not sample.is_zip or sample.path.stat().st_size > MOST_ARCHIVE:
            return False
        with zipfile.ZipFile(sample.path) as archive:
            return {MEMBER, "project"} <= {name.rpartition("/")[2] for name in archive.namelist()}
    except (*DAMAGE, OSError):
        return False


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads all columns of a project.

    Args:
        path: the file.
        choices: nothing of them matters here.

    Raises:
        InputError: it is damaged.
    """
    gathering = Gathering(path, points=True)
    try:
        with zipfile.ZipFile(path) as archive:
            member = _database(archive)
            with archive.open(member) as file:
                head = file.read(LOOKED_AT)
            encoding = encoding_of(head, len(head) < LOOKED_AT) or "utf-8"
            with io.TextIOWrapper(archive.open(member), encoding, newline="") as text:
                for column, start, end, values, place in _cells(text, path):
                    _add(gathering, column, (start, end), values, place)
    except OSError as error:
        raise InputError(f"cannot read labels from {path}: {error.strerror or error}") from None
    except InputError:
        # Which is a ValueError, as some damage of archives is.
        raise
    except DAMAGE as error:
        raise InputError(f"{path} is a damaged project of Datavyu: {short(str(error))}") from None
    return Reading(gathering.annotations, remarks=gathering.remarks())


def _database(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Returns the member that holds the columns; older projects have it in a folder.

    Raises:
        ValueError: there is none, or it is far too large.
    """
    members = [one for one in archive.infolist() if one.filename.rpartition("/")[2] == MEMBER]
    if not members or members[0].file_size > MOST_TEXT:
        raise ValueError(f"expected a member {MEMBER} of at most {MOST_TEXT:,} bytes")
    return members[0]


def _cells(text: TextIO, path: Path) -> Iterator[tuple[_Column, float, float, list[str], Place]]:
    """Yields the cells of all columns: column, onset, offset, values, place.

    Raises:
        InputError: a line is neither cell nor column.
    """
    column: _Column | None = None
    lines = BoundedLines(text, path)
    for number, line in enumerate(lines, 1):
        place = placed("db line", str(number))
        lines.taken = 0
        line = line.rstrip("\r\n")
        for _ in range(MOST_CONTINUED):
            if not line.endswith("\\") or line.endswith("\\\\"):
                break
            line = line[:-1] + "\n" + next(lines, "").rstrip("\r\n")
        if cell := CELL.fullmatch(line):
            if column is None:
                raise InputError(f"{path} {place()}: a cell before the first column")
            values = _values(cell[9], bool(column.codes))
            yield column, _seconds(cell.groups()[:4]), _seconds(cell.groups()[4:8]), values, place
        elif line and not line.startswith("#") and not PREDICATE.match(line):
            column = _column(line, path, place)


def _column(line: str, path: Path, place: Place) -> _Column:
    """Reads the line that a column begins with.

    Raises:
        InputError: it is none.
    """
    name, *declared = BRACKET.split(line, maxsplit=1)
    _, closed, codes = "".join(declared).partition(")")
    if not closed or not name.strip():
        raise InputError(f"{path} {place()}: {short(line)}; expected a column or a cell")
    named = [code.partition("|")[0].replace("\\", "") for code in codes.lstrip("-").split(",")]
    return _Column(name.strip().replace("\\", ""), [code for code in named if code])


def _values(written: str, has_codes: bool) -> list[str]:
    """Returns the values of a cell."""
    if has_codes and written.startswith("(") and written.endswith(")"):
        written = written[1:-1]
    values: list[list[str]] = [[]]
    for escaped, comma, letters in LETTERS.findall(written):
        if comma and has_codes:
            values.append([])
        else:
            values[-1].append(escaped or comma or letters)
    return ["".join(value).strip() for value in values]


def _seconds(parts: tuple[str, ...]) -> float:
    """Returns the seconds of hours, minutes, seconds and milliseconds."""
    hours, minutes, seconds, milliseconds = (int(part) for part in parts)
    return (hours * 3600 + minutes * 60 + seconds) + milliseconds / 1000


def _add(
    gathering: Gathering,
    column: _Column,
    times: tuple[float, float],
    values: list[str],
    place: Place,
) -> None:
    """Takes a cell, and each of its values where it can have several."""
    gathering.add(Annotation("", *times, ",".join(values), tier=column.name), place)
    if len(column.codes) > 1:
        for code, value in zip(column.codes, values, strict=False):
            gathering.add(Annotation("", *times, value, tier=f"{column.name}.{code}"), place)


DATAVYU = Format("datavyu", "Datavyu projects (.opf)", recognises, read)

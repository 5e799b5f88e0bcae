"""The cells of a row, as the values of an annotation."""

import re
from collections.abc import Callable, Iterator, Sequence

from preprocessing.errors import InputError, counted, shorten
from preprocessing.files.csv_rows import NumberedRow
from preprocessing.files.numerals import number_or_nan
from preprocessing.labels.formats.tabular.found import Found
from preprocessing.labels.formats.tabular.table import Table
from preprocessing.labels.formats.tabular.times import NOTHING

Row = list[str]
Cell = Callable[[Row], str]
# Between modifiers that share a cell, and what stands for none of several.
MODIFIERS = "|"
NO_MODIFIER = NOTHING | {"None"}


class LeftOut:
    """Intervals that are left out since they end where they begin, or before: their number."""

    def __init__(self) -> None:
        self._number, self._first = 0, ""

    def add(self, said: str) -> None:
        """Counts one more, of which the line and its content are said."""
        self._number += 1
        self._first = self._first or said

    def remarks(self) -> Iterator[str]:
        """Yields what a person should know of them, if there are any."""
        if self._number:
            yield (
                f"{counted(self._number, 'interval')} left out that end where they begin or before "
                f"({self._first})"
            )


def rows_of(table: Table, found: Found) -> Iterator[NumberedRow]:
    """Yields (line number, values) of the rows below the header that hold something.

    Args:
        table: the table.
        found: where things stand in it.

    Raises:
        InputError: the file cannot be read, or goes on with rows that belong to another one.
    """
    aside = re.compile(found.preset.comment).match if found.preset.comment else None
    block = re.compile(found.preset.block).fullmatch if found.preset.block else None
    blocks = 0
    for count, (line, row) in enumerate(table.rows()):
        if block and row and not any(row[1:2]) and block(row[0].strip()) and not any(row[1:]):
            blocks += 1
            if blocks > 1:
                raise InputError(
                    f"{table.path} line {line}: {shorten(row[0])!r} begins the rows of another "
                    "file; export with the names of files in a column, or each file by itself"
                )
        elif count >= found.begins and any(row) and not (aside and aside(row[0])):
            yield line, row


def cell(places: Sequence[int], joined: str = " ") -> Cell:
    """Returns what gives the text of a column, or of several with something between them.

    Args:
        places: indices of the columns; none gives an empty text.
        joined: what stands between several.
    """
    if not places:
        return lambda row: ""
    if len(places) == 1:
        (at,) = places
        return lambda row: row[at].strip() if at < len(row) else ""
    if joined == " ":
        return lambda row: " ".join(text for text in _texts(row, places) if text)
    return lambda row: joined.join(_texts(row, places))


def modifiers(row: Row, places: Sequence[int]) -> tuple[str, ...]:
    """Returns the modifiers of a row, one or several a column.

    Args:
        row: its values.
        places: indices of the columns.
    """
    texts = (part.strip() for text in _texts(row, places) for part in text.split(MODIFIERS))
    return tuple(text for text in texts if text not in NO_MODIFIER)


def confidence_of(text: str, where: str) -> float | None:
    """Returns a share from 0 to 1; None if there is none.

    Args:
        text: the cell.
        where: the file and the line, for the message.

    Raises:
        InputError: it is no such share.
    """
    if text in NOTHING:
        return None
    if not 0 <= (share := number_or_nan(text)) <= 1:
        raise InputError(f"{where}: confidence {shorten(text)!r}; expected a number from 0 to 1")
    return share


def _texts(row: Row, places: Sequence[int]) -> list[str]:
    return [row[at].strip() for at in places if at < len(row)]

"""Tables of a row a video, whose annotations share a cell: ``c092 11.9 21.2;c147 0 12.6``."""

import math
import sys
from collections.abc import Iterator

from preprocessing.errors import InputError, shorten
from preprocessing.files.numerals import number_or_nan
from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.formats.tabular.cells import LeftOut, cell, rows_of
from preprocessing.labels.formats.tabular.found import Found
from preprocessing.labels.formats.tabular.table import Table


class Actions:
    """Annotations of such a table.

    Args:
        table: the table.
        found: where things stand in it.

    Attributes:
        media: videos, with or without annotations.
    """

    def __init__(self, table: Table, found: Found):
        self._table, self._found = table, found
        self.media: dict[str, None] = {}
        self._dropped = LeftOut()

    def read(self) -> Iterator[Annotation]:
        """Yields the annotations of all rows.

        Raises:
            InputError: a cell is damaged, with its line.
        """
        places = self._found.places
        sequence, actions, subject = (
            cell(places.get(key, ())) for key in ("sequence", "actions", "subject")
        )
        for line, row in rows_of(self._table, self._found):
            media = sys.intern(sequence(row))
            self.media[media] = None
            for text in filter(None, map(str.strip, actions(row).split(";"))):
                label, start, end = self._parts(line, text)
                if end > start:
                    yield Annotation(media, start, end, sys.intern(label), subject(row))
                else:
                    self._dropped.add(f"line {line}: {shorten(text)!r}")

    def remarks(self) -> Iterator[str]:
        """Yields what a person should know of annotations that were left out."""
        yield from self._dropped.remarks()

    def _parts(self, line: int, text: str) -> tuple[str, float, float]:
        parts = text.rsplit(None, 2)
        numbers = [number_or_nan(part) for part in parts[1:]]
        if len(parts) != 3 or not all(map(math.isfinite, numbers)):
            raise InputError(
                f"{self._table.path} line {line}: {shorten(text)!r}; expected a name, and the "
                "seconds where it begins and ends"
            )
        return parts[0], numbers[0], numbers[1]

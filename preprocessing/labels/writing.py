"""Writing of label files: tables of intervals, of one label per sequence, or of numbers."""

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from preprocessing.files.whole_file import whole_file

INTERVAL_FIELDS = ("sequence", "start", "end", "label")
SEQUENCE_FIELDS = ("sequence", "label")
NUMBER_FIELDS = ("sequence", "time")
# What may stand behind the label: how sure a model is of it. Whoever reads labels passes over it.
CONFIDENCE = "confidence"


def write_intervals(path: Path, rows: Iterable[tuple[Any, ...]], sure: bool = False) -> None:
    """Writes intervals so that ``read_labels`` reads the same back.

    Args:
        path: the CSV file.
        rows: (sequence, start in seconds, end in seconds, label), and the confidence if ``sure``.
        sure: whether there is a column of confidences.
    """
    # Nine decimals: no difference of floating-point numbers shows, no time is moved.
    rounded = ((name, round(begin, 9), round(end, 9), *rest) for name, begin, end, *rest in rows)
    _write_rows(path, _fields(INTERVAL_FIELDS, sure), rounded)


def write_sequence_labels(path: Path, rows: Iterable[tuple[Any, ...]], sure: bool = False) -> None:
    """Writes one label per sequence so that ``read_labels`` reads the same back.

    Args:
        path: the CSV file.
        rows: (sequence, label), and the confidence if ``sure``.
        sure: whether there is a column of confidences.
    """
    _write_rows(path, _fields(SEQUENCE_FIELDS, sure), rows)


def write_numbers(path: Path, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Writes numbers so that ``read_labels`` reads the same back.

    Args:
        path: the CSV file.
        columns: K names.
        rows: (sequence, seconds, K numbers); a number that is NaN becomes an empty cell.
    """
    cells = (
        (name, round(float(time), 9), *("" if math.isnan(value) else value for value in values))
        for name, time, *values in rows
    )
    _write_rows(path, (*NUMBER_FIELDS, *columns), cells)


def _fields(own: tuple[str, ...], sure: bool) -> tuple[str, ...]:
    return (*own, CONFIDENCE) if sure else own


def _write_rows(path: Path, fields: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    with whole_file(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([fields, *rows])

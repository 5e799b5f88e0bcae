"""CSV tables: a line of column names, then a line a step."""

import csv
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from preprocessing.errors import InputError
from preprocessing.feature_files.base import BLOCK_STEPS, Block, Selection, Table


def open_table(path: Path, selection: Selection) -> Table:
    """Opens a ``.csv`` file.

    Raises:
        InputError: it has no line of column names, or lacks a column.
    """
    lines = _lines(path)
    header = [name.strip() for name in next(lines, [])]
    if len(set(header)) != len(header) or not header:
        raise InputError(f"{path}: expected a first line of column names, each once; got {header}")
    if selection.label_column is not None and selection.label_column not in header:
        raise InputError(
            f"{path} has no column {selection.label_column!r}; its columns are {', '.join(header)}"
        )
    chosen = selection.choose(path, header)
    return Table(path, chosen, _blocks(path, lines, header, chosen, selection.label_column))


def _lines(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline=None) as file:
            yield from csv.reader(file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as CSV: {error}") from None


def _blocks(
    path: Path,
    lines: Iterator[list[str]],
    header: list[str],
    chosen: list[str],
    label_column: str | None,
) -> Iterator[Block]:
    pick = [header.index(name) for name in chosen]
    label = header.index(label_column) if label_column is not None else None
    numbered = ((number, row) for number, row in enumerate(lines, start=2) if row)
    while rows := list(itertools.islice(numbered, BLOCK_STEPS)):
        features = np.array([_numbers(path, number, row, header, pick) for number, row in rows])
        named = [] if label is None else [sys.intern(row[label].strip()) for _, row in rows]
        yield Block(features, named)


def _numbers(
    path: Path, number: int, row: list[str], header: list[str], pick: list[int]
) -> list[float]:
    if len(row) != len(header):
        raise InputError(f"{path} line {number} has {len(row)} values; expected {len(header)}")
    try:
        return [float(row[column]) for column in pick]
    except ValueError:
        bad = next(column for column in pick if not _is_number(row[column]))
        raise InputError(
            f"{path} line {number}: {header[bad]} is {row[bad]!r}, not a number; choose the "
            "feature columns with --columns, or name the labels with --label-column"
        ) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True

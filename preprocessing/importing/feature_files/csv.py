"""CSV tables: a line of column names, then one line per step."""

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from preprocessing.errors import InputError, OptionError, shorten
from preprocessing.files.csv_rows import NumberedRow, all_rows, require_commas
from preprocessing.files.numerals import is_number, to_numbers
from preprocessing.importing.feature_files.base import (
    Block,
    Selection,
    Table,
    block_steps,
    listed,
    no_column,
)

VALUE_BYTES = 64
# How the first line of a table of DeepLabCut begins.
POSES = "scorer"


@dataclass(frozen=True)
class Columns:
    """The columns of a CSV table.

    Attributes:
        names: all columns.
        features: numbers of the feature columns.
        time: number of the column of times, or None.
        label: number of the column of labels, or None.
    """

    names: list[str]
    features: list[int]
    time: int | None
    label: int | None


def open_table(path: Path, selection: Selection) -> Table:
    """Opens a ``.csv`` file.

    Args:
        path: the file.
        selection: the columns to take.

    Raises:
        InputError: the file has no line of column names, or lacks a column.
    """
    if selection.dataset is not None or selection.time_last:
        raise OptionError(f"{path} is a table, a line a step: no --dataset, no --time-axis last")
    lines = all_rows(path, "features")
    header = [name.strip() for name in next(lines, (1, []))[1]]
    require_commas(path, header)
    _require_names(path, header)
    chosen = selection.choose(f"{path}", header)
    places = {name: number for number, name in enumerate(header)}
    columns = Columns(
        names=header,
        features=[places[name] for name in chosen],
        time=_number(path, header, selection.time_column),
        label=_number(path, header, selection.label_column),
    )
    timed = columns.time is not None
    return Table(f"{path}", chosen, _blocks(path, lines, columns), timed=timed, row="line")


def _number(path: Path, header: list[str], name: str | None) -> int | None:
    if name is None:
        return None
    if name not in header:
        raise no_column(f"{path}", name, header)
    return header.index(name)


def _require_names(path: Path, header: list[str]) -> None:
    """Refuses a first line that is not one of names."""
    if header[:1] == [POSES]:
        raise InputError(
            f"{path} is a table of poses as DeepLabCut writes it; positions are no features yet: "
            "docs/from-pose.md has a script that makes them"
        )
    if not header or len(set(header)) != len(header):
        shown = shorten(listed(header)) or "nothing"
        raise InputError(f"{path}: expected a first line of column names, each once; got {shown}")
    if all(map(_is_value, header)):
        raise InputError(
            f"{path}: expected a first line of column names; got the numbers "
            f"{shorten(listed(header))}. Put a line of names above them"
        )


def _is_value(text: str) -> bool:
    """Returns True if a text is a number, or what programs write for a missing number."""
    return is_number(text) or text.lower().lstrip("+-") in ("nan", "inf", "infinity")


def _blocks(path: Path, lines: Iterator[NumberedRow], columns: Columns) -> Iterator[Block]:
    numbered = ((number, row) for number, row in lines if row)
    size = block_steps(len(columns.names) * VALUE_BYTES)
    pick = columns.features + ([] if columns.time is None else [columns.time])
    while rows := list(itertools.islice(numbered, size)):
        values = np.array([_numbers(path, number, row, columns, pick) for number, row in rows])
        yield Block(
            features=values[:, : len(columns.features)],
            numbers=[number for number, _ in rows],
            times=None if columns.time is None else values[:, -1],
            labels=[]
            if columns.label is None
            else [sys.intern(row[columns.label].strip()) for _, row in rows],
        )


def _numbers(
    path: Path, number: int, row: list[str], columns: Columns, pick: list[int]
) -> list[float]:
    if len(row) != len(columns.names):
        raise InputError(
            f"{path} line {number} has {len(row)} values; expected {len(columns.names)}"
        )
    try:
        return to_numbers([row[column] for column in pick])
    except ValueError:
        bad = next(column for column in pick if not is_number(row[column]))
        name, text = shorten(columns.names[bad]), shorten(row[bad])
        said = f"{path} line {number}: {name} is {text!r}, not a number"
        if bad == columns.time:
            raise InputError(f"{said}; expected a time") from None
        if not row[bad].strip() or _is_value(row[bad]):
            raise InputError(f"{said}; every feature must be one, mend the file") from None
        raise InputError(
            f"{said}; choose the feature columns with --columns, or name the labels with "
            "--label-column"
        ) from None

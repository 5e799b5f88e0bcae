"""Tables of our own: intervals, one label a sequence, or numbers over time."""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from preprocessing.errors import InputError, shorten
from preprocessing.files.csv_rows import NumberedRow, csv_rows, require_commas
from preprocessing.files.numerals import number_or_nan
from preprocessing.labels.annotated import BySequence, rows_of, settled
from preprocessing.labels.base import LabelOptions, Labels
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.suggestion import suggested
from preprocessing.labels.formats.tabular.cells import confidence_of
from preprocessing.labels.intervals import IntervalLabels
from preprocessing.labels.named import SequenceLabels
from preprocessing.labels.numbers import NumberLabels
from preprocessing.labels.writing import (
    CONFIDENCE,
    INTERVAL_FIELDS,
    NUMBER_FIELDS,
    SEQUENCE_FIELDS,
)

# Of float32, as it is written: a little more, but rounded to it again.
LARGEST = 3.4028235e38


def read_table(options: LabelOptions) -> Labels:
    """Reads intervals, labels of whole sequences, or numbers.

    Args:
        options: the file and how to read it.

    Raises:
        InputError: it begins otherwise, or a line is bad.
    """
    path, body = options.path, _rows(options.path)
    _, header = next(body)
    require_commas(path, header)
    fields = own_fields(header)
    if fields in (INTERVAL_FIELDS, SEQUENCE_FIELDS):
        require_names_wanted(options, f"holds class names ({','.join(fields)})")
    if fields == INTERVAL_FIELDS and options.choices.priority:
        return IntervalLabels(rows_of(intervals_of_table(path, options.choices)), options)
    if fields == INTERVAL_FIELDS:
        return IntervalLabels((_interval(path, *numbered) for numbered in body), options)
    if fields == SEQUENCE_FIELDS:
        return SequenceLabels(_labels_of_sequences(path, body), options)
    if fields[:2] == NUMBER_FIELDS and len(fields) > 2:
        return _read_numbers(options, header, body)
    raise InputError(unknown_table(path, header, options))


def is_table_of_intervals(path: Path) -> bool:
    """Returns whether a file begins as our own tables of intervals do."""
    _, header = next(csv_rows(path))
    return own_fields(header) == INTERVAL_FIELDS


def own_fields(header: Iterable[str]) -> tuple[str, ...]:
    """Returns the columns of a table by which its form is told, without that of confidences.

    Args:
        header: the values of its first line.
    """
    fields = tuple(name.strip().lower() for name in header)
    sure = fields in ((*INTERVAL_FIELDS, CONFIDENCE), (*SEQUENCE_FIELDS, CONFIDENCE))
    return fields[:-1] if sure else fields


def _rows(path: Path) -> Iterator[NumberedRow]:
    """Yields the rows of a table of our own; one that a person added need not have a confidence."""
    return csv_rows(path, lambda header: len(header) - len(own_fields(header)))


def intervals_of_table(path: Path, choices: LabelChoices) -> BySequence:
    """Returns the intervals of each sequence, in order of time.

    Args:
        path: a table of intervals.
        choices: what settles overlaps.

    Raises:
        InputError: a line is bad.
    """
    body = _rows(path)
    next(body)
    by_sequence: BySequence = {}
    for sequence_id, start, end, label in (_interval(path, *numbered) for numbered in body):
        by_sequence.setdefault(sequence_id, []).append((start, end, label))
    return settled(by_sequence, choices.priority)


def unknown_table(path: Path, header: list[str], options: LabelOptions) -> str:
    """Returns the message that a table has columns that say nothing by themselves.

    Args:
        path: the file.
        header: the values of its first line.
        options: how labels are read.
    """
    columns = "" if options.task == "regression" else f", or what column is what: {suggested(path)}"
    return f"{path} begins with {_shown(header)}; expected a line {_expected(options)}{columns}"


def require_names_wanted(options: LabelOptions, what: str) -> None:
    """Checks that classes are to be learned, where labels are names.

    Args:
        options: the file and how to read it.
        what: says what it holds, for the message.

    Raises:
        InputError: numbers are to be learned.
    """
    if options.task == "regression":
        raise InputError(
            f"{options.path} {what}, --task regression expects a CSV file that begins with a line "
            f"{_expected(options)}; give --task classification or multilabel to learn classes"
        )


def _read_numbers(
    options: LabelOptions, header: list[str], body: Iterable[NumberedRow]
) -> NumberLabels:
    path, columns = options.path, header[len(NUMBER_FIELDS) :]
    if options.task != "regression":
        raise InputError(
            f"{path} holds numbers ({_shown(header)}), --task {options.task} expects a line "
            f"{_expected(options)}; give --task regression to learn numbers"
        )
    if "" in columns or len(set(columns)) < len(columns):
        raise InputError(
            f"{path} begins with {_shown(header)}; expected a name of its own for each column"
        )
    places = [
        place
        for place, name in enumerate(header)
        if place >= len(NUMBER_FIELDS) and name not in options.ignored
    ]
    chosen = [header[place] for place in places]
    rows = (
        (
            row[0],
            _seconds(path, line, row[1]),
            [_number(path, line, header[place], row[place]) for place in places],
        )
        for line, row in body
    )
    labels = NumberLabels(chosen, rows, options)
    labels.names = frozenset(columns)
    return labels


def _expected(options: LabelOptions) -> str:
    """Returns the first lines of the CSV files that a task reads, for messages."""
    if options.task == "regression":
        return f"{','.join(NUMBER_FIELDS)},<columns>"
    return f"{','.join(INTERVAL_FIELDS)} or {','.join(SEQUENCE_FIELDS)}"


def _shown(header: list[str]) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in ",".join(header))
    return shorten(plain) or "nothing"


def _labels_of_sequences(path: Path, body: Iterable[NumberedRow]) -> Iterator[tuple[str, str]]:
    for line, (sequence_id, label, *sure) in body:
        _require_share(path, line, sure)
        yield sequence_id, label


def _require_share(path: Path, line: int, sure: list[str]) -> None:
    """Checks that nothing but a confidence is passed over, such as a label with a comma in it.

    Raises:
        InputError: there is something else.
    """
    for text in sure:
        confidence_of(text, f"{path} line {line}")


def _interval(path: Path, number: int, row: list[str]) -> tuple[str, float, float, str]:
    _require_share(path, number, row[len(INTERVAL_FIELDS) :])
    sequence_id, start_text, end_text, label = row[: len(INTERVAL_FIELDS)]
    start, end = number_or_nan(start_text), number_or_nan(end_text)
    if not 0 <= start < end < np.inf:
        raise InputError(
            f"{path} line {number}: start {shorten(start_text)!r} and end {shorten(end_text)!r}; "
            "expected seconds with 0 <= start < end"
        )
    return sequence_id, start, end, label


def _seconds(path: Path, line: int, text: str) -> float:
    if not math.isfinite(seconds := number_or_nan(text)):
        raise InputError(f"{path} line {line}: time {shorten(text)!r}; expected seconds")
    return seconds


def _number(path: Path, line: int, column: str, text: str) -> float:
    """Converts a cell to a number, NaN if it is empty.

    Raises:
        InputError: the cell holds something else, or too large a number.
    """
    if not text:
        return math.nan
    if not abs(number := number_or_nan(text)) <= LARGEST:
        raise InputError(
            f"{path} line {line}: {shorten(column)} {shorten(text)!r}; expected a number of at "
            f"most {LARGEST:.2g} either way, or nothing where there is none"
        )
    return number

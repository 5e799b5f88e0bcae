"""Label files: told apart by what is given, read, and written.

intervals.csv   sequence,start,end,label    seconds; a step is labelled if start <= t < end
a folder        <sequence_id>.txt           one class name a line, a line a frame or a step
classes.csv     sequence,label              one label for the whole sequence
"folders"       the folder that a sequence lies in is its label
"""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from preprocessing.console import note
from preprocessing.errors import InputError
from preprocessing.failures import is_failed
from preprocessing.labels import (
    FrameLabels,
    IntervalLabels,
    LabelOptions,
    Labels,
    SequenceLabels,
)
from preprocessing.store import FeatureStore
from preprocessing.whole_file import whole_file

FOLDERS = "folders"
INTERVAL_FIELDS = ("sequence", "start", "end", "label")
SEQUENCE_FIELDS = ("sequence", "label")


def read_labels(options: LabelOptions, store: FeatureStore) -> Labels:
    """Reads labels in whichever form they are, and checks that the store has their sequences.

    Raises:
        InputError: no such form, a bad line, or sequences that the store lacks.
    """
    stored = store.ids()
    labels = _read(options, stored)
    missing = set(labels.ids()) - set(stored)
    failed = {name for name in missing if is_failed(store.root, name)}
    if unknown := sorted(missing - failed):
        raise InputError(
            f"{options.path} labels {len(unknown)} sequences that {store.root} does not have "
            f"({_some(unknown)}); {_advice(unknown[0], stored)}"
        )
    if failed:
        note(f"{len(failed)} labelled sequences failed to be extracted ({_some(sorted(failed))})")
    return labels


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _advice(name: str, stored: list[str]) -> str:
    """What to do about a sequence that is not there."""
    for other in stored:
        if other.endswith(f"/{name}") or name.endswith(f"/{other}"):
            return f"the store has {other}: an id is a path from the folder given to extract on"
    return "extract them or take them out of the labels"


def write_intervals(path: Path, rows: Iterable[tuple[str, float, float, str]]) -> None:
    """Writes intervals so that ``read_labels`` reads the same back."""
    # Nine decimals: no difference of floating-point numbers shows, no time is moved.
    rounded = ((name, round(begin, 9), round(end, 9), label) for name, begin, end, label in rows)
    _write_rows(path, INTERVAL_FIELDS, rounded)


def write_sequence_labels(path: Path, rows: Iterable[tuple[str, str]]) -> None:
    """Writes one label a sequence so that ``read_labels`` reads the same back."""
    _write_rows(path, SEQUENCE_FIELDS, rows)


def _write_rows(
    path: Path, fields: tuple[str, ...], rows: Iterable[tuple[str | float, ...]]
) -> None:
    with whole_file(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([fields, *rows])


def _read(options: LabelOptions, stored: list[str]) -> Labels:
    if str(options.path) == FOLDERS:
        rows = ((sequence_id, _folder(sequence_id)) for sequence_id in stored)
        return SequenceLabels(rows, options)
    if options.path.is_dir():
        return FrameLabels(_text_files(options.path), options)
    try:
        rows_of_file = list(csv.reader(io.StringIO(_read_text(options.path), newline="")))
    except csv.Error as error:
        raise InputError(f"{options.path} cannot be read as CSV: {error}") from None
    fields = tuple(name.strip().lower() for name in rows_of_file[0]) if rows_of_file else ()
    body = [(n, row) for n, row in enumerate(rows_of_file[1:], start=2) if any(row)]
    for number, row in body:
        if len(row) != len(fields):
            raise InputError(
                f"{options.path} line {number} has {len(row)} values; expected {len(fields)}"
            )
    if fields == INTERVAL_FIELDS:
        return IntervalLabels([_interval(options.path, *numbered) for numbered in body], options)
    if fields == SEQUENCE_FIELDS:
        return SequenceLabels([(row[0].strip(), row[1].strip()) for _, row in body], options)
    raise InputError(
        f"{options.path} begins with {','.join(fields) or 'nothing'}; expected a line "
        f"{','.join(INTERVAL_FIELDS)} or {','.join(SEQUENCE_FIELDS)}"
    )


def _interval(path: Path, number: int, row: list[str]) -> tuple[str, float, float, str]:
    sequence_id, start_text, end_text, label = (value.strip() for value in row)
    try:
        start, end = float(start_text), float(end_text)
    except ValueError:
        start, end = np.nan, np.nan
    if not 0 <= start < end < np.inf:
        raise InputError(
            f"{path} line {number}: start {start_text!r} and end {end_text!r}; expected seconds "
            "with 0 <= start < end"
        )
    return sequence_id, start, end, label


def _folder(sequence_id: str) -> str:
    folder, slash, _ = sequence_id.rpartition("/")
    if not slash:
        raise InputError(f"--labels folders: sequence {sequence_id!r} lies in no folder of its own")
    return folder


def _text_files(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Yields (sequence id, lines) of each text file in a folder, walked recursively."""
    for path in sorted(root.rglob("*.txt")):
        lines = [line.strip() for line in _read_text(path).removesuffix("\n").split("\n")]
        if not any(lines):
            raise InputError(f"{path} is empty; expected a class name a line")
        yield path.relative_to(root).with_suffix("").as_posix(), lines


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not a UTF-8 text file: {error.reason}") from None
    except OSError as error:
        raise InputError(f"cannot read labels from {path}: {error.strerror}") from None

"""Reading of label files, whose form is told by their content.

intervals.csv   sequence,start,end,label    seconds; a step is labelled if start <= t < end
a folder        <sequence_id>.txt           one class name a line, a line a frame or a step
classes.csv     sequence,label              one label for the whole sequence
"folders"       the folder that a sequence lies in is its label
numbers.csv     sequence,time,<columns>     for regression; seconds, straight lines between rows

For multilabel, intervals may overlap, a line has names with commas between them, and a sequence has
as many rows as labels.
"""

import csv
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np

from preprocessing.errors import InputError, counted, shorten, some
from preprocessing.files.csv_rows import NumberedRow, csv_rows, require_commas
from preprocessing.files.failures import FILE_NAME as FAILURES
from preprocessing.files.failures import failed_among
from preprocessing.files.folders import files_below
from preprocessing.files.numerals import number_or_nan
from preprocessing.files.text_files import read_lines
from preprocessing.labels.annotated import (
    BySequence,
    correct,
    intervals_of,
    read_files,
    rows_of,
    settled,
)
from preprocessing.labels.base import LabelOptions, Labels
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.refused import UNREADABLE
from preprocessing.labels.formats.registry import format_of
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.suggestion import suggested
from preprocessing.labels.frames import FrameLabels
from preprocessing.labels.intervals import IntervalLabels
from preprocessing.labels.name_lines import names_of, why_no_classes, why_no_names
from preprocessing.labels.named import SequenceLabels
from preprocessing.labels.numbers import NumberLabels
from preprocessing.labels.writing import INTERVAL_FIELDS, NUMBER_FIELDS, SEQUENCE_FIELDS
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.hints import hint
from preprocessing.terminal.console import note

FOLDERS = "folders"
# Of float32, as it is written: a little more, but rounded to it again.
LARGEST = 3.4028235e38
DIGESTED_BYTES = 1 << 20


def read_labels(options: LabelOptions, store: FeatureStore) -> Labels:
    """Reads labels of any form, and checks that the store has their sequences.

    Sequences whose video or file could not be used are left out, with a note.

    Args:
        options: the file and how to read it.
        store: the store of the features.

    Raises:
        InputError: the form is unknown, a line is bad, or the store lacks a sequence.
    """
    stored = store.ids()
    if not stored and not (store.root / FAILURES).exists():
        raise InputError(
            f"there are no sequences in {store.root}: `longtake extract` makes a store of videos, "
            "`longtake import` one of feature files; give --store the folder that they made"
        )
    labels = _read(options, store)
    missing = set(labels.ids()) - set(stored)
    failed = failed_among(store.root, missing)
    if unknown := sorted(missing - failed):
        advice = hint(unknown[0], stored) or "extract them or take them out of the labels"
        raise InputError(
            f"{options.path} labels {counted(len(unknown), 'sequence')} that {store.root} does not "
            f"have ({some(unknown)}); {advice}"
        )
    for sequence_id in failed:
        labels.leave_out(sequence_id)
    if failed:
        note(
            f"{counted(len(failed), 'labelled sequence')} could not be extracted or "
            f"imported: left out ({some(sorted(failed))}); {store.root / FAILURES} says why"
        )
    if not labels.ids():
        raise InputError(f"{store.root} has none of the sequences that {options.path} labels")
    return labels


def read_labels_alone(options: LabelOptions) -> Labels:
    """Reads labels of any form of which no store has the sequences, or none is at hand.

    Args:
        options: the file and how to read it.

    Raises:
        InputError: the form is unknown, a line is bad, or only a store has the labels or can say
            how long a line lasts.
    """
    if str(options.path) == FOLDERS:
        raise InputError("the folders of a store are its labels; give --store to say which")
    if options.path.is_dir() and options.fps is None:
        raise InputError(
            f"{options.path} is a folder of text files, and how long a line lasts is not known; "
            "give --store, or --label-fps"
        )
    return _read(options, None)


def labels_digest(path: Path) -> str:
    """Returns a hexadecimal digest of label files, which tells whether they have changed."""
    hashed = blake2b(digest_size=8)
    files = _digested(path) if path.is_dir() else [path]
    for file in files if str(path) != FOLDERS else ():
        hashed.update(f"{file.name}\0".encode())
        with file.open("rb") as opened:
            while block := opened.read(DIGESTED_BYTES):
                hashed.update(block)
    return hashed.hexdigest()


def _digested(folder: Path) -> list[Path]:
    """Returns the files of a folder that labels may be read from."""
    choices = LabelChoices()
    texts = _texts(folder)
    others = sorted(set(files_below(folder)) - set(texts))
    return texts + [path for path in others if _is_format(path, choices)]


def _shown(header: list[str]) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in ",".join(header))
    return shorten(plain) or "nothing"


def _read(options: LabelOptions, store: FeatureStore | None) -> Labels:
    paths = (options.path, *options.corrections)
    if options.corrections or _is_annotated(options.path, options.choices):
        _require_names_wanted(options, "holds class names")
        by_sequence: BySequence = {}
        for path in paths:
            correct(by_sequence, _intervals(path, options, store))
        return IntervalLabels(rows_of(by_sequence), options)
    _require_use(options)
    if str(options.path) == FOLDERS and store:
        _require_names_wanted(options, "says the name of a class")
        rows = ((sequence_id, _folder(sequence_id)) for sequence_id in store.ids())
        return SequenceLabels(rows, options)
    if options.path.is_dir():
        _require_names_wanted(options, "is a folder, of text files with class names")
        _require_texts(options.path)
        frames = store.frames if store else lambda sequence_id: None
        return FrameLabels(_text_files(options), options, frames)
    return _read_csv(options)


def _require_use(options: LabelOptions) -> None:
    """Notes options that do nothing for labels of our own forms."""
    text = options.path.is_dir() and str(options.path) != FOLDERS
    if options.fps is not None and not text:
        note(
            f"--label-fps {options.fps:g} does nothing: it is for labels that count frames or "
            f"lines, and --labels is {options.path}"
        )


def _is_annotated(path: Path, choices: LabelChoices) -> bool:
    """Returns whether labels are in a format of another program.

    Raises:
        InputError: a file is known to hold no labels that are read.
    """
    if str(path) == FOLDERS:
        return False
    if path.is_dir():
        return bool(_annotated_files(path, choices))
    if choices.format is None and _is_own(path):
        return False
    found = format_of(path, choices)
    if found is UNREADABLE:
        found.read(path, choices)
    return found is not None


def _is_own(path: Path) -> bool:
    """Returns whether a file begins as our own tables do."""
    first = next(csv.reader(Sample(path).lines[:1]), [])
    fields = tuple(name.strip().lower() for name in first)
    return fields in (INTERVAL_FIELDS, SEQUENCE_FIELDS) or fields[:2] == NUMBER_FIELDS


def _annotated_files(folder: Path, choices: LabelChoices) -> list[Path]:
    """Returns the files of a folder that are in formats of other programs.

    There are none if it is a folder of text files with a class name a line.
    """
    found = [path for path in sorted(files_below(folder)) if _is_format(path, choices)]
    texts = _texts(folder)
    if texts and not set(texts) & set(found):
        if found:
            note(
                f"{counted(len(found), 'file')} beside the text files of {folder}: not read "
                f"({some([path.name for path in found])})"
            )
        return []
    return found


def _is_format(path: Path, choices: LabelChoices) -> bool:
    """Returns whether a file among those of a folder is in a format of another program."""
    found = format_of(path, choices)
    return found is not None and not found.alone


def _intervals(path: Path, options: LabelOptions, store: FeatureStore | None) -> BySequence:
    """Returns the intervals of one label file, or of a folder of them.

    Raises:
        InputError: it holds none, or one is bad.
    """
    if not _is_annotated(path, options.choices):
        return _own_intervals(path, options.choices)
    if not path.is_dir():
        return intervals_of(read_files([path], options.choices), options, store)
    files = _annotated_files(path, options.choices)
    if left := sorted(set(files_below(path)) - set(files)):
        note(
            f"{counted(len(left), 'file')} of {path} in no known format of labels: not read "
            f"({some([one.name for one in left])})"
        )
    return intervals_of(read_files(files, options.choices), options, store)


def _own_intervals(path: Path, choices: LabelChoices) -> BySequence:
    if str(path) == FOLDERS or path.is_dir():
        raise InputError(
            f"--labels {path} holds no intervals, which are needed where several label files are "
            "given; make some of it: longtake labels"
        )
    body = csv_rows(path)
    _, header = next(body)
    if tuple(name.lower() for name in header) != INTERVAL_FIELDS:
        raise InputError(
            f"{path} begins with {_shown(header)}; expected {','.join(INTERVAL_FIELDS)} where "
            "several label files are given"
        )
    by_sequence: BySequence = {}
    for sequence_id, start, end, label in (_interval(path, *numbered) for numbered in body):
        by_sequence.setdefault(sequence_id, []).append((start, end, label))
    return settled(by_sequence, choices.priority)


def _read_csv(options: LabelOptions) -> Labels:
    path, body = options.path, csv_rows(options.path)
    _, header = next(body)
    require_commas(path, header)
    fields = tuple(name.lower() for name in header)
    if fields in (INTERVAL_FIELDS, SEQUENCE_FIELDS):
        _require_names_wanted(options, f"holds class names ({','.join(fields)})")
    if fields == INTERVAL_FIELDS and options.choices.priority:
        return IntervalLabels(rows_of(_own_intervals(path, options.choices)), options)
    if fields == INTERVAL_FIELDS:
        return IntervalLabels((_interval(path, *numbered) for numbered in body), options)
    if fields == SEQUENCE_FIELDS:
        return SequenceLabels(((row[0], row[1]) for _, row in body), options)
    if fields[:2] == NUMBER_FIELDS and len(fields) > 2:
        return _read_numbers(options, header, body)
    columns = "" if options.task == "regression" else f", or what column is what: {suggested(path)}"
    raise InputError(
        f"{path} begins with {_shown(header)}; expected a line {_expected(options)}{columns}"
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


def _require_names_wanted(options: LabelOptions, what: str) -> None:
    if options.task == "regression":
        raise InputError(
            f"{options.path} {what}, --task regression expects a CSV file that begins with a line "
            f"{_expected(options)}; give --task classification or multilabel to learn classes"
        )


def _expected(options: LabelOptions) -> str:
    """Returns the first lines of the CSV files that a task reads, for messages."""
    if options.task == "regression":
        return f"{','.join(NUMBER_FIELDS)},<columns>"
    return f"{','.join(INTERVAL_FIELDS)} or {','.join(SEQUENCE_FIELDS)}"


def _interval(path: Path, number: int, row: list[str]) -> tuple[str, float, float, str]:
    sequence_id, start_text, end_text, label = row
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


def _folder(sequence_id: str) -> str:
    folder, slash, _ = sequence_id.rpartition("/")
    if not slash:
        raise InputError(
            f"--labels folders: sequence {shorten(sequence_id)!r} lies in no folder of its own"
        )
    return folder


def _text_files(options: LabelOptions) -> Iterator[tuple[str, list[str]]]:
    """Yields (sequence id, lines) of each text file in a folder, walked recursively.

    Raises:
        InputError: a file is empty, or a table, or all together are no list of classes.
    """
    many = options.task == "multilabel"
    total, names, path = 0, set[str](), options.path
    for path in _texts(options.path):
        lines = [sys.intern(line) for line in read_lines(path, "labels")]
        # Lines without a name say nothing, unless they say that none of the classes is there.
        if not path.stat().st_size or (options.task != "multilabel" and not any(lines)):
            raise InputError(f"{path} is empty; expected a class name a line")
        if why := why_no_names(lines, many):
            raise InputError(f"{path} is {why}; expected a class name a line, or {suggested(path)}")
        total += len(lines)
        names.update(names_of(lines, many))
        yield path.relative_to(options.path).with_suffix("").as_posix(), lines
    if why := why_no_classes(names, total):
        raise InputError(
            f"{options.path} is {why}; expected a class name a line, or {suggested(path)}"
        )


def _require_texts(folder: Path) -> None:
    """Checks that there are text files in a folder of labels.

    Raises:
        InputError: there are none; what there is instead is named.
    """
    if _texts(folder):
        return
    found = Counter(path.suffix or "without a suffix" for path in files_below(folder))
    kinds = found.most_common(3)
    shown = ", ".join(f"{counted(count, 'file')} {suffix}" for suffix, count in kinds)
    raise InputError(
        f"--labels {folder}: looked for <sequence>.txt, a class name a line, and found "
        f"{shown or 'nothing'}; intervals of all sequences go into one CSV file, which is given by "
        "its name"
    )


def _texts(folder: Path) -> list[Path]:
    """Returns the text files of a folder; where there are none, those without a suffix."""
    texts = sorted(path for path in files_below(folder, {".txt"}) if path.suffix == ".txt")
    return texts or sorted(path for path in files_below(folder) if not path.suffix)

"""Reading of label files, whose form is told by their content.

intervals.csv   sequence,start,end,label    seconds; a step is labelled if start <= t < end
a folder        <sequence_id>.txt           one class name a line, a line a frame or a step
classes.csv     sequence,label              one label for the whole sequence
"folders"       the folder that a sequence lies in is its label
numbers.csv     sequence,time,<columns>     for regression; seconds, straight lines between rows

For multilabel, intervals may overlap, a line has names with commas between them, and a sequence has
as many rows as labels.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from preprocessing.errors import InputError, counted, shorten, some
from preprocessing.files.failures import FILE_NAME as FAILURES
from preprocessing.files.failures import failed_among
from preprocessing.files.folders import files_below
from preprocessing.files.own_output import is_own
from preprocessing.labels.annotated import (
    BySequence,
    correct,
    intervals_of,
    read_files,
    rows_of,
)
from preprocessing.labels.base import LabelOptions, Labels
from preprocessing.labels.class_runs import class_runs
from preprocessing.labels.frames import FrameLabels
from preprocessing.labels.intervals import IntervalLabels
from preprocessing.labels.label_files import FOLDERS, annotated_files, of_other_programs
from preprocessing.labels.named import NamedLabels, SequenceLabels
from preprocessing.labels.own_tables import (
    intervals_of_table,
    is_table_of_intervals,
    read_table,
    require_names_wanted,
)
from preprocessing.labels.text_folder import read_texts, require_texts
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.hints import hint
from preprocessing.terminal.console import note


def read_labels(options: LabelOptions, store: FeatureStore, are_true: bool = True) -> Labels:
    """Reads labels of any form, and checks that the store has their sequences.

    Sequences whose video or file could not be used are left out, with a note.

    Args:
        options: the file and how to read it.
        store: the store of the features.
        are_true: whether they are to be learned, or to measure by.

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
    if are_true:
        _note_uncorrected(options)
    missing = set(labels.ids()) - set(stored)
    failed = failed_among(store.root, missing)
    if unknown := sorted(missing - failed):
        advice = hint(unknown[0], stored) or (
            "extract or import them, or take them out of the labels"
            if len(unknown) < len(labels.ids())
            else f"it has others ({some(stored)}): one of the two is to be named as the other is"
        )
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


def _note_uncorrected(options: LabelOptions) -> None:
    """Notes label files that still are what a model answered, as a command wrote them."""
    for path in (options.path, *options.corrections):
        files = files_below(path) if path.is_dir() else ()
        if any(map(is_own, (path, path.parent, *files))):
            note(
                f"{path} is as longtake wrote it, and nobody has corrected it: a model's answers "
                "count as true labels, in the test too, and figures of it are too good"
            )


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
    lines = options.path.is_dir() and options.fps is None
    if lines and not annotated_files(options.path, options.choices):
        require_texts(options.path)
        raise InputError(
            f"{options.path} is a folder of text files, and how long a line lasts is not known; "
            "give --store, or --label-fps"
        )
    return _read(options, None)


def _read(options: LabelOptions, store: FeatureStore | None) -> Labels:
    files = of_other_programs(options.path, options)
    if files or options.corrections:
        require_names_wanted(options, "holds class names")
        by_sequence = _intervals(options, files, store)
        for path in options.corrections:
            later = replace(options, path=path)
            correct(by_sequence, _intervals(later, of_other_programs(path, options), store))
        return IntervalLabels(rows_of(by_sequence), options)
    _require_use(options)
    if str(options.path) == FOLDERS and store:
        require_names_wanted(options, "says the name of a class")
        rows = ((sequence_id, _folder(sequence_id)) for sequence_id in store.ids())
        return SequenceLabels(rows, options)
    if options.path.is_dir():
        require_names_wanted(options, "is a folder, of text files with class names")
        require_texts(options.path)
        frames = store.frames if store else lambda sequence_id: None
        return FrameLabels(read_texts(options), options, frames)
    return read_table(options)


def _require_use(options: LabelOptions) -> None:
    """Notes options that do nothing for labels of our own forms."""
    text = options.path.is_dir() and str(options.path) != FOLDERS
    if options.fps is not None and not text:
        note(
            f"--label-fps {options.fps:g} does nothing: it is for labels that count frames or "
            f"lines, and --labels is {options.path}"
        )


def _intervals(
    options: LabelOptions, files: Sequence[Path], store: FeatureStore | None
) -> BySequence:
    """Returns the intervals of one label file, or of a folder of them.

    Args:
        options: the file or folder, and how it is read.
        files: those in formats of other programs; none if the form is our own.
        store: has the sequences; None if none is at hand.

    Raises:
        InputError: it holds none, or one is bad.
    """
    path = options.path
    if not files:
        # A name that counts as no label is left to whoever reads the intervals.
        return _own_intervals(replace(options, corrections=(), ignored=()), store)
    if not path.is_dir():
        return intervals_of(read_files(files, options.choices), options, store)
    if left := sorted(set(files_below(path)) - set(files)):
        note(
            f"{counted(len(left), 'file')} of {path} in no known format of labels: not read "
            f"({some([one.name for one in left])})"
        )
    return intervals_of(read_files(files, options.choices, path), options, store)


def _own_intervals(options: LabelOptions, store: FeatureStore | None) -> BySequence:
    """Returns the intervals of labels of our own forms, which others correct.

    Raises:
        InputError: they are bad, or only a store could say how long they are.
    """
    if options.path.is_file() and is_table_of_intervals(options.path):
        return intervals_of_table(options.path, options.choices)
    labels = read_labels(options, store) if store else _read(options, None)
    if store is None or not isinstance(labels, NamedLabels):
        raise InputError(
            f"{options.path} holds no intervals, which are needed where several label files are "
            "given, or a store that says how long a line lasts; give --store"
        )
    return {name: sorted(class_runs(labels, store.info(name))) for name in labels.ids()}


def _folder(sequence_id: str) -> str:
    folder, slash, _ = sequence_id.rpartition("/")
    if not slash:
        raise InputError(
            f"--labels folders: sequence {shorten(sequence_id)!r} lies in no folder of its own"
        )
    return folder

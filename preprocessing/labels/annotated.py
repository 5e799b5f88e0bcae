"""Label files of other programs, as intervals of classes of the sequences that they mean.

files  -> all that they say -> what was chosen of it -> whose sequence it is -> seconds -> intervals
          (formats)            (selection)              (media_names)           (frame_times)
"""

import gc
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

from preprocessing.errors import InputError, counted, shorten
from preprocessing.files.failures import failed_among
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import OPEN, Annotation, Reading
from preprocessing.labels.formats.registry import read_annotations
from preprocessing.labels.frame_times import FrameClock, frame_clock
from preprocessing.labels.media_names import MediaNames
from preprocessing.labels.overlaps import Interval, corrected, first_of, joined
from preprocessing.labels.selection import class_name, selection
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.console import note

BySequence = dict[str, list[Interval]]
# Remarks on several files are alike where they differ in numbers alone.
NUMBER = re.compile(r"\d+")


class AnnotatedFile(NamedTuple):
    """A label file, and all that it says.

    Attributes:
        path: the file.
        reading: what it holds.
        name: stands for its video where it names none.
    """

    path: Path
    reading: Reading
    name: str = ""


def read_files(
    paths: Iterable[Path], choices: LabelChoices, folder: Path | None = None
) -> list[AnnotatedFile]:
    """Reads label files of other programs; remarks on how are notes, one for each kind.

    Args:
        paths: the files.
        choices: how they are read.
        folder: where they lie, if it is a folder that was given.

    Raises:
        InputError: a file is damaged, of no known format, or given by itself and without labels.
    """
    files = []
    remarks: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        with _uncollected():
            reading = read_annotations(path, choices)
        if reading is None:
            raise InputError(
                f"{path} is in no format of labels that is known; `longtake labels --formats` "
                "lists them"
            )
        if folder is None and not (reading.annotations or reading.media):
            raise InputError(": ".join((f"{path} holds no labels", *reading.remarks)))
        for remark in reading.remarks:
            remarks[NUMBER.sub("0", remark)].append(f"{path}: {remark}")
        files.append(_named_after(path, folder, reading))
    for alike in remarks.values():
        several = f"in {counted(len(alike), 'file')}, such as " if len(alike) > 1 else ""
        note(several + alike[0])
    return files


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pauses the garbage collector, which would look at millions of rows again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _named_after(path: Path, folder: Path | None, reading: Reading) -> AnnotatedFile:
    """Lets the name of a file, below its folder, stand for that of a video, where it names none."""
    below = path.relative_to(folder) if folder else Path(path.name)
    name = below.with_suffix("").as_posix()
    named = [one if one.media else Annotation(name, *one[1:]) for one in reading.annotations]
    reading.annotations = named
    return AnnotatedFile(path, reading, name)


def intervals_of(
    files: Sequence[AnnotatedFile], options: LabelOptions, store: FeatureStore | None
) -> BySequence:
    """Returns the intervals of classes of each sequence, in seconds, in order of time.

    Those of one class do not overlap; those of several may, where no priority settles it.

    Args:
        files: label files.
        options: how they are read.
        store: has the sequences; None if none is at hand.

    Raises:
        InputError: a choice is needed, a state was never ended, or nothing says how long a frame
            lasts or which sequence is meant.
    """
    choices, found = options.choices, _Found(options, store)
    where = _shown(file.path for file in files)
    everything = [one for file in files for one in file.reading.annotations]
    chosen = selection(everything, choices, where)
    for file in files:
        found.add(file, filter(chosen, file.reading.annotations))
    return found.finished(where)


def names_for(store: FeatureStore | None, choices: LabelChoices) -> MediaNames:
    """Returns what finds the sequences that label files mean.

    Args:
        store: has the sequences; None if none is at hand.
        choices: how labels are read.
    """
    if store is None:
        return MediaNames((), choices.media_map)
    root = store.root
    return MediaNames(store.ids(), choices.media_map, lambda name: bool(failed_among(root, {name})))


class _Found:
    """Intervals of label files that are being read."""

    def __init__(self, options: LabelOptions, store: FeatureStore | None):
        self._options, self._store = options, store
        self._names = names_for(store, options.choices)
        self._clock = cache(lambda name: frame_clock(name, options.fps, store))
        self._by_sequence: BySequence = defaultdict(list)
        self._points = 0

    def add(self, file: AnnotatedFile, taken: Iterable[Annotation]) -> None:
        """Adds what was taken of a file."""
        choices = self._options.choices
        for one in taken:
            own = one.media == file.name
            name = self._names.own(one.media) if own else self._names.sequence(one.media)
            start, end = self._seconds(file, name, one)
            if end is None:
                if choices.point_seconds is None:
                    self._points += 1
                    continue
                end = start + choices.point_seconds / 2
                start = max(0.0, start - choices.point_seconds / 2)
            if end > max(start, 0.0):
                label = class_name(one, choices)
                self._by_sequence[name].append((max(start, 0.0), end, label))

    def _seconds(
        self, file: AnnotatedFile, name: str, one: Annotation
    ) -> tuple[float, float | None]:
        if one.end == OPEN:
            unit = "s" if file.reading.unit == "seconds" else "frames"
            raise InputError(
                f"{file.path}: {shorten(one.label)!r} of {shorten(one.media)} begins at "
                f"{one.start:.6g} {unit} and is never ended; end it where it ends, or take it out"
            )
        if file.reading.unit == "seconds":
            return one.start, one.end
        clock: FrameClock = self._clock(name)
        return clock(one.start), None if one.end is None else clock(one.end)

    def finished(self, where: str) -> BySequence:
        """Returns all intervals, settled by priority where that is asked.

        Raises:
            InputError: there are none, since all are points.
        """
        self._names.note_shortened()
        if self._points and not self._by_sequence:
            raise InputError(
                f"{where} holds {counted(self._points, 'point')} in time and no intervals; give "
                "--point-seconds to say how long a point has its label"
            )
        if self._points:
            note(
                f"{where}: {counted(self._points, 'point')} in time left out; --point-seconds "
                "gives them a length"
            )
        return settled(self._by_sequence, self._options.choices.priority)


def settled(by_sequence: BySequence, priority: Sequence[str]) -> BySequence:
    """Returns intervals of which those of one class are joined, and overlaps settled by priority.

    Args:
        by_sequence: intervals of each sequence.
        priority: classes, the first of which wins; empty to leave overlaps as they are.
    """
    return {
        name: first_of(joined(intervals), priority) if priority else joined(intervals)
        for name, intervals in by_sequence.items()
    }


def correct(before: BySequence, later: Mapping[str, Sequence[Interval]]) -> None:
    """Lets later labels win, in place, where they label.

    Args:
        before: intervals of each sequence.
        later: those of a file that corrects them.
    """
    for name, intervals in later.items():
        before[name] = corrected(before.get(name, ()), intervals)


def rows_of(by_sequence: BySequence) -> Iterator[tuple[str, float, float, str]]:
    """Yields (sequence, start, end, label) of all intervals.

    Args:
        by_sequence: intervals of each sequence.
    """
    for name, intervals in by_sequence.items():
        for start, end, label in intervals:
            yield name, start, end, label


def _shown(paths: Iterable[Path]) -> str:
    first, *others = paths
    return f"{first} and {len(others)} more" if others else str(first)

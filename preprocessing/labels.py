"""What each step of each sequence shows, kept apart from the features.

Times count from the sequence's ``start_time``, which is what players show as 0.
"""

import itertools
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.sequence_file import SequenceInfo

UNLABELLED = -1
# Containers round times, Matroska to milliseconds; a label's edge is met this much before its time.
ROUNDING_SECONDS = 6e-4
ROUNDING_SHARE = 0.25


@dataclass(frozen=True)
class LabelOptions:
    """How labels are read.

    Attributes:
        path: a CSV file, a folder of text files, or ``folders``.
        fps: lines per second of the text files; None for a line a step.
        tolerance: seconds by which labels and sequence may differ in length.
        ignored: names that count as no label.
    """

    path: Path
    fps: float | None = None
    tolerance: float = 1.0
    ignored: tuple[str, ...] = ()


class Labels(ABC):
    """What each step of each sequence shows.

    Attributes:
        classes: sorted names; a step's label is an index into them.
        names: all names that occur, ignored ones too.
    """

    def __init__(self, names: Iterable[str], options: LabelOptions):
        self.options = options
        self.names = frozenset(names) - {""}
        self.classes = tuple(sorted(self.names - set(options.ignored)))
        self._index = {name: index for index, name in enumerate(self.classes)}
        if not self.classes:
            raise InputError(f"{options.path} holds no label; expected at least one")

    @abstractmethod
    def ids(self) -> Collection[str]:
        """Sequences that have a label."""

    @abstractmethod
    def check(self, info: SequenceInfo) -> None:
        """Raises ``InputError`` if the labels of a sequence do not fit its length."""

    @abstractmethod
    def at(self, info: SequenceInfo, start: int, times: NDArray[np.float64]) -> NDArray[np.int32]:
        """Labels of consecutive steps.

        Args:
            info: the sequence.
            start: number of the first step.
            times: ``<float64>[n]``, timestamps of the steps.

        Returns:
            ``<int32>[n]``, indices into ``classes``, ``UNLABELLED`` where there is none.
        """

    def index(self, name: str) -> int:
        """The index of a class name, ``UNLABELLED`` for ignored names."""
        return self._index.get(name, UNLABELLED)

    def use_classes(self, classes: Iterable[str]) -> None:
        """Counts labels by the classes of a trained model instead of their own.

        Raises:
            InputError: a label is none of them.
        """
        known = tuple(classes)
        if extra := sorted(set(self.classes) - set(known)):
            raise InputError(
                f"{self.options.path} has the label {extra[0]!r}, which the model was not trained "
                f"on; it knows {', '.join(known)} (--ignore-label leaves a label out)"
            )
        self.classes = known
        self._index = {name: index for index, name in enumerate(known)}


class IntervalLabels(Labels):
    """Rows of ``sequence,start,end,label``."""

    def __init__(self, rows: Iterable[tuple[str, float, float, str]], options: LabelOptions):
        self._intervals: dict[str, list[tuple[float, float, str]]] = {}
        for sequence_id, start, end, label in rows:
            self._intervals.setdefault(sequence_id, []).append((start, end, label))
        super().__init__(
            (label for rows in self._intervals.values() for _, _, label in rows), options
        )
        for sequence_id, intervals in self._intervals.items():
            intervals.sort()
            self._refuse_overlap(sequence_id, intervals)

    def ids(self) -> Collection[str]:
        return self._intervals.keys()

    def check(self, info: SequenceInfo) -> None:
        last = self._intervals[info.sequence_id][-1][1]
        if last > info.end + self.options.tolerance:
            raise InputError(_misfit(self.options, info, f"{last:.2f} s", f"{info.end:.2f} s"))

    def at(self, info: SequenceInfo, start: int, times: NDArray[np.float64]) -> NDArray[np.int32]:
        rows = self._intervals[info.sequence_id]
        starts = np.array([row[0] for row in rows])
        ends = np.array([row[1] for row in rows])
        names = np.array([self.index(row[2]) for row in rows], np.int32)
        seconds = _seconds(info, times)
        row = np.searchsorted(starts, seconds, side="right") - 1
        inside = (row >= 0) & (seconds < ends[row])
        return np.where(inside, names[row], UNLABELLED).astype(np.int32)

    def _refuse_overlap(self, sequence_id: str, rows: list[tuple[float, float, str]]) -> None:
        for (start, end, label), (next_start, next_end, other) in itertools.pairwise(rows):
            if next_start < end - 1e-6:
                raise InputError(
                    f"{self.options.path}: {sequence_id} is {label!r} from {start} to {end} s and "
                    f"{other!r} from {next_start} to {next_end} s; labels of a classification must "
                    "not overlap"
                )


class FrameLabels(Labels):
    """For each sequence, a class name a line; a line lasts a frame of the labels, or a step."""

    def __init__(self, lines: Iterable[tuple[str, list[str]]], options: LabelOptions):
        self._lines: dict[str, NDArray[np.int32]] = {}
        names: dict[str, int] = {}
        for sequence_id, named in lines:
            codes = [names.setdefault(name, len(names)) for name in named]
            self._lines[sequence_id] = np.array(codes, np.int32)
        self._names = tuple(names)
        super().__init__(names, options)

    def ids(self) -> Collection[str]:
        return self._lines.keys()

    def check(self, info: SequenceInfo) -> None:
        lines, fps = len(self._lines[info.sequence_id]), self.options.fps
        if fps is None and lines != info.steps:
            given, found = f"{lines} lines", f"{info.steps} steps"
            raise InputError(
                _misfit(self.options, info, given, found) + " (lines a second: --label-fps)"
            )
        if fps is not None and abs(lines / fps - info.end) > self.options.tolerance:
            given, found = f"{lines / fps:.2f} s ({lines} lines)", f"{info.end:.2f} s"
            raise InputError(_misfit(self.options, info, given, found))

    def at(self, info: SequenceInfo, start: int, times: NDArray[np.float64]) -> NDArray[np.int32]:
        lines = self._lines[info.sequence_id]
        if self.options.fps is None:
            row = np.arange(start, start + len(times))
        else:
            row = np.floor(_seconds(info, times) * self.options.fps).astype(np.int64)
        inside = (row >= 0) & (row < len(lines))
        codes = np.array([self.index(name) for name in self._names], np.int32)
        named = codes[lines[np.clip(row, 0, len(lines) - 1)]]
        return np.where(inside, named, UNLABELLED).astype(np.int32)


class SequenceLabels(Labels):
    """One label for each sequence."""

    def __init__(self, rows: Iterable[tuple[str, str]], options: LabelOptions):
        self._names: dict[str, str] = {}
        for sequence_id, label in rows:
            if self._names.setdefault(sequence_id, label) != label:
                raise InputError(
                    f"{options.path}: {sequence_id} is both {self._names[sequence_id]!r} and "
                    f"{label!r}; expected one label a sequence"
                )
        super().__init__(self._names.values(), options)

    def ids(self) -> Collection[str]:
        return self._names.keys()

    def check(self, info: SequenceInfo) -> None:
        """One label fits any length."""

    def at(self, info: SequenceInfo, start: int, times: NDArray[np.float64]) -> NDArray[np.int32]:
        return np.full(len(times), self.index(self._names[info.sequence_id]), np.int32)


def runs(names: Iterable[str], times: NDArray[np.float64]) -> Iterator[tuple[float, float, str]]:
    """Joins equal neighbours into intervals.

    Args:
        names: n class names; empty for none.
        times: ``<float64>[n + 1]`` seconds; the last is the end of the last step.

    Yields:
        (start, end, name), without those that have no name.
    """
    begin, current = 0, ""
    step = -1
    for step, name in enumerate(names):
        if name != current:
            if current:
                yield float(times[begin]), float(times[step]), current
            begin, current = step, name
    if current:
        yield float(times[begin]), float(times[step + 1]), current


def rounding_seconds(step_seconds: float) -> float:
    """How much later than it is a step counts where labels are read, far less than a step."""
    return min(ROUNDING_SECONDS, ROUNDING_SHARE * step_seconds or ROUNDING_SECONDS)


def _seconds(info: SequenceInfo, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds since the start, later by what rounding may have taken."""
    return times - info.start_time + rounding_seconds(info.step_seconds)


def _misfit(options: LabelOptions, info: SequenceInfo, given: str, found: str) -> str:
    return (
        f"labels of {info.sequence_id} in {options.path} last {given}, the sequence lasts {found}; "
        f"expected them to agree within {options.tolerance:g} s"
    )

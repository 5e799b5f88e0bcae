"""Labels: the classes or numbers of each step of each sequence, apart from the features.

Times count from the sequence's ``start_time``, which is what players show as 0.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.spans import Said, Spans
from preprocessing.store.sequence_info import SequenceInfo

TaskName = Literal["classification", "multilabel", "regression"]
Unlabelled = Literal["background", "ignore"]
UNLABELLED = -1
# The class of time without a label, where that is asked for.
BACKGROUND = "background"
# Containers round times, Matroska to milliseconds; a label's edge is met this much before its time.
ROUNDING_SECONDS = 6e-4
ROUNDING_SHARE = 0.25
# So near must labels be to a multiple of their sequence's length for that to be a mistake of units.
MULTIPLE_SHARE = 0.01


@dataclass(frozen=True)
class LabelOptions:
    """Options for reading labels.

    Attributes:
        path: a CSV file, a folder of text files, or ``folders``.
        fps: lines per second of the text files; None for a line a step.
        tolerance: seconds by which labels and sequence may differ in length.
        ignored: names that count as no label; of numbers, columns that are left out.
        task: one class a step, any number of them, or numbers.
        unlabelled: what time without a label is: ``background``, a class of its own (for
            multilabel, none of the classes); ``ignore``, left out; None for what is usual: left
            out, but none of the classes for multilabel.
        choices: what is taken of files that hold more than intervals of classes.
        corrections: more files; each wins over those before where it labels.

    Raises:
        InputError: numbers are asked to have a class for background.
    """

    path: Path
    fps: float | None = None
    tolerance: float = 1.0
    ignored: tuple[str, ...] = ()
    task: TaskName = "classification"
    unlabelled: Unlabelled | None = None
    choices: LabelChoices = field(default_factory=LabelChoices)
    corrections: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.task == "regression" and self.unlabelled == BACKGROUND:
            raise InputError(
                "--unlabelled background with --task regression: numbers have no class for time "
                "without one; give --unlabelled ignore, or leave it out"
            )


class Labels(ABC):
    """The labels of all steps of all sequences.

    Args:
        names: all names that occur, ignored ones too.
        classes: class names, sorted, or names of columns, in the order of the file.
        options: how the labels were read.

    Attributes:
        names: the argument.
        classes: the argument, until ``use_classes`` replaces it. A label is an index into the
            class names, or has a value for each class or column.
    """

    def __init__(self, names: Iterable[str], classes: Iterable[str], options: LabelOptions):
        self.names = frozenset(names)
        self.classes = tuple(classes)
        self.options = options

    @abstractmethod
    def ids(self) -> Collection[str]:
        """Returns the sequences that have a label."""

    @abstractmethod
    def leave_out(self, sequence_id: str) -> None:
        """Drops the labels of a sequence; the classes stay."""

    @abstractmethod
    def check(self, info: SequenceInfo) -> None:
        """Checks that the labels of a sequence fit its length.

        Raises:
            InputError: the lengths differ by more than the tolerance.
        """

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of a table of these labels: the classes, unless columns all have the same."""
        return self.classes

    @property
    @abstractmethod
    def sayings(self) -> Sequence[Said]:
        """All that labels say, by the numbers in ``spans``; the last, number -1, is nothing."""

    @abstractmethod
    def spans(self, info: SequenceInfo) -> Spans:
        """Cuts the time of a sequence where something else is said of it; reads no features."""

    @abstractmethod
    def end(self, sequence_id: str) -> float:
        """Returns the second at which the labels of a sequence end; 0 if they do not say."""

    @abstractmethod
    def at(self, info: SequenceInfo, start: int, times: NDArray[np.float64]) -> NDArray[Any]:
        """Returns the targets of consecutive steps; ``labelled`` tells which of them have labels.

        Args:
            info: the sequence.
            start: number of the first step.
            times: ``<float64>[n]``, timestamps of the steps.

        Returns:
            classification: ``<int32>[n]``, indices into ``classes``, ``UNLABELLED`` where there is
            none. multilabel: ``<float32>[n, C]``, 1 for a class that is there, else 0.
            regression: ``<float32>[n, K]``, a number for each column. The row of a step without a
            label is all NaN.
        """

    @abstractmethod
    def use_classes(self, classes: Iterable[str]) -> None:
        """Counts labels by the classes, or columns, of a trained model instead of their own.

        Raises:
            InputError: a class is none of the model's, or the columns are not the model's.
        """


def labelled(targets: NDArray[Any]) -> NDArray[np.bool_]:
    """Returns which steps have a label, ``<bool>[n]``, for targets of any task."""
    known: NDArray[np.bool_] = (
        np.isfinite(targets).all(axis=-1) if targets.dtype.kind == "f" else targets >= 0
    )
    return known


def rounding_seconds(step_seconds: float) -> float:
    """Returns the seconds by which a step counts as later when labels are read.

    They are far less than a step, and make up for rounded times.
    """
    return min(ROUNDING_SECONDS, ROUNDING_SHARE * step_seconds or ROUNDING_SECONDS)


def lasting(info: SequenceInfo) -> tuple[float, float]:
    """Returns the seconds, counted as labels are, at which the steps of a sequence begin and end.

    They are those of the first step, and of the end of the last.
    """
    return info.first - info.start_time, info.end


def misfit(options: LabelOptions, info: SequenceInfo, given: str, found: str) -> str:
    """Returns the message that the labels of a sequence are not as long as the sequence.

    Args:
        options: how the labels were read.
        info: the sequence.
        given: the length of the labels, in words.
        found: the length of the sequence, in words.
    """
    return (
        f"labels of {info.sequence_id} in {options.path} last {given}, the sequence lasts {found}; "
        f"expected them to agree within {options.tolerance:g} s"
    )


def require_within(options: LabelOptions, info: SequenceInfo, last: float) -> None:
    """Checks that the last label of a sequence ends with it, or before.

    Args:
        options: how labels are read.
        info: the sequence.
        last: seconds, where its labels end.

    Raises:
        InputError: it ends later; if all are a known multiple too late, their unit is named.
    """
    if last <= info.end + options.tolerance:
        return
    unit = ""
    for factor, name in _multiples(info) if info.end > 0 else ():
        if factor > 1.5 and abs(last / info.end / factor - 1) < MULTIPLE_SHARE:
            unit = f". That is {factor:.6g} times as long: {name}"
            break
    raise InputError(misfit(options, info, f"{last:.2f} s", f"{info.end:.2f} s") + unit)


def _multiples(info: SequenceInfo) -> Iterator[tuple[float, str]]:
    """Yields by how much labels may be too long, and of what that is a sign."""
    seconds = "labels must be in seconds"
    yield 1e3, f"are they in milliseconds? {seconds}"
    yield 1e6, f"are they in microseconds? {seconds}"
    yield info.steps / info.end, f"do they count steps? {seconds}"
    yield info.frames_decoded / info.end, f"do they count frames? {seconds}"
    yield 60.0, "are the times of the sequence in minutes? import it again with --time-unit min"

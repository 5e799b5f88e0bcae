"""What each step of each sequence shows, kept apart from the features.

Times count from the sequence's ``start_time``, which is what players show as 0.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from preprocessing.store.sequence_info import SequenceInfo

TaskName = Literal["classification", "multilabel", "regression"]
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
        ignored: names that count as no label; of numbers, columns that are left out.
        task: one class a step, any number of them, or numbers.
    """

    path: Path
    fps: float | None = None
    tolerance: float = 1.0
    ignored: tuple[str, ...] = ()
    task: TaskName = "classification"


class Labels(ABC):
    """What each step of each sequence shows.

    Args:
        names: see below.
        classes: see below.
        options: how the labels were read.

    Attributes:
        names: all names that occur, ignored ones too.
        classes: what a step's label is about. Class names, sorted: the label is an index into them
            or says of each whether it is there. Names of columns, as in the file: the label has a
            number for each.
    """

    def __init__(self, names: Iterable[str], classes: Iterable[str], options: LabelOptions):
        self.names = frozenset(names)
        self.classes = tuple(classes)
        self.options = options

    @abstractmethod
    def ids(self) -> Collection[str]:
        """Sequences that have a label."""

    @abstractmethod
    def leave_out(self, sequence_id: str) -> None:
        """Forgets the labels of a sequence; the classes stay."""

    @abstractmethod
    def check(self, info: SequenceInfo) -> None:
        """Raises ``InputError`` if the labels of a sequence do not fit its length."""

    def stretches(self, info: SequenceInfo) -> NDArray[np.float64]:
        """Seconds that each label of a sequence lasts, where they have a beginning and an end."""
        return np.empty(0)

    @abstractmethod
    def at(self, info: SequenceInfo, start: int, times: NDArray[np.float64]) -> NDArray[Any]:
        """Targets of consecutive steps; ``labelled`` tells which of them there are.

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
    """Which steps have a label, ``<bool>[n]``, for targets of any task; see ``Labels.at``."""
    known: NDArray[np.bool_] = (
        np.isfinite(targets).all(axis=-1) if targets.dtype.kind == "f" else targets >= 0
    )
    return known


def rounding_seconds(step_seconds: float) -> float:
    """How much later than it is a step counts where labels are read, far less than a step."""
    return min(ROUNDING_SECONDS, ROUNDING_SHARE * step_seconds or ROUNDING_SECONDS)


def misfit(options: LabelOptions, info: SequenceInfo, given: str, found: str) -> str:
    """Says that the labels of a sequence are not as long as it is."""
    return (
        f"labels of {info.sequence_id} in {options.path} last {given}, the sequence lasts {found}; "
        f"expected them to agree within {options.tolerance:g} s"
    )

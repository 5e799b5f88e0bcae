"""The options of ``labels``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions, TaskName, Unlabelled


@dataclass(frozen=True)
class LabelsConfig:
    """Shows what labels hold, before anything is trained on them.

    With --check: how long, how often and in how many sequences each class is shown, and what should
    be looked at.
    """

    labels: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="LABELS")]
    """CSV of intervals, of one label a sequence or of numbers, a folder of text files, or the word
    folders (the folder that a video lies in is its label)."""
    check: bool = False
    """Print the table of classes, and what should be looked at."""
    store: Path | None = None
    """Store of the features, which says how long sequences are; without it, they count until their
    last label."""
    splits: Path | None = None
    """JSON file, or folder with train.txt, validation.txt and test.txt: count each part."""
    label_fps: float | None = LabelOptions.fps
    """Lines per second of label text files; without it they have a line a step."""
    label_tolerance: float = LabelOptions.tolerance
    """Seconds by which labels and sequence may differ in length."""
    ignore_label: tuple[str, ...] = LabelOptions.ignored
    """Names that count as no label."""
    task: TaskName = LabelOptions.task
    """One class a step, any number of classes, or numbers."""
    unlabelled: Unlabelled | None = LabelOptions.unlabelled
    """What time without a label is; see train."""

    def __post_init__(self) -> None:
        if self.label_fps is not None and not self.label_fps > 0:
            raise InputError(f"--label-fps {self.label_fps}: expected more than 0")
        _ = self.label_options

    @property
    def label_options(self) -> LabelOptions:
        """The options for reading the labels."""
        return LabelOptions(
            self.labels,
            self.label_fps,
            self.label_tolerance,
            self.ignore_label,
            self.task,
            self.unlabelled,
        )

"""The options of ``labels``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions, TaskName
from preprocessing.labels.options import LabelReading, as_paths, reading_last


@reading_last
@dataclass(frozen=True)
class LabelsConfig(LabelReading):
    """Shows what labels hold, before anything is trained on them.

    With --check: how long, how often and in how many sequences each class is shown, and what should
    be looked at.
    """

    labels: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="LABELS...")]
    """Label files, or folders of them, in any format that --formats lists; later ones win where
    they label; or the word folders (the folder that a video lies in is its label)."""
    check: bool = False
    """Print the table of classes, and what should be looked at."""
    store: Path | None = None
    """Store of the features, which says how long sequences are; without it, they count until their
    last label."""
    splits: Path | None = None
    """JSON file, or folder with train.txt, validation.txt and test.txt: count each part."""
    task: TaskName = LabelOptions.task
    """One class a step, any number of classes, or numbers."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", as_paths(self.labels))
        if self.label_fps is not None and not self.label_fps > 0:
            raise InputError(f"--label-fps {self.label_fps}: expected more than 0")
        _ = self.label_options

    @property
    def label_options(self) -> LabelOptions:
        """The options for reading the labels."""
        return self.options_for(self.labels, self.task)

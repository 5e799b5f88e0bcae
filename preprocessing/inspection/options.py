"""The options of ``inspect``."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import tyro

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions, TaskName
from preprocessing.labels.options import LabelReading, reading_last
from preprocessing.terminal.python_values import accept_values


@reading_last
@dataclass(frozen=True)
class InspectConfig(LabelReading):
    """Shows what is in a store: sequences, steps, hours, dimension, fps, backbone, bytes.

    With --sheet, a picture of it: frames of each video beside the similarity of its features, and
    with --labels what is labelled when.
    """

    store: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    """The store's folder."""
    json: bool = False
    """Print JSON, with a row for each sequence."""
    sheet: Annotated[Path | None, tyro.conf.arg(metavar="OUT.png")] = None
    """Draw a contact sheet instead, eight sequences a page: OUT.png, OUT-2.png and so on."""
    only: Annotated[tuple[str, ...], tyro.conf.arg(metavar="ID...")] = ()
    """Show these sequences; otherwise all, or with --sheet 24 spread over the store."""
    labels: tuple[Path, ...] = ()
    """With --sheet: label files, or folders of them, in any format of docs/labels.md, which are
    drawn in colours beside the similarity; or the word folders."""
    task: TaskName = LabelOptions.task
    """One class a step, or any number of them, which may overlap."""

    def __post_init__(self) -> None:
        accept_values(self)
        if self.labels and self.sheet is None:
            raise InputError(
                "--labels is drawn by --sheet; give --sheet OUT.png, or look at the labels with "
                "`longtake labels`"
            )
        if self.task == "regression":
            raise InputError("--task regression: a sheet draws classes, no numbers; leave it out")
        if self.labels:
            _ = self.options_for(self.labels, self.task)
            return
        given = [one.name for one in fields(LabelReading) if getattr(self, one.name) != one.default]
        if self.task != LabelOptions.task:
            given.append("task")
        if given:
            option = given[0].replace("_", "-")
            raise InputError(f"--{option} says how labels are read; give --labels and --sheet, too")

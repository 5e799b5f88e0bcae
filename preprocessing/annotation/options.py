"""The options of ``labels``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions, TaskName
from preprocessing.labels.formats.writers.base import WriterName
from preprocessing.labels.options import LabelReading, reading_last
from preprocessing.terminal.python_values import accept_values


@reading_last
@dataclass(frozen=True)
class LabelsConfig(LabelReading):
    """Shows what labels hold, in any format, or writes them in another.

    Without --check and --to: sequences, classes, points, overlaps, tiers, subjects, raters, as the
    files have them. With --check: the same labels as train sees them: how long, how often and in
    how many sequences each class is shown, and what should be looked at.
    """

    labels: Annotated[
        tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="LABELS...")
    ] = ()
    """Label files, or folders of them, in any format of docs/labels.md; later ones win where
    they label; or the word folders (the folder that a video lies in is its label)."""
    to: WriterName | None = None
    """Write the labels in this format. Of several tiers, subjects and raters all are written,
    unless --tier, --subject or --rater choose; points are, where the format has a place for
    them."""
    out: Path | None = None
    """With --to: the file that is written, or the folder where the format has several files; it
    must not be there yet."""
    json: bool = False
    """Show what the labels hold as JSON."""
    formats: bool = False
    """List the formats that are read and written."""
    check: bool = False
    """Print the table of classes, and what should be looked at."""
    store: Path | None = None
    """Store of the features, which says how long sequences are, and how many frames a second their
    videos have; without it, they count until their last label."""
    splits: Path | None = None
    """JSON file, or folder with train.txt, validation.txt and test.txt: count each part."""
    task: TaskName = LabelOptions.task
    """One class a step, any number of classes, or numbers."""

    def __post_init__(self) -> None:
        accept_values(self)
        if self.label_fps is not None and not self.label_fps > 0:
            raise InputError(f"--label-fps {self.label_fps}: expected more than 0")
        if (self.to is None) != (self.out is None):
            given, lacking = ("--out", "--to") if self.to is None else ("--to", "--out")
            raise InputError(f"{given} is given without {lacking}; give both to write labels")
        jobs = ("--formats", "--check", "--to", "--json")
        asked = (self.formats, self.check, self.to is not None, self.json)
        chosen = [name for name, wanted in zip(jobs, asked, strict=True) if wanted]
        if len(chosen) > 1:
            raise InputError(f"{' and '.join(chosen)} do not go together; give one of them")
        if not (self.labels or self.formats):
            raise InputError("there is nothing to look at; give label files, or --formats")
        _ = self.formats or self.label_options

    @property
    def label_options(self) -> LabelOptions:
        """The options for reading the labels."""
        return self.options_for(self.labels, self.task)

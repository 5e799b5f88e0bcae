"""Options for reading label files, which every command with ``--labels`` has."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions, TaskName, Unlabelled
from preprocessing.labels.choices import LabelChoices

Options = TypeVar("Options")


@dataclass(frozen=True, kw_only=True)
class LabelReading:
    """The options for reading labels; commands have them beside their own."""

    label_format: str | None = LabelChoices.format
    """Name of the format of the label files, if their content does not tell it right; see
    docs/labels.md."""
    label_columns: tuple[str, ...] = LabelChoices.columns
    """For a table: which of its columns says what, as in sequence=File start=Begin end=End
    label=Behaviour; start:ms=Begin if it is in milliseconds. See docs/labels.md."""
    label_fps: float | None = LabelOptions.fps
    """Frames, or lines of text files, per second, where labels count them; without it, those of the
    store are meant: the frames of its videos, or its steps."""
    label_tolerance: float = LabelOptions.tolerance
    """Seconds by which labels and sequence may differ in length."""
    ignore_label: tuple[str, ...] = LabelOptions.ignored
    """Names that count as no label."""
    unlabelled: Unlabelled | None = LabelOptions.unlabelled
    """What time without a label is: background, a class of its own (for multilabel, none of the
    classes); ignore, left out. By default it is left out too, and said to be where it is much (for
    multilabel, it is none of the classes)."""
    subject: tuple[str, ...] = LabelChoices.subjects
    """Of label files about several people or animals: whose labels are taken; all for all."""
    tier: tuple[str, ...] = LabelChoices.tiers
    """Of label files with several sets of labels, or channels: which are taken; all for all."""
    rater: tuple[str, ...] = LabelChoices.raters
    """Of label files by several people: whose labels are taken."""
    priority: tuple[str, ...] = LabelChoices.priority
    """Where labels overlap and one class is wanted: classes, the first of which wins."""
    point_seconds: float | None = LabelChoices.point_seconds
    """Seconds around a point in time that have its label; without it points are left out."""
    modifiers: bool = LabelChoices.modifiers
    """Make classes of their own of labels with modifiers, as in walk|fast."""
    media_map: Path | None = LabelChoices.media_map
    """CSV file media,sequence: the ids of videos that label files call otherwise."""

    def options_for(self, labels: Sequence[Path], task: TaskName) -> LabelOptions:
        """Returns how label files are read.

        Args:
            labels: the files or folders, the later of which correct those before.
            task: what is learned of them.

        Raises:
            InputError: there is no file, or two options contradict each other.
        """
        if not labels:
            raise InputError("--labels names no file; expected one or more")
        choices = LabelChoices(
            self.label_format,
            self.label_columns,
            self.subject,
            self.tier,
            self.rater,
            self.priority,
            self.point_seconds,
            self.modifiers,
            self.media_map,
        )
        if self.priority and task != "classification":
            raise InputError(
                f"--priority {' '.join(self.priority)} with --task {task}: classes may overlap "
                "there; give no --priority"
            )
        return LabelOptions(
            labels[0],
            self.label_fps,
            self.label_tolerance,
            self.ignore_label,
            task,
            self.unlabelled,
            choices,
            tuple(labels[1:]),
        )


def reading_last(options: type[Options]) -> type[Options]:
    """Shows the options of ``LabelReading`` behind a command's own, in help and in files.

    Args:
        options: a dataclass that inherits them.
    """
    known: dict[str, Any] = vars(options)["__dataclass_fields__"]
    inherited = LabelReading.__dataclass_fields__
    order = sorted(known, key=lambda name: name in inherited)
    type.__setattr__(options, "__dataclass_fields__", {name: known[name] for name in order})
    return options

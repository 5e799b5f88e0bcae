"""The options of ``import``, and checks of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from preprocessing.errors import InputError
from preprocessing.files.outputs import require_file, require_folder
from preprocessing.importing.clock import Clock
from preprocessing.importing.feature_files import Selection
from preprocessing.importing.intake import Intake
from preprocessing.importing.layouts import FILES, MS_TCN, VIDEO_FEATURES, ms_tcn, video_features
from preprocessing.store.sequence_info import settings_text
from preprocessing.terminal.python_values import accept_values


@dataclass(frozen=True)
class ImportConfig:
    """Features made elsewhere to the same store that extract makes.

    Files, or folders walked recursively; a file is a sequence. A .npy, .npz, .mat or .h5 file
    holds arrays of shape [steps, features]; a .csv file a line of column names and then a line a
    step. Data laid out as for ms-tcn, or by video_features, is taken as such. What is finished
    with the same settings is skipped.
    """

    inputs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="INPUT...")]
    """Feature files, or folders of them."""
    store: Path
    """Folder that gets DIR/<sequence_id>.h5."""
    fps: float | None = None
    """Steps per second, of files that have no times."""
    format: Literal["npy", "npz", "csv", "mat", "h5"] | None = None
    """Of the files; by default told by their suffix."""
    layout: Literal["files", "ms-tcn", "video-features"] | None = None
    """Which files make a sequence; by default told by the names in the folder."""
    dataset: Annotated[str | None, tyro.conf.arg(metavar="PATTERN")] = None
    """Name of the array in npz, mat and h5 files; with * or ? each that matches is a sequence."""
    columns: tuple[str, ...] = ()
    """Names (csv) or numbers (arrays) of the feature columns; by default all but label and time."""
    streams: tuple[str, ...] = ()
    """Of video_features: kinds of features, such as rgb and flow, to join column by column."""
    time_axis: Literal["first", "last"] | None = None
    """Whether arrays are [steps, features] or [features, steps]; first, but for ms-tcn last."""
    time_column: str | None = None
    """Column of the steps' times: its name (csv), its number, or the name of another array."""
    time_unit: Literal["s", "ms", "us", "min"] | None = None
    """Of the times; s by default."""
    start_time: float | None = None
    """Second of the times from which labels count; by default the first (video_features: 0)."""
    label_column: str | None = None
    """Name of a csv column that holds a class name for each step."""
    label_fps: float | None = None
    """Of ms-tcn: lines per second of the ground truth, if not the same as --fps."""
    labels_out: Path | None = None
    """File that gets the labels as intervals: sequence,start,end,label."""
    splits_out: Path | None = None
    """Of ms-tcn: folder that gets each split as JSON, for train --splits."""
    dtype: Literal["float16", "float32"] = "float16"
    """Of the features on disk."""
    prefer: Annotated[str | None, tyro.conf.arg(metavar=".SUFFIX")] = None
    """Which to take of files that differ in their suffix only, such as .npy."""
    overwrite: bool = False
    """Make again what the store has with other settings; runs trained on it cannot go on then."""

    def __post_init__(self) -> None:
        accept_values(self)

    @property
    def unit(self) -> str:
        """The unit of the times."""
        return self.time_unit or "s"

    def selection(self, layout: str) -> Selection:
        """Returns the part of each file that is wanted."""
        time_axis = self.time_axis or ("last" if layout == MS_TCN else "first")
        return Selection(
            columns=self.columns,
            label_column=self.label_column,
            time_column=self.time_column,
            dataset=self.dataset.strip("/") if self.dataset else None,
            time_last=time_axis == "last",
        )

    def intake(self, layout: str) -> Intake:
        """Returns the settings for writing recordings into the store."""
        by_video = layout == VIDEO_FEATURES
        return Intake(
            store=self.store,
            clock=Clock(self.fps, video_features.UNIT if by_video else self.unit),
            start_time=0.0 if by_video and self.start_time is None else self.start_time,
            dtype=self.dtype,
            labelled=self.label_column is not None,
            overwrite=self.overwrite,
            reading=settings_text(
                time=(self.time_column, self.unit, self.start_time),
                time_last=self.selection(layout).time_last,
                dataset=self.dataset,
            ),
        )


def check(config: ImportConfig, layout: str) -> None:
    """Checks that the options make sense for some file.

    Args:
        config: the options.
        layout: the layout of the inputs.

    Raises:
        InputError: an option makes no sense; the first is named.
    """
    require_folder("--store", config.store)
    if config.labels_out:
        require_file("--labels-out", config.labels_out, "labels.csv")
    if config.splits_out:
        require_folder("--splits-out", config.splits_out)
    for flag, rate in (("--fps", config.fps), ("--label-fps", config.label_fps)):
        if rate is not None and not 0 < rate < np.inf:
            raise InputError(f"{flag} {rate}: expected a number per second")
    if config.start_time is not None and not np.isfinite(config.start_time):
        raise InputError(f"--start-time {config.start_time}: expected a number of seconds")
    for wrong, message in (*_time_rules(config, layout), *_layout_rules(config, layout)):
        if wrong:
            raise InputError(message)


def _time_rules(config: ImportConfig, layout: str) -> tuple[tuple[bool, str], ...]:
    timed = config.time_column is not None
    return (
        (
            config.fps is None and not timed and layout != VIDEO_FEATURES,
            "--fps or --time-column is needed: when the steps are",
        ),
        (config.fps is not None and timed, "--fps and --time-column exclude each other"),
        (timed and layout != FILES, f"--time-column does not go with --layout {layout}"),
        (config.unit != "s" and not timed, "--time-unit goes with --time-column"),
        (
            config.start_time is not None and not timed and layout != VIDEO_FEATURES,
            "--start-time goes with --time-column: without times the first step is at 0",
        ),
        (
            bool({config.time_column, config.label_column} & set(config.columns)),
            "--columns names the time or the label column; neither is a feature",
        ),
    )


def _layout_rules(config: ImportConfig, layout: str) -> tuple[tuple[bool, str], ...]:
    labelled, for_ms_tcn = config.label_column is not None, layout == MS_TCN
    return (
        (
            not for_ms_tcn and (config.labels_out is not None) != labelled,
            "--label-column and --labels-out go together: give both or none",
        ),
        (labelled and layout != FILES, f"--label-column does not go with --layout {layout}"),
        (
            bool(config.streams) and layout != VIDEO_FEATURES,
            "--streams goes with --layout video-features",
        ),
        (
            not for_ms_tcn and bool(config.splits_out or config.label_fps),
            "--splits-out and --label-fps go with --layout ms-tcn",
        ),
        (
            for_ms_tcn and not (len(config.inputs) == 1 and ms_tcn.is_layout(config.inputs[0])),
            "--layout ms-tcn takes one folder, with the folders features and groundTruth in it",
        ),
        (
            layout == VIDEO_FEATURES and config.format not in (None, "npy"),
            "--layout video-features reads .npy files only",
        ),
        (
            layout == VIDEO_FEATURES and config.dataset is not None,
            "--dataset does not go with --layout video-features",
        ),
        (
            config.splits_out is not None and not any(map(ms_tcn.bundles, config.inputs)),
            "--splits-out: there is no splits/train.*.bundle in the folder",
        ),
    )

"""Features made elsewhere, into the store."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from preprocessing.console import DONE, SOME_FAILED, note, progress
from preprocessing.errors import InputError
from preprocessing.failures import FailureLog
from preprocessing.feature_files import SUFFIXES, Selection, format_of, open_table
from preprocessing.inputs import Source, find_sources, fingerprint
from preprocessing.label_files import write_intervals
from preprocessing.labels import runs
from preprocessing.rounding import Coarseness, require_fits
from preprocessing.sequence_file import Origin, SequenceWriter, sequence_path, settings_text


@dataclass(frozen=True)
class ImportConfig:
    """Features made elsewhere to the same store that extract makes.

    Files, or folders walked recursively; a file is a sequence. A .npy file holds an array of shape
    [steps, features]; a .csv file a line of column names and then a line a step.
    """

    inputs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="INPUT...")]
    """Feature files, or folders of them."""
    store: Path
    """Folder that gets DIR/<sequence_id>.h5."""
    fps: float
    """Steps per second."""
    format: Literal["npy", "csv"] | None = None
    """Of the files; by default told by their suffix."""
    columns: tuple[str, ...] = ()
    """Names (csv) or numbers from 0 (npy) of the feature columns; by default all but the label."""
    label_column: str | None = None
    """Name of a csv column that holds a class name for each step."""
    labels_out: Path | None = None
    """File that gets the label column as intervals: sequence,start,end,label."""
    dtype: Literal["float16", "float32"] = "float16"
    """Of the features on disk."""

    @property
    def selection(self) -> Selection:
        """What of each file is wanted."""
        return Selection(columns=self.columns, label_column=self.label_column)


def run(config: ImportConfig) -> int:
    """The command ``import``; see ``ImportConfig``."""
    _check(config)
    suffixes = [suffix for suffix, kind in SUFFIXES.items() if config.format in (None, kind)]
    sources = find_sources(config.inputs, suffixes, "feature files")
    config.store.mkdir(parents=True, exist_ok=True)
    failures = FailureLog(config.store, [source.path for source in sources])
    labelled: list[tuple[str, float, float, str]] = []
    steps = 0
    for source in progress(iterable=sources, unit="file", desc="import"):
        try:
            names = _import_one(source, config)
        except InputError as error:
            failures.add(source.path, "features", str(error))
            note(f"failed: {error}")
            continue
        steps += len(names)
        times = np.arange(len(names) + 1) / config.fps
        labelled += [(source.sequence_id, *interval) for interval in runs(names, times)]
    failed = failures.count
    if config.labels_out and failed < len(sources):
        write_intervals(config.labels_out, labelled)
    print(f"{len(sources) - failed} imported, {failed} failed: {steps} steps into {config.store}")
    return SOME_FAILED if failed else DONE


def _import_one(source: Source, config: ImportConfig) -> list[str]:
    """Writes one file's features; returns the class name of each of its steps, '' for none."""
    kind = config.format or format_of(source.path)
    table = open_table(source.path, kind, config.selection)
    origin = Origin(
        source=str(source.path.resolve()),
        fingerprint=fingerprint(source.path),
        fps=str(float(config.fps)),
        backbone=f"import-{kind}",
        backbone_digest="",
        settings=settings_text(columns=table.columns, dtype=config.dtype),
    )
    path = sequence_path(config.store, source.sequence_id)
    coarse = Coarseness(config.dtype)
    labels: list[str] = []
    with SequenceWriter(path, len(table.columns), origin, config.dtype) as writer:
        for block in table.blocks:
            require_fits(block.features, str(table.path), table.columns, config.dtype)
            times = (writer.steps + np.arange(len(block.features))) / config.fps
            writer.append(times, block.features)
            coarse.add(block.features)
            labels += block.labels
        writer.frames_decoded = writer.steps
        if not writer.steps:
            raise InputError(f"{source.path} holds no step")
    if worst := coarse.worst(table.columns):
        note(f"{source.sequence_id}: float16 is coarse for {worst}; consider --dtype float32")
    return labels or [""] * writer.steps


def _check(config: ImportConfig) -> None:
    if not 0 < config.fps < np.inf:
        raise InputError(f"--fps {config.fps}: expected a number of steps per second")
    if (config.labels_out is None) != (config.label_column is None):
        raise InputError("--label-column and --labels-out go together: give both or none")

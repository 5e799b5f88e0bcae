"""Features made elsewhere, into the store."""

import csv
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tokenize import TokenError
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from numpy.typing import NDArray

from preprocessing.console import DONE, SOME_FAILED, note, progress
from preprocessing.errors import InputError
from preprocessing.failures import FailureLog
from preprocessing.inputs import Source, find_sources, fingerprint
from preprocessing.label_files import write_intervals
from preprocessing.labels import runs
from preprocessing.sequence_file import Origin, SequenceWriter, sequence_path, settings_text

BLOCK_STEPS = 4096
COARSE = 0.01


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


@dataclass
class Table:
    """One feature file, read in blocks.

    Attributes:
        columns: names of the feature columns.
        labels: the label column as far as it was read.
    """

    path: Path
    columns: list[str]
    blocks: Iterator[NDArray[Any]]
    labels: list[str] = field(default_factory=list)


def run(config: ImportConfig) -> int:
    """The command ``import``; see ``ImportConfig``."""
    _check(config)
    suffixes = {f".{config.format}"} if config.format else {".npy", ".csv"}
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
    table = _open(source.path, config)
    kind = source.path.suffix.lower().lstrip(".") if config.format is None else config.format
    origin = Origin(
        source=str(source.path.resolve()),
        fingerprint=fingerprint(source.path),
        fps=str(float(config.fps)),
        backbone=f"import-{kind}",
        backbone_digest="",
        settings=settings_text(columns=table.columns, dtype=config.dtype),
    )
    path = sequence_path(config.store, source.sequence_id)
    coarse = _Coarseness(config.dtype)
    with SequenceWriter(path, len(table.columns), origin, config.dtype) as writer:
        for block in table.blocks:
            _require_fits(block, table, config.dtype)
            times = (writer.steps + np.arange(len(block))) / config.fps
            writer.append(times, block)
            coarse.add(block)
        writer.frames_decoded = writer.steps
        if not writer.steps:
            raise InputError(f"{source.path} holds no step")
    if worst := coarse.worst(table.columns):
        note(f"{source.sequence_id}: float16 is coarse for {worst}; consider --dtype float32")
    return table.labels or [""] * writer.steps


def _require_fits(block: NDArray[Any], table: Table, dtype: str) -> None:
    """Names the column that is too large for the dtype."""
    largest = np.abs(block).max(axis=0, initial=0)
    if (over := np.isfinite(largest) & (largest > np.finfo(dtype).max)).any():
        column = int(over.argmax())
        raise InputError(
            f"{table.path}: column {table.columns[column]} goes up to {largest[column]:.6g}, which "
            f"does not fit {dtype}; leave it out with --columns, or give --dtype float32"
        )


class _Coarseness:
    """Compares each column's rounding error with its own deviation, as it goes by."""

    def __init__(self, dtype: str):
        self.dtype = dtype
        self.count = 0
        self.sums: NDArray[Any] = np.zeros((3, 1))

    def add(self, block: NDArray[Any]) -> None:
        values = block.astype("float64")
        error = values - values.astype(self.dtype)
        self.count += len(values)
        self.sums = self.sums + np.stack([values.sum(0), (values**2).sum(0), (error**2).sum(0)])

    def worst(self, columns: list[str]) -> str:
        """Names the column that suffers most, if its error is over ``COARSE`` of its deviation."""
        mean, square, error = self.sums / max(self.count, 1)
        deviation = np.sqrt(np.maximum(square - mean**2, 0))
        share = np.sqrt(error) / np.maximum(deviation, 1e-300)
        column = int(share.argmax())
        if share[column] <= COARSE or deviation[column] == 0:
            return ""
        return f"column {columns[column]} (error {share[column]:.1%} of its deviation)"


def _open(path: Path, config: ImportConfig) -> Table:
    kind = config.format or path.suffix.lower().lstrip(".")
    if kind == "npy":
        return _open_npy(path, config)
    if kind == "csv":
        return _open_csv(path, config)
    raise InputError(f"{path}: cannot tell its format; expected .npy or .csv, or give --format")


def _open_npy(path: Path, config: ImportConfig) -> Table:
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except (ValueError, EOFError, OSError, OverflowError, TypeError, TokenError) as error:
        raise InputError(f"{path} is not a .npy array: {error}") from None
    if array.ndim != 2 or not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
        raise InputError(
            f"{path} holds {array.dtype} of shape {array.shape}; expected numbers [steps, features]"
        )
    names = [str(number) for number in range(array.shape[1])]
    chosen = _choose(path, names, config)
    pick = [names.index(name) for name in chosen]
    starts = range(0, len(array), BLOCK_STEPS)
    blocks = (np.asarray(array[start : start + BLOCK_STEPS][:, pick]) for start in starts)
    return Table(path, chosen, blocks)


def _open_csv(path: Path, config: ImportConfig) -> Table:
    lines = _csv_lines(path)
    header = [name.strip() for name in next(lines, [])]
    if len(set(header)) != len(header) or not header:
        raise InputError(f"{path}: expected a first line of column names, each once; got {header}")
    if config.label_column is not None and config.label_column not in header:
        raise InputError(
            f"{path} has no column {config.label_column!r}; its columns are {', '.join(header)}"
        )
    table = Table(path, _choose(path, header, config), iter(()))
    table.blocks = _csv_blocks(table, lines, header, config.label_column)
    return table


def _csv_lines(path: Path) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline=None) as file:
            yield from csv.reader(file)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as CSV: {error}") from None


def _csv_blocks(
    table: Table, lines: Iterator[list[str]], header: list[str], label_column: str | None
) -> Iterator[NDArray[Any]]:
    pick = [header.index(name) for name in table.columns]
    label = header.index(label_column) if label_column is not None else None
    numbered = ((number, row) for number, row in enumerate(lines, start=2) if row)
    while rows := list(itertools.islice(numbered, BLOCK_STEPS)):
        yield np.array([_numbers(table, number, row, header, pick) for number, row in rows])
        if label is not None:
            table.labels += [sys.intern(row[label].strip()) for _, row in rows]


def _numbers(
    table: Table, number: int, row: list[str], header: list[str], pick: list[int]
) -> list[float]:
    if len(row) != len(header):
        raise InputError(
            f"{table.path} line {number} has {len(row)} values; expected {len(header)}"
        )
    try:
        return [float(row[column]) for column in pick]
    except ValueError:
        bad = next(column for column in pick if not _is_number(row[column]))
        raise InputError(
            f"{table.path} line {number}: {header[bad]} is {row[bad]!r}, not a number; choose the "
            "feature columns with --columns, or name the labels with --label-column"
        ) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _choose(path: Path, names: list[str], config: ImportConfig) -> list[str]:
    if unknown := [name for name in config.columns if name not in names]:
        raise InputError(f"{path} has no column {unknown[0]!r}; its columns are {', '.join(names)}")
    chosen = list(config.columns) or [name for name in names if name != config.label_column]
    if not chosen:
        raise InputError(f"{path} has no feature column")
    return chosen


def _check(config: ImportConfig) -> None:
    if not 0 < config.fps < np.inf:
        raise InputError(f"--fps {config.fps}: expected a number of steps per second")
    if (config.labels_out is None) != (config.label_column is None):
        raise InputError("--label-column and --labels-out go together: give both or none")

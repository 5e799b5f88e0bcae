"""Feature files that others made, one format per module; each sequence opens as a ``Table``."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from preprocessing.errors import InputError, OptionError
from preprocessing.files.ordinary import NotOrdinary, require_ordinary
from preprocessing.importing.feature_files import csv, h5, mat, npy, npz
from preprocessing.importing.feature_files.arrays import Array
from preprocessing.importing.feature_files.base import Block, Selection, Table
from preprocessing.importing.feature_files.datasets import (
    has_wildcards,
    id_part,
    matching,
    table_of_dataset,
)

__all__ = ["SUFFIXES", "Block", "Selection", "Table", "format_of", "open_table", "parts_of"]

SUFFIXES = {
    ".npy": "npy",
    ".npz": "npz",
    ".csv": "csv",
    ".mat": "mat",
    ".h5": "h5",
    ".hdf5": "h5",
}
CONTAINERS = {"npz": npz.arrays, "mat": mat.arrays, "h5": h5.arrays}


def format_of(path: Path) -> str:
    """Returns the format that a file's suffix names.

    Raises:
        InputError: the suffix is unknown.
    """
    if path.suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        raise InputError(f"{path}: cannot tell its format; expected {known}, or give --format")
    return SUFFIXES[path.suffix.lower()]


def parts_of(path: Path, kind: str, selection: Selection) -> dict[str, str | None]:
    """Returns the sequences that a file holds.

    Args:
        path: the file.
        kind: the file's format.
        selection: the arrays and columns to take.

    Returns:
        The name of the array of each sequence, by the part that the sequence adds to the file's id;
        ``{"": None}`` for a file that is one sequence.

    Raises:
        InputError: the file cannot be read, or holds no array that the selection names.
    """
    if kind not in CONTAINERS or not has_wildcards(selection.dataset):
        return {"": None}
    _require_ordinary(path)
    pattern = str(selection.dataset)
    names = matching(path, _arrays(path, kind), pattern)
    return {id_part(pattern, name): name for name in names}


def open_table(path: Path, kind: str, selection: Selection, part: str | None = None) -> Table:
    """Opens a sequence in a feature file of a format; its steps are not read yet.

    Args:
        path: the file.
        kind: its format.
        selection: the columns to take.
        part: name of the array, of those that ``parts_of`` gave.

    Raises:
        InputError: the file is of another kind, or lacks a selected array or column.
    """
    _require_ordinary(path)
    if kind == "csv":
        return csv.open_table(path, selection)
    if selection.label_column is not None:
        raise OptionError(f"{path} has no names for --label-column: only .csv files can")
    if kind == "npy":
        return npy.open_table(path, selection)
    return table_of_dataset(path, _arrays(path, kind), selection, part)


def _arrays(path: Path, kind: str) -> Mapping[str, Array]:
    """Returns the arrays in a file, looked up once for all sequences in it."""
    state = path.stat()
    return _arrays_of(path, kind, (state.st_mtime_ns, state.st_size))


@lru_cache(maxsize=1)
def _arrays_of(path: Path, kind: str, state: tuple[int, int]) -> Mapping[str, Array]:
    return CONTAINERS[kind](path)


def _require_ordinary(path: Path) -> None:
    """Refuses pipes and devices, which may never begin or never end."""
    try:
        require_ordinary(path)
    except NotOrdinary as error:
        raise InputError(str(error)) from None

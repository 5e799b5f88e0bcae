"""Feature files that others made, a format a module; each opens as a ``Table``."""

from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.feature_files import csv, npy
from preprocessing.feature_files.base import Block, Selection, Table

__all__ = ["FORMATS", "SUFFIXES", "Block", "Selection", "Table", "format_of", "open_table"]

FORMATS = {"npy": npy.open_table, "csv": csv.open_table}
SUFFIXES = {".npy": "npy", ".csv": "csv"}


def format_of(path: Path) -> str:
    """The format that a file's suffix names.

    Raises:
        InputError: it names none.
    """
    if path.suffix.lower() not in SUFFIXES:
        known = " or ".join(SUFFIXES)
        raise InputError(f"{path}: cannot tell its format; expected {known}, or give --format")
    return SUFFIXES[path.suffix.lower()]


def open_table(path: Path, kind: str, selection: Selection) -> Table:
    """Opens a feature file of a format; its steps are not read yet.

    Raises:
        InputError: it is no such file, or lacks what was selected.
    """
    return FORMATS[kind](path, selection)

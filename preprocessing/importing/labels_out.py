"""The table of labels that ``import`` writes, and what a table of that name must not lose."""

from collections.abc import Collection, Iterable
from itertools import count
from pathlib import Path

from preprocessing.errors import InputError, some
from preprocessing.files.csv_rows import csv_rows
from preprocessing.files.whole_file import whole_file
from preprocessing.labels.writing import INTERVAL_FIELDS, write_intervals
from preprocessing.terminal.console import note


def require_nothing_lost(path: Path, ids: Collection[str]) -> None:
    """Checks that a table that is there already is one of the sequences that are imported.

    Args:
        path: the table that is to be written.
        ids: sequences that it will be about.

    Raises:
        InputError: it holds something else, which would be lost.
    """
    if not path.exists():
        return
    rows = csv_rows(path)
    _, header = next(rows)
    if tuple(header) != INTERVAL_FIELDS:
        raise InputError(
            f"--labels-out {path} exists and is no table of {','.join(INTERVAL_FIELDS)}, so it "
            "would be lost; give another name"
        )
    lost = sorted({row[0] for _, row in rows} - set(ids))
    if lost:
        raise InputError(
            f"--labels-out {path} has labels of {some(lost)}, which this command does not import, "
            "so they would be lost; give another name, or all inputs in one command"
        )


def write_labels(path: Path, rows: Iterable[tuple[str, float, float, str]]) -> None:
    """Writes the table of labels; one with other lines that is there already is kept beside it.

    Args:
        path: the table.
        rows: (sequence, start in seconds, end in seconds, label).
    """
    with whole_file(path) as partial:
        write_intervals(partial, rows)
        if path.exists() and _lines(path) - _lines(partial):
            names = (path.with_name(f"{path.name}.old{number or ''}") for number in count())
            kept = next(name for name in names if not name.exists())
            path.replace(kept)
            note(f"{path} had other labels of these sequences; it is now {kept}")


def _lines(path: Path) -> set[bytes]:
    return set(path.read_bytes().splitlines())

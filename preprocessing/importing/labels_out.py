"""The table of labels that ``import`` writes, and what a table of that name must not lose."""

from collections.abc import Collection, Iterable
from itertools import count, islice
from pathlib import Path

from preprocessing.errors import InputError, some
from preprocessing.files.csv_rows import csv_rows
from preprocessing.files.whole_file import whole_file
from preprocessing.labels.writing import INTERVAL_FIELDS, write_intervals
from preprocessing.terminal.console import note


def require_table(path: Path) -> None:
    """Checks that what is there already under the name is a table such as import writes.

    Args:
        path: the table that is to be written.

    Raises:
        InputError: it holds something else, which would be lost, or has a row that cannot be read.
    """
    if not path.exists():
        return
    rows = csv_rows(path)
    _, header = next(rows, (0, []))
    if any(header) and tuple(name.strip().lower() for name in header) != INTERVAL_FIELDS:
        raise InputError(
            f"--labels-out {path} exists and is no table of {','.join(INTERVAL_FIELDS)}, so it "
            "would be lost; give another name"
        )
    for _ in rows:
        pass  # One that cannot be read is told now, and not once all is imported.


def write_labels(path: Path, rows: Iterable[tuple[str, float, float, str]]) -> None:
    """Writes the table of labels; one that has other lines is kept beside it, and that is said.

    Args:
        path: the table.
        rows: (sequence, start in seconds, end in seconds, label).
    """
    rows = list(rows)
    with whole_file(path) as partial:
        write_intervals(partial, rows)
        if path.exists() and _lines(path) - _lines(partial):
            names = (path.with_name(f"{path.name}.old{number or ''}") for number in count())
            kept = next(name for name in names if not name.exists())
            path.replace(kept)
            differs = _what_differs(kept, {row[0] for row in rows})
            note(f"{kept} is what {path} was before: {differs}")


def _what_differs(table: Path, ids: Collection[str]) -> str:
    others = sorted({row[0] for _, row in islice(csv_rows(table), 1, None)} - set(ids))
    if others:
        return f"it has labels of {some(others)}, which this command does not import"
    return "it has other labels of these sequences"


def _lines(path: Path) -> set[bytes]:
    return set(path.read_bytes().splitlines())

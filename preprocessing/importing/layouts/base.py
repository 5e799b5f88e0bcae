"""The recordings that a layout finds, each of which becomes a sequence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.importing.feature_files import Table
from preprocessing.labels.runs import Interval


@dataclass(frozen=True)
class Recording:
    """A sequence to import.

    Attributes:
        sequence_id: its id.
        files: all its files; failures name the first.
        kind: format of the files.
        part: the part of the files that it is, if not all.
        open: opens the files; raises ``InputError``.
        intervals: returns the labelled intervals for a number of steps; None to take the table's.
    """

    sequence_id: str
    files: tuple[Path, ...]
    kind: str
    open: Callable[[], Table]
    part: str = ""
    intervals: Callable[[int], Sequence[Interval]] | None = None


def broken(sequence_id: str, path: Path, error: InputError) -> Recording:
    """Returns a recording that fails when it is opened, so that it is reported with the others.

    Args:
        sequence_id: its id.
        path: its file.
        error: the failure.
    """

    def fail() -> Table:
        raise error

    return Recording(sequence_id, (path,), "", fail)

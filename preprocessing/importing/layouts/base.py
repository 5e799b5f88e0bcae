"""What a layout finds: recordings, each to become a sequence."""

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
        files: all that it is made of; failures name the first.
        kind: format of the files.
        part: what of the files it is, if not all.
        open: opens them; raises ``InputError``.
        intervals: from the number of steps to what is labelled when; None for what the table says.
    """

    sequence_id: str
    files: tuple[Path, ...]
    kind: str
    open: Callable[[], Table]
    part: str = ""
    intervals: Callable[[int], Sequence[Interval]] | None = None


def broken(sequence_id: str, path: Path, error: InputError) -> Recording:
    """A recording that fails when it is opened, so that it is reported with the others."""

    def fail() -> Table:
        raise error

    return Recording(sequence_id, (path,), "", fail)

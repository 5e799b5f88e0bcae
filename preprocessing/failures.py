"""``failures.csv``: one line for each input that could not be used."""

import csv
from collections.abc import Iterable
from pathlib import Path

from preprocessing.lease import lease_when_free
from preprocessing.whole_file import whole_file

FILE_NAME = "failures.csv"
FIELDS = ("path", "kind", "message")


def is_failed(folder: Path, sequence_id: str) -> bool:
    """Whether the list of failures in a store has the input of a sequence."""
    paths = (Path(row[0]).with_suffix("").as_posix() for row in _read(folder / FILE_NAME))
    return any(f"/{path}".endswith(f"/{sequence_id}") for path in paths)


def _read(path: Path) -> list[tuple[str, ...]]:
    """The rows of a list of failures, as far as it can be read."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.reader(line.replace("\0", "") for line in file)
        return [tuple(row) for row in rows if len(row) == len(FIELDS)][1:]


class FailureLog:
    """Keeps ``DIR/failures.csv`` in step with what failed; no failures, no file.

    Lines about other inputs than this run's stay, as long as those inputs are there, so that the
    parts of a sharded extraction do not forget each other's.

    Args:
        folder: where the file goes.
        inputs: what this run will try; what was said of them before is forgotten.

    Attributes:
        count: failures of this run.
    """

    def __init__(self, folder: Path, inputs: Iterable[Path]):
        self.path = folder / FILE_NAME
        self.count = 0
        folder.mkdir(parents=True, exist_ok=True)
        mine = {str(path.resolve()) for path in inputs}
        with lease_when_free(self.path):
            before = _read(self.path)
            kept = [row for row in before if row[0] not in mine and Path(row[0]).exists()]
            if kept != before:
                self._write(kept)

    def add(self, path: Path, kind: str, message: str) -> None:
        """Records a failure, on disk too."""
        self.count += 1
        row = (str(path.resolve()), kind, " ".join(message.split()))
        with lease_when_free(self.path):
            others = [kept for kept in _read(self.path) if kept != row]
            self._write([*others, row])

    def _write(self, rows: list[tuple[str, ...]]) -> None:
        if not rows:
            self.path.unlink(missing_ok=True)
            return
        with (
            whole_file(self.path) as partial,
            partial.open("w", newline="", encoding="utf-8") as file,
        ):
            csv.writer(file).writerows([FIELDS, *rows])

"""``failures.csv``: one line for each input that could not be used."""

import csv
import os
from pathlib import Path

FILE_NAME = "failures.csv"
FIELDS = ("path", "kind", "message")


class FailureLog:
    """Keeps ``DIR/failures.csv`` in step with the failures of this run; no failures, no file.

    Args:
        folder: where the file goes.
    """

    def __init__(self, folder: Path):
        self.path = folder / FILE_NAME
        self.rows: list[tuple[str, str, str]] = []
        self.path.unlink(missing_ok=True)

    def add(self, path: Path | str, kind: str, message: str) -> None:
        """Records a failure, on disk too."""
        self.rows.append((str(path), kind, " ".join(message.split())))
        partial = self.path.with_name(f".{FILE_NAME}.{os.getpid()}.partial")
        with partial.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([FIELDS, *self.rows])
        partial.replace(self.path)

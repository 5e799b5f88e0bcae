"""``failures.csv``: one line for each input that could not be used."""

import csv
import io
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path, PurePath
from unicodedata import category

from preprocessing.files.lease import lease_when_free
from preprocessing.files.whole_file import whole_file

FILE_NAME = "failures.csv"
FIELDS = ("path", "kind", "message")
# Folders, and files of arrays with names.
HOLD_SEVERAL = {"", ".npz", ".mat", ".h5", ".hdf5"}
# In the layout of video_features, where a sequence has several files with a word after its name.
ONE_OF_SEVERAL = ".npy"
Row = tuple[str, ...]


def failed_among(folder: Path, ids: Collection[str]) -> set[str]:
    """Returns the sequences whose input is in a store's list of failures.

    An input that holds several sequences, such as a folder, failed for all of them.

    Args:
        folder: the store.
        ids: the sequence ids to look for.
    """
    ones: set[str] = set()
    several: set[str] = set()
    for row in _read(folder / FILE_NAME) if ids else ():
        path = PurePath(row[0])
        tails = set(_tails(path.with_suffix(""))) if path.name else set()
        ones |= tails
        if path.suffix.lower() in HOLD_SEVERAL:
            several |= tails | set(_tails(path))
        if path.suffix.lower() == ONE_OF_SEVERAL:
            ones.update(tail.rpartition("_")[0] for tail in tails)
    return {
        name
        for name in ids
        if name in ones or any(str(above) in several for above in PurePath(name).parents)
    }


def _tails(path: PurePath) -> Iterator[str]:
    """Yields the ids that a path may have had, one for each folder that may have been the input."""
    return ("/".join(path.parts[start:]) for start in range(len(path.parts)))


def _read(path: Path) -> list[Row]:
    """Returns the rows of a list of failures, as far as it can be read."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        return list(_rows(file))[1:]


def _rows(lines: Iterable[bytes]) -> Iterator[Row]:
    """Yields the complete rows among lines; a damaged line does not affect the others."""
    for line in lines:
        text = line.decode("utf-8", errors="replace").replace("\0", "").rstrip("\r\n")
        try:
            rows = list(csv.reader([text]))
        except csv.Error:
            continue
        for row in rows:
            if len(row) == len(FIELDS):
                yield tuple(row)


class FailureLog:
    """Keeps ``DIR/failures.csv`` up to date; without failures there is no file.

    Lines about inputs of other runs stay as long as those inputs exist, so that the parts of a
    sharded extraction keep each other's lines. A line is written at once, so the list is complete
    even if the run is killed.

    Args:
        folder: the folder of the file.
        inputs: the inputs that this run will try; older lines about them are removed.

    Attributes:
        count: the number of failures of this run.
    """

    def __init__(self, folder: Path, inputs: Iterable[Path]):
        self.path = folder / FILE_NAME
        self.count = 0
        self._known: set[Row] = set()
        self._read_to = (0, 0)
        folder.mkdir(parents=True, exist_ok=True)
        mine = {_one_line(str(path.resolve())) for path in inputs}
        # Nothing is written where nothing changes: a store may be read-only.
        if _kept(rows := _read(self.path), mine) == rows:
            return
        with lease_when_free(self.path):
            self._write(_kept(_read(self.path), mine))

    def add(self, path: Path, kind: str, message: str) -> None:
        """Records a failure, on disk too.

        Args:
            path: the input that failed.
            kind: a word for the failure, such as ``unreadable``.
            message: one line that says why.
        """
        self.count += 1
        texts = (str(path.resolve()), kind, " ".join(message.split()))
        row = tuple(map(_one_line, texts))
        with lease_when_free(self.path), self.path.open("ab+") as file:
            self._catch_up(file)
            if row not in self._known:
                file.write(self._before(file) + _line(row))
                file.flush()

    def _catch_up(self, file: io.BufferedRandom) -> None:
        """Reads the lines added since the last call, also those of other processes."""
        inode, done = self._read_to
        now = os.fstat(file.fileno())
        file.seek(done if inode == now.st_ino and done <= now.st_size else 0)
        self._known.update(_rows(file))
        self._read_to = (now.st_ino, file.tell())

    def _before(self, file: io.BufferedRandom) -> bytes:
        """Returns the bytes to write before a new line: the header, or an end to half a line."""
        if not (size := file.tell()):
            return _line(FIELDS)
        file.seek(size - 1)
        return b"" if file.read(1) == b"\n" else b"\n"

    def _write(self, rows: list[Row]) -> None:
        if not rows:
            self.path.unlink(missing_ok=True)
            return
        with whole_file(self.path) as partial:
            partial.write_bytes(b"".join(map(_line, (FIELDS, *rows))))


def _kept(rows: list[Row], mine: Collection[str]) -> list[Row]:
    """Returns the lines that stay when a run begins to try the inputs ``mine``."""
    return [row for row in rows if row[0] not in mine and _is_still_so(row[0])]


def _is_still_so(text: str) -> bool:
    """Returns True if an input still exists and is not a folder that has become readable."""
    try:
        path = Path(text)
        if not path.exists() and "\\" in text:
            path = Path(text.encode("latin-1", "backslashreplace").decode("unicode_escape"))
        if not path.is_dir():
            return path.exists()
    except (OSError, ValueError):  # No name at all.
        return False
    try:
        os.scandir(path).close()
    except OSError:
        return True
    return False


def _line(row: Row) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(row)
    return text.getvalue().encode("utf-8")


def _one_line(text: str) -> str:
    """Returns a text as one line of UTF-8, its control characters written as escapes."""
    return "".join(
        ascii(letter)[1:-1] if category(letter) in ("Cc", "Cs") else letter for letter in text
    )

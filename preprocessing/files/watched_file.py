"""A file whose content must not change while it is read."""

import os
from contextlib import ExitStack
from pathlib import Path

from preprocessing.errors import VideoError
from preprocessing.files.fingerprint import fingerprint_of
from preprocessing.files.ordinary import file_state, state_of


class WatchedFile:
    """Checks that a path still names the same, unchanged file after it has been read.

    The file stays open, so that no new file can be taken for it. Use as a context manager.

    Attributes:
        fingerprint: the fingerprint of the content of the opened file.
        state: the system's numbers and times that change with the file.

    Raises:
        VideoError: the file cannot be read, or is not an ordinary file.
    """

    def __init__(self, path: Path):
        self.path = path
        with ExitStack() as opened:
            try:
                self._file = opened.enter_context(open(path, "rb", opener=_at_once))
                self.state = state_of(os.fstat(self._file.fileno()), path)
                self.fingerprint = fingerprint_of(self._file)
            except OSError as error:
                what = f"{path} cannot be read: {error.strerror or error}"
                raise VideoError("unreadable", what) from None
            opened.pop_all()

    def __enter__(self) -> "WatchedFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def require_unchanged(self) -> None:
        """Checks that the path still names this file, and that it was not written to.

        Raises:
            VideoError: another file or content may have been read.
        """
        try:
            same = self.fingerprint == fingerprint_of(self._file)
            same = same and self.state == file_state(self.path)
        except OSError:
            same = False
        if not same:
            raise VideoError(
                "changed",
                f"{self.path} was replaced or written to while it was read; start the same command "
                "again when nothing writes to it any more",
            )


def _at_once(path: str, flags: int) -> int:
    """Opens a file without blocking, since a pipe would keep the caller waiting."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))

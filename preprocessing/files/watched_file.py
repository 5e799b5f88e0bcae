"""A file that must stay what it is while it is read."""

import os
from contextlib import ExitStack
from pathlib import Path

from preprocessing.errors import VideoError
from preprocessing.files.fingerprint import fingerprint_of
from preprocessing.files.ordinary import file_state, state_of


class WatchedFile:
    """Tells whether the file of a name is still the same, and as it was, when it has been read.

    It stays open, so that no new file can be taken for it. Use as a context manager.

    Attributes:
        fingerprint: of its content, from the opened file.
        state: what else changes with it.

    Raises:
        VideoError: it cannot be read, or is no ordinary file.
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
        """Checks that what was read since by the file's name was this file, as it was.

        Raises:
            VideoError: it may have been another one.
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
    """Opens a file; a pipe would keep who opens it waiting."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))

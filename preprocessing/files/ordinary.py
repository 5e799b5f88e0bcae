"""Ordinary files: no folders, no pipes that keep a reader waiting, no devices that never end."""

import os
import stat
from pathlib import Path

FileState = tuple[int, int, int, int, int]


class NotOrdinary(OSError):  # noqa: N818 (nothing went wrong with it)
    """A folder, a pipe or a device stands where a file was expected.

    Args:
        path: its name.
    """

    def __init__(self, path: Path):
        super().__init__(f"{path} is not an ordinary file")


def require_ordinary(path: Path) -> None:
    """Checks, before a file is opened, that it can be read to an end.

    Raises:
        NotOrdinary: it is something else.
        OSError: there is no such file.
    """
    file_state(path)


def file_state(path: Path) -> FileState:
    """Returns what changes when a file is written to, replaced, or moved away and back.

    Raises:
        NotOrdinary: it is something else.
        OSError: there is no such file.
    """
    return state_of(path.stat(), path)


def state_of(found: os.stat_result, path: Path) -> FileState:
    """Returns the same as ``file_state`` for a file that was looked up already.

    Args:
        found: what the system says of it.
        path: its name, for the message.

    Raises:
        NotOrdinary: it is something else.
    """
    if not stat.S_ISREG(found.st_mode):
        raise NotOrdinary(path)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

"""A lock on a folder: one process at a time, and none after its death."""

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from preprocessing.errors import Stopped
from preprocessing.terminal.console import note
from trainer.run.interruption import Interruption

NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EIO)
POLL = 0.25  # Seconds between two tries.


def heed(interruption: Interruption) -> None:
    """Raises ``Stopped`` if a signal came."""
    if interruption:
        raise Stopped(f"{interruption.signal}: stopped; start the same command again to go on")


class Lock:
    """A file that one process, with the children that inherit it, holds at a time."""

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)

    def acquire(
        self, interruption: Interruption, waiting: Callable[[], None] = lambda: None
    ) -> None:
        """Waits until it is free; ``waiting`` is called once if it is not."""
        said = False
        while True:
            heed(interruption)
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return None
            except OSError as error:
                if error.errno in NO_LOCKS:
                    return note(f"{self.path}: this file system has no locks; start one at a time")
                if not isinstance(error, BlockingIOError):
                    raise
                if not said:
                    waiting()
                said = True
                time.sleep(POLL)

    def close(self) -> None:
        """Gives it back; once more does nothing."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


@contextmanager
def locked(
    path: Path, interruption: Interruption, waiting: Callable[[], None] = lambda: None
) -> Iterator[Lock]:
    """Holds a lock within a block, unless the block closes it earlier."""
    lock = Lock(path)
    try:
        lock.acquire(interruption, waiting)
        yield lock
    finally:
        lock.close()

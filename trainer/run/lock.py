"""A lock on a folder of a training: one process at a time, and none after its death.

Extraction, whose processes share a store, uses leases (``preprocessing.files.lease``).
"""

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
    """Stops if a signal came.

    Raises:
        Stopped: a signal came.
    """
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
        """Waits until the lock is free, and takes it.

        Args:
            interruption: ends the wait if a signal came.
            waiting: called once if the lock is not free.
        """
        heed(interruption)
        said = False
        while not self.try_acquire():
            if not said:
                waiting()
            said = True
            time.sleep(POLL)
            heed(interruption)

    def try_acquire(self) -> bool:
        """Takes the lock; returns False if another process holds it."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            note(f"{self.path}: this file system has no locks; start one at a time")
        return True

    def close(self) -> None:
        """Releases the lock; a second call does nothing."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


@contextmanager
def locked(
    path: Path, interruption: Interruption, waiting: Callable[[], None] = lambda: None
) -> Iterator[Lock]:
    """Holds a lock within a block, unless the block closes it earlier.

    Args:
        path: the file of the lock.
        interruption: ends the wait if a signal came.
        waiting: called once if the lock is not free.
    """
    lock = Lock(path)
    try:
        lock.acquire(interruption, waiting)
        yield lock
    finally:
        lock.close()

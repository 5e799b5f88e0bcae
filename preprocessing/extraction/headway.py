"""Progress of the items that other processes of this machine work on.

processes  ── a number for each item, at its place ──▶  a small file  ── sum ──▶  progress bar
"""

import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

LOOK_SECONDS = 0.5
NUMBER = np.dtype("<i8")


@dataclass
class Teller:
    """Reports a process's progress with its item; a report that fails is lost.

    Attributes:
        path: the file.
        place: the place of the item's number in the file.
        done: the amount done so far.
    """

    path: Path
    place: int
    done: int = field(default=0, init=False)

    def __call__(self, more: int) -> None:
        self.done += more
        with suppress(OSError), self.path.open("r+b", buffering=0) as file:
            file.seek(self.place * NUMBER.itemsize)
            file.write(np.array(self.done, NUMBER).tobytes())


class Headway:
    """Reports every half second how much more is done of all items together.

    Use as a context manager; ``advance`` is called by one thread at a time.

    Args:
        items: the number of items.
        advance: called with the additional amount; negative if an item was lost.
    """

    def __init__(self, items: int, advance: Callable[[int], object]):
        self._folder = tempfile.TemporaryDirectory(prefix="longtake-headway-")
        self.path = Path(self._folder.name, "done")
        np.zeros(items, NUMBER).tofile(self.path)
        self._advance, self._told = advance, 0
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="headway", daemon=True)

    def __enter__(self) -> "Headway":
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._watcher.join()
        self._folder.cleanup()

    def teller(self, place: int) -> Teller:
        """Returns the function with which the process that works on an item reports progress."""
        return Teller(self.path, place)

    def forget(self, place: int) -> None:
        """Takes back the progress of an item."""
        self.teller(place)(0)

    def look(self) -> None:
        """Reports the progress since the last call."""
        with self._lock:
            done = int(np.fromfile(self.path, NUMBER).sum())
            more, self._told = done - self._told, done
            if more:
                self._advance(more)

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.look()

"""A queue for a slow reader: when it is full, the newest item takes the place of the oldest."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

Item = TypeVar("Item")
POLL_SECONDS = 0.05


class Newest(Generic[Item]):
    """Takes items from a source in a thread of its own; at most ``depth`` wait.

    With a depth of 3 and a reader that is busy while 4 to 7 arrive:

        waiting     1 2 3 | 2 3 4 | 3 4 5 | 4 5 6 | 5 6 7        dropped 1 to 4

    Args:
        items: the source; its exceptions are raised when the reader comes to them.
        depth: the number of items that may wait.
        stopped: called while waiting; True ends the items.
    """

    def __init__(
        self, items: Iterable[Item], depth: int, stopped: Callable[[], bool] = lambda: False
    ):
        self._stopped = stopped
        self._closed = threading.Event()
        self._waiting: queue.Queue[tuple[int, Item]] = queue.Queue(depth)
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, args=(items,), daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[tuple[Item, int]]:
        """Yields each item, and the number of items dropped since the one before."""
        expected = 0
        try:
            while not self._stopped():
                ended = not self._thread.is_alive()
                try:
                    number, item = self._waiting.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    if ended:
                        break
                    continue
                yield item, number - expected
                expected = number + 1
            if self._error:
                raise self._error
        finally:
            self._closed.set()

    def _work(self, items: Iterable[Item]) -> None:
        try:
            for numbered in enumerate(items):
                self._put(numbered)
                if self._closed.is_set():
                    return
        except BaseException as error:
            self._error = error

    def _put(self, numbered: tuple[int, Item]) -> None:
        while True:
            with suppress(queue.Full):
                return self._waiting.put_nowait(numbered)
            with suppress(queue.Empty):
                self._waiting.get_nowait()

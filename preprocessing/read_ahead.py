"""An iterator whose items are prepared ahead of time by a thread of its own."""

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

Item = TypeVar("Item")
_END = object()
POLL_SECONDS = 0.1


def read_ahead(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    """Yields ``items`` while a thread prepares up to ``depth`` more of them.

    An exception in the thread is raised here; when the caller stops early, the thread ends too.

    Args:
        items: the items, which the thread iterates over.
        depth: the number of items that may wait.
    """
    ready: queue.Queue[object] = queue.Queue(depth)
    stop = threading.Event()

    def put(item: object) -> None:
        while not stop.is_set():
            try:
                ready.put(item, timeout=POLL_SECONDS)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put(item)
                if stop.is_set():
                    return
            put(_END)
        except BaseException as error:
            put(_Raised(error))

    thread = threading.Thread(target=work, name="read_ahead", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not _END:
            if isinstance(item, _Raised):
                raise item.error
            yield item  # type: ignore[misc]
    finally:
        stop.set()
        thread.join()


class _Raised:
    def __init__(self, error: BaseException):
        self.error = error

"""Signals that ask a run to stop: it finishes the updates under way and writes a checkpoint."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)
# Signals, and whether a checkpoint is due, are asked for this often, or after each longer update.
HEED_SECONDS = 1.0


class Interruption:
    """Remembers the first SIGTERM or SIGINT while entered; a second one acts as usual.

    In a thread other than the main one signals stay as they are.

    Attributes:
        signal: the name of the signal that came, empty if none did.
    """

    def __init__(self) -> None:
        self.signal = ""
        self._before: dict[int, Any] = {}

    def __bool__(self) -> bool:
        return bool(self.signal)

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._remember) for number in SIGNALS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before = {}

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.signal = signal.Signals(number).name
        self.__exit__(None, None, None)


@contextmanager
def ending_at_once() -> Iterator[None]:
    """Lets signals end the process while entered, for waits in which Python would react to none.

    Signals that are ignored stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

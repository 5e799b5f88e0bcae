"""Signals that ask a run to stop: it ends the updates under way, writes a checkpoint, and stops."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)
# Signals, and whether a checkpoint is due, are asked for this often, or after each longer update.
HEED_SECONDS = 1.0


class Interruption:
    """While entered, the first SIGTERM or SIGINT is remembered; a second one acts as before.

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

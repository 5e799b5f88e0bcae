"""The end of a command that was told to stop but is stuck in a wait."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from preprocessing.terminal.console import note
from trainer.run.interruption import Interruption

GRACE_SECONDS = 5.0  # To end in order after a signal.
POLL_SECONDS = 0.1


@contextmanager
def ended_when_overdue(
    interruption: Interruption, code: int, grace: float = GRACE_SECONDS
) -> Iterator[None]:
    """Ends the process some time after a signal, while entered, whatever it is stuck in.

    It may be stuck in a read from a source that sends nothing, or in a write that nobody reads. Use
    it only where every file is whole at any moment.

    Args:
        interruption: remembers the signal.
        code: the exit code.
        grace: seconds in which the process may end by itself.
    """
    done = threading.Event()

    def watch() -> None:
        while not done.wait(POLL_SECONDS):
            if interruption and not done.wait(grace):
                _say_and_exit(f"{interruption.signal}: stopped while it waited", code)

    threading.Thread(target=watch, name="overdue", daemon=True).start()
    try:
        yield
    finally:
        done.set()


def _say_and_exit(words: str, code: int) -> None:
    # Standard error may be stuck as well.
    saying = threading.Thread(target=note, args=(words,), daemon=True)
    saying.start()
    saying.join(POLL_SECONDS)
    os._exit(code)

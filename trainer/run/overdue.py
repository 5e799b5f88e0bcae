"""The end of a command that was told to stop, and waits for what does not come."""

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
    """While entered, a signal ends the process after a while, whatever it is stuck in.

    That may be a read of a source that sends nothing, or a write to a reader that takes nothing.
    Only where all that was written is whole at any moment may it be used.

    Args:
        interruption: remembers the signal.
        code: exit code.
        grace: seconds to end in order.
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

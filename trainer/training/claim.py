"""A run folder that only one training writes to, and that all of its processes see."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from preprocessing.errors import InputError
from preprocessing.terminal.console import note
from trainer.devices.processes import Processes
from trainer.run.folder import Run
from trainer.run.interruption import Interruption
from trainer.run.lock import locked

LOCK = "train.lock"
# How long network file systems may take to show a new file on another machine.
SEEN_SECONDS = 60.0


@contextmanager
def claimed(run: Run, processes: Processes, interruption: Interruption) -> Iterator[None]:
    """Holds a run within a block; waits while others train it.

    Args:
        run: what is to be trained.
        processes: that train it together.
        interruption: ends the waiting.

    Raises:
        InputError: not all processes see the folder.
        Stopped: a signal came while others trained.
    """

    def waiting() -> None:
        note(f"another process trains {run.path}; waiting until it has ended")

    with ExitStack() as held:
        with processes.ready():
            if processes.chief:
                held.enter_context(locked(run.path / LOCK, interruption, waiting))
        with processes.ready():
            _require_seen(run)
        yield


def _require_seen(run: Run) -> None:
    """Waits until the folder of a run, which the chief has made, is seen here too.

    Raises:
        InputError: it is not.
    """
    until = time.monotonic() + SEEN_SECONDS
    while not (run.path / LOCK).exists():
        if time.monotonic() > until:
            raise InputError(
                f"{run.path} is not what the first process writes; give --run a folder that all "
                "processes see"
            )
        time.sleep(1)

"""Commands of ``longtake``, several at a time; they are asked to end when this process is."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from measure import ROOT

from trainer.threads import THREADS


class Commands:
    """Runs commands, each on its share of the cores.

    Compiled programs are kept between processes: the same model is compiled in each fold of each
    cross-validation, which would take as long as half of its epochs. They are of this machine, and
    compute the same.

    Args:
        jobs: how many run at the same time.
        compiled: folder of the programs that XLA has compiled.
    """

    def __init__(self, jobs: int, compiled: Path):
        compiled.mkdir(parents=True, exist_ok=True)
        share = str(max(1, len(os.sched_getaffinity(0)) // jobs))
        paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "TF_XLA_FLAGS": f"--tf_xla_persistent_cache_directory={compiled}",
            THREADS: share,
        }
        self._running: set[subprocess.Popen[bytes]] = set()
        self.ended = False

    def end_with_this_process(self) -> None:
        """Has Ctrl-C and SIGTERM end what runs; a second one acts as usual."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)

    def run(self, told: Sequence[str | Path], log: Path) -> None:
        """Runs a command to its end.

        Args:
            told: its name and its options.
            log: gets what it says.

        Raises:
            RuntimeError: it failed, or it was asked to end.
        """
        if self.ended:
            raise RuntimeError(f"{told[0]} is not begun any more")
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "trainer", *map(str, told)]
        with log.open("ab") as file:
            running = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=self._environment,
                start_new_session=True,  # A terminal's Ctrl-C reaches it through this process only.
            )
        self._running.add(running)
        code = running.wait()
        self._running.discard(running)
        if code:
            raise RuntimeError(f"{told[0]} ended with {code}; what it said: {log}")

    def _end(self, number: int, _: FrameType | None) -> None:
        self.ended = True
        signal.signal(number, signal.SIG_DFL)
        for running in list(self._running):
            running.terminate()

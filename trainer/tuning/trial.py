"""One trial of a search: a training in a process of its own, at most one at a time.

TRIALS/<digest>.yaml  what is trained; the digest is that of the options
TRIALS/<digest>/      its run
TRIALS/<digest>.log   what it said
TRIALS/<digest>.lock  held by who trains it, and by the training itself if that one dies
"""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from preprocessing.files.whole_file import write_whole
from preprocessing.terminal.options import to_yaml
from preprocessing.terminal.streams import printable
from trainer.config import TrainConfig
from trainer.run.folder import Run
from trainer.run.lock import Lock

REASON_LENGTH = 300


class TrialRun:
    """A configuration and the process that trains it.

    Args:
        config: the options; the digest of all but ``run`` names the trial's folder.
        folder: the folder of all trials.
    """

    def __init__(self, config: TrainConfig, folder: Path):
        text = to_yaml(replace(config, run=Path("run")))
        self.digest = blake2b(text.encode(), digest_size=8).hexdigest()
        self.run = Run(folder / self.digest)
        self.config = replace(config, run=self.run.path)
        self.log_path = folder / f"{self.digest}.log"
        self.lock_path = folder / f"{self.digest}.lock"
        self._yaml_path = folder / f"{self.digest}.yaml"
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def command(self) -> list[str]:
        """The command line of the process."""
        # What a file names is executed only if the command line names it too.
        own = [f"--model={self.config.model}"] if self.config.model else []
        command = [sys.executable, "-m", "trainer", "train", "--config", str(self._yaml_path)]
        return command + own

    def start(self, lock: Lock) -> None:
        """Starts the training, or continues it from the last checkpoint.

        Args:
            lock: the lock of the training, which keeps it if this process is killed.
        """
        write_whole(self._yaml_path, to_yaml(self.config))
        with self.log_path.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                pass_fds=(lock.descriptor,),
                start_new_session=True,  # Ctrl-C in a terminal reaches it through ``stop`` only.
            )

    @property
    def exit_code(self) -> int | None:
        """The exit code; None while it runs, negative if a signal ended it."""
        return self._process.poll() if self._process else None

    def stop(self) -> None:
        """Makes the training write a checkpoint and end; an interrupted wait kills it."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait()
        except BaseException:
            self._process.kill()
            raise

    @property
    def failure(self) -> str:
        """The reason of a failure: the last line of the log, without the name of the command."""
        code = self.exit_code or 0
        if code < 0:
            memory = ", as when memory runs out" if code == -signal.SIGKILL else ""
            return f"killed by {signal.Signals(-code).name}{memory}"
        with self.log_path.open("rb") as log:
            log.seek(self._log_start)
            lines = log.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        said = printable(last.partition(": error: ")[2] or last)[:REASON_LENGTH]
        return said or f"exit code {code}"


def _environment() -> dict[str, str]:
    """Returns the environment of a process that imports the same modules from any folder."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    return {**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"}

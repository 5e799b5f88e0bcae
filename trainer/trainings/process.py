"""One training in a process of its own, at most one at a time, which goes on where it was stopped.

FOLDER/<name>.yaml  what is trained
FOLDER/<name>/      its run
FOLDER/<name>.log   what it said
FOLDER/<name>.lock  held by who trains it, and by the training itself if that one dies
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from preprocessing.files.whole_file import write_whole
from preprocessing.terminal.exit_codes import INTERRUPTED, STOPPED
from preprocessing.terminal.options import to_yaml
from preprocessing.terminal.streams import printable
from trainer.config import TrainConfig
from trainer.run.folder import Run
from trainer.run.lock import Lock
from trainer.threads import THREADS, usual_threads
from trainer.training.by_data import as_chosen
from trainer.trainings.modules import same_modules

REASON_LENGTH = 300
# How a training ends that was asked to stop.
STOPS = (STOPPED, INTERRUPTED, -signal.SIGINT, -signal.SIGTERM)


class TrainingProcess:
    """A configuration and the process that trains it.

    Args:
        config: the options; its ``run`` is replaced.
        folder: the folder of all trainings that belong together.
        name: the name of this one, and of its run.
    """

    def __init__(self, config: TrainConfig, folder: Path, name: str):
        self.name = name
        self.run = Run(folder / name)
        self.config = replace(config, run=self.run.path)
        self.log_path = folder / f"{name}.log"
        self.lock_path = folder / f"{name}.lock"
        self._yaml_path = folder / f"{name}.yaml"
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def command(self) -> list[str]:
        """The command line of the process."""
        # What a file names is executed only if the command line names it too.
        own = [f"--model={self.config.model}"] if self.config.model else []
        command = [sys.executable, "-m", "trainer", "train", "--config", str(self._yaml_path)]
        return [*command, *own, "--quiet"]  # Advice is for whoever started all of them.

    def start(self, lock: Lock, threads: int | None = None) -> None:
        """Starts the training, or continues it from the last checkpoint.

        Args:
            lock: the lock of the training, which keeps it if this process is killed.
            threads: for each operation, where cores are shared; None for those of this process.
        """
        write_whole(self._yaml_path, to_yaml(self.config))
        with self.log_path.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(threads),
                pass_fds=(lock.descriptor,),
                start_new_session=True,  # Ctrl-C in a terminal reaches it through ``stop`` only.
            )

    @property
    def exit_code(self) -> int | None:
        """The exit code; None while it runs, negative if a signal ended it."""
        return self._process.poll() if self._process else None

    @property
    def was_stopped(self) -> bool:
        """True if the training has ended because it was asked to."""
        return self.exit_code in STOPS

    @property
    def is_done(self) -> bool:
        """True if the training came to its end with these very options."""
        run, config = self.run, self.config
        if not (run.config_path.is_file() and run.model_path.is_file()):
            return False
        if run.config != as_chosen(config, run.config):
            return False
        progress, validated = run.progress, bool(run.splits.validation)
        over = progress.finished and progress.is_over(config.epochs, config.patience, validated)
        return over and not self._lacks_a_choice(validated)

    def _lacks_a_choice(self, validated: bool) -> bool:
        """Returns True if something is missing that is chosen at the end.

        Args:
            validated: whether there is a validation split to choose it by.
        """
        run, config = self.run, self.config
        chosen = validated or config.decoder == "folds"
        decodes = chosen and config.decoder != "none" and config.can_decode
        calibrates = validated and config.task != "regression"
        return (calibrates and not run.calibration_path.exists()) or (
            decodes and not run.decoder_path.exists()
        )

    def stop(self) -> None:
        """Makes the training write a checkpoint and end; an interrupted wait kills it."""
        stop_all([self])

    def terminate(self) -> None:
        """Asks the training to end; to ask twice would kill it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self) -> None:
        """Waits until the training has ended."""
        if self._process is not None:
            self._process.wait()

    def kill(self) -> None:
        """Ends the training at once."""
        if self._process is not None:
            self._process.kill()

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


def share_of_cores(processes: int) -> int:
    """Returns how many threads each of several processes should have."""
    return max(1, usual_threads() // processes)


def stop_all(trainings: Sequence[TrainingProcess]) -> None:
    """Makes trainings write checkpoints and end, all at once; an interrupted wait kills them."""
    try:
        for training in trainings:
            training.terminate()
        for training in trainings:
            training.wait()
    except BaseException:
        for training in trainings:
            training.kill()
        raise


def _environment(threads: int | None) -> dict[str, str]:
    """Returns the environment of a process that imports the same modules from any folder."""
    own = {**same_modules(), "PYTHONUNBUFFERED": "1"}
    if threads:
        # Side by side, they also share the memory of a GPU.
        own |= {THREADS: str(threads), "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    return {**os.environ, **own}

"""Several trainings, some of them at a time, until all have ended."""

import time
from collections.abc import Sequence
from pathlib import Path

from preprocessing.errors import InputError, Stopped, counted
from preprocessing.files.failures import FailureLog
from preprocessing.terminal.console import note, say
from preprocessing.terminal.exit_codes import DONE, SOME_FAILED
from trainer.run.interruption import Interruption
from trainer.run.lock import POLL, Lock, heed
from trainer.training.epoch_line import best_of
from trainer.trainings.process import TrainingProcess, share_of_cores, stop_all


class Crew:
    """Trainings, each with a line when it has ended; what fails stops none of the others.

    Several processes may be given the same trainings: they share them.

    Args:
        folder: gets ``failures.csv``.
        trainings: in the order in which they begin.
        word: what one of them is, for messages: a seed, a fold.
        jobs: how many are trained at the same time, each on its share of the cores.
        interruption: stops all of them.
        wait: whether to wait for the end of those that other processes train.
    """

    def __init__(
        self,
        folder: Path,
        trainings: Sequence[TrainingProcess],
        word: str,
        jobs: int,
        interruption: Interruption,
        wait: bool = True,
    ):
        self.word, self.jobs, self.interruption, self.wait = word, jobs, interruption, wait
        self.count = len(trainings)
        self._ended = 0
        self._waiting = list(trainings)
        self._running: dict[TrainingProcess, tuple[Lock, float]] = {}
        self._reasons: dict[str, str] = {}
        self._elsewhere: set[str] = set()
        self._failures = FailureLog(folder, [training.run.path for training in trainings])

    def go(self) -> int:
        """Trains all of them; those that have come to their end before are not begun again.

        Returns:
            The exit code: 0, or 3 if some failed.

        Raises:
            InputError: all of them failed.
            Stopped: a signal came; all that ran have written a checkpoint.
        """
        try:
            while self._waiting or self._running:
                heed(self.interruption)
                self._begin()
                if not self.wait and self._leaves_the_rest():
                    break
                self._look()
                if self._waiting or self._running:
                    time.sleep(POLL)
        finally:
            stop_all(list(self._running))
            for lock, _ in self._running.values():
                lock.close()
        if len(self._reasons) == self.count:
            name, reason = next(iter(self._reasons.items()))
            what = counted(self.count, self.word)
            raise InputError(f"none of {what} came to its end; {self.word} {name}: {reason}")
        return SOME_FAILED if self._reasons else DONE

    @property
    def left(self) -> list[str]:
        """The names of those that other processes were training when this one had no more to do."""
        return [training.name for training in self._waiting]

    def _leaves_the_rest(self) -> bool:
        """Returns True if all that is left is being trained by other processes.

        One that is done may still be locked by who has trained it, or who looks at it just now; if
        it counted as not done, all processes might leave each other the last word.
        """
        return not self._running and not any(training.is_done for training in self._waiting)

    def _begin(self) -> None:
        """Begins trainings until enough of them run."""
        for training in list(self._waiting):
            if len(self._running) == self.jobs:
                return
            lock = Lock(training.lock_path)
            if not lock.try_acquire():
                lock.close()
                self._wait_for(training)
                continue
            self._waiting.remove(training)
            if training.is_done:
                lock.close()
                self._say(training, _result(training))
                continue
            training.start(lock, share_of_cores(self.jobs) if self.jobs > 1 else None)
            self._running[training] = lock, time.monotonic()

    def _wait_for(self, training: TrainingProcess) -> None:
        if training.name not in self._elsewhere and self.wait:
            note(f"{self.word} {training.name} is trained by another process; waiting for its end")
        self._elsewhere.add(training.name)

    def _look(self) -> None:
        """Takes leave of the trainings that have ended."""
        for training, (lock, begun) in list(self._running.items()):
            if training.exit_code is None:
                continue
            del self._running[training]
            lock.close()
            if training.was_stopped:
                raise Stopped(
                    f"the training of {self.word} {training.name} was stopped; start the same "
                    "command again to go on"
                )
            if training.exit_code:
                self._fail(training)
            else:
                self._say(training, f"{_result(training)}; {time.monotonic() - begun:.0f} s")

    def _fail(self, training: TrainingProcess) -> None:
        reason = self._reasons[training.name] = training.failure
        self._failures.add(training.run.path, "training", reason)
        self._say(training, f"failed: {reason}; all that it said: {training.log_path}")

    def _say(self, training: TrainingProcess, what: str) -> None:
        self._ended += 1
        say(f"[{self._ended}/{self.count}] {self.word} {training.name}: {what}")


def _result(training: TrainingProcess) -> str:
    progress = training.run.progress
    best = best_of(training.run.history, progress.best_epoch)
    return f"{counted(progress.epoch, 'epoch')}{best}"

"""The command ``tune``: a search for the training options that do best on the validation split.

A worker takes trials from a study that may have many workers:

    lock ─▶ revive, count, ask ─▶ unlock ─▶ train, report each epoch ─▶ tell the study
            (what stopped or                (done, pruned, failed; or stopped,
             died waits again)               and then it is told nothing more)

RUN/tune.yaml  what is searched          RUN/trials/     the trainings; see ``trainings``
RUN/tune.db    the study, by default     RUN/trials.csv, tune.png, best.yaml: what came of it
"""

import math
import os
import random
import time
import warnings
from contextlib import suppress
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from preprocessing.errors import InputError, Stopped
from preprocessing.files.outputs import require_folder
from preprocessing.files.whole_file import machine, write_whole
from preprocessing.labels.label_files import FOLDERS
from preprocessing.terminal.console import note, say
from preprocessing.terminal.exit_codes import DONE
from preprocessing.terminal.options import to_yaml
from trainer.config import flag
from trainer.run.interruption import Interruption
from trainer.run.lock import POLL, Lock, heed, locked
from trainer.run.members import require_trainable
from trainer.training.continuation import as_begun
from trainer.training.data import load_data
from trainer.trainings.beginning import require_begun_so
from trainer.tuning.options import TuneConfig
from trainer.tuning.results import progress_line, write_results
from trainer.tuning.search_space import parse_search, with_values
from trainer.tuning.study import open_study, read_rows, revive, storage_errors_are_the_inputs
from trainer.tuning.trial import TrialRun

if TYPE_CHECKING:
    from optuna import Study, Trial, TrialPruned
    from optuna.trial import FrozenTrial

LOCK = "tune.lock"
CHANGEABLE = ("run", "trials", "storage")  # between two starts of one search


TUNE = "tune.yaml"


class TrialError(Exception):
    """A trial has no value; the search continues."""


def run_tune(config: TuneConfig) -> int:
    """Runs the command ``tune``; see ``TuneConfig``.

    Raises:
        InputError: Optuna is not installed.
    """
    try:
        import optuna
    except ImportError:
        raise InputError('tune needs Optuna: pip install "longtake[tune]"') from None
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    require_folder("--run", config.run)
    config = _resolved(config)
    config = as_begun(config, config.run / TUNE)
    if config.continue_from:
        require_trainable("--continue-from", config.continue_from)
    with Interruption() as interruption, storage_errors_are_the_inputs():
        return _Worker(config, _begin(config, interruption), interruption).go()


class _Worker:
    """A process that takes trials of a study until none is left."""

    def __init__(self, config: TuneConfig, study: "Study", interruption: Interruption):
        self.config, self.study, self.interruption = config, study, interruption
        self.space = parse_search(config.search)
        self.folder = config.run / "trials"

    def go(self) -> int:
        names = ", ".join(flag(dimension.name) for dimension in self.space)
        say(
            f"{self.config.trials} trials of {names} for the "
            f"{'lowest' if self.config.better == 'minimize' else 'highest'} "
            f"{self.config.objective}"
        )
        tried = False
        try:
            while self._next():
                tried = True
        except Stopped:
            with suppress(InputError):
                write_results(self.config, self.study)
            raise
        if not tried:
            say("no trial is left to begin; a higher --trials adds to them")
        write_results(self.config, self.study)
        return DONE

    def _next(self) -> bool:
        """Takes the next trial; False if none is left."""
        import optuna

        with locked(self.config.run / LOCK, self.interruption) as lock:
            revive(self.study)
            rows = read_rows(self.config, self.study)
            if len(rows) >= self.config.trials and not any(row.state == "waiting" for row in rows):
                return False
            # Under the lock no two workers see the same trials, so no two have the same seed.
            seed = random.Random(f"{self.config.seed}/{self._created()}").getrandbits(32)
            self.study.sampler = optuna.samplers.TPESampler(seed=seed)
            # Another worker may have taken this one, asleep too long, for dead.
            with suppress(optuna.exceptions.UpdateFinishedTrialError):
                self.study.optimize(
                    lambda trial: self._value(trial, lock),
                    n_trials=1,
                    catch=(TrialError,),
                    callbacks=[self._say],
                )
        return True

    def _value(self, trial: "Trial", lock: Lock) -> float:
        """Returns the value of a trial; holds the lock until the study knows its options."""
        trial.set_user_attr("worker", f"{machine()} {os.getpid()}")
        parameters = self._suggest(trial)
        lock.close()
        try:
            options = with_values(self.config.train_config, parameters)
        except InputError as error:
            raise _pruned(trial, str(error)) from None
        training = TrialRun(options, self.folder)
        trial.set_user_attr("digest", training.digest)

        def waiting() -> None:
            note(f"trial {trial.number} waits for a training of its options that runs already")

        with locked(training.lock_path, self.interruption, waiting) as own:
            return self._train(trial, training, own)

    def _suggest(self, trial: "Trial") -> dict[str, Any]:
        """Returns values of the options, from the sampler or from the trial that is continued."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Said better below.
                parameters = {option.name: option.suggest(trial) for option in self.space}
        except ValueError as error:
            raise _failed(trial, str(error)) from None
        for option in self.space:
            if not option.holds(value := parameters[option.name]):
                raise _failed(trial, f"{flag(option.name)} {value} is not in the search")
        return parameters

    def _train(self, trial: "Trial", training: TrialRun, own: Lock) -> float:
        watch = _Watch(trial, training, self.config)
        watch.look()
        if not self._is_done(training.digest):
            training.start(own)
            try:
                while training.exit_code is None:
                    time.sleep(POLL)
                    heed(self.interruption)
                    watch.look()
            finally:
                training.stop()
        if training.was_stopped:
            raise Stopped("its training was stopped; start the same command again to go on")
        if training.exit_code:
            raise _failed(trial, training.failure)
        watch.look(prune=False)
        return watch.best

    def _is_done(self, digest: str) -> bool:
        """Returns True if another trial was the same and was trained to its end."""
        trials = self.study.get_trials(deepcopy=False)
        return any(
            t.state.name == "COMPLETE" and t.user_attrs.get("digest") == digest for t in trials
        )

    def _created(self) -> int:
        return len(self.study.get_trials(deepcopy=False))

    def _say(self, study: "Study", trial: "FrozenTrial") -> None:
        say(progress_line(self.config, study, trial.number))


class _Watch:
    """Reports to a study what a training writes into its history, epoch by epoch."""

    def __init__(self, trial: "Trial", training: TrialRun, config: TuneConfig):
        self.trial, self.training, self.config = trial, training, config
        self.rows = 0
        self.values: list[float] = []

    def look(self, prune: bool = True) -> None:
        """Reports new epochs.

        Raises:
            TrialPruned: they are not good enough to continue.
            InputError: the objective is no column of the history.
        """
        rows = self.training.run.history
        for row in rows[self.rows :]:
            value = self._objective(row)
            if math.isfinite(value):
                self.values.append(value)
                self.trial.report(value, int(row["epoch"] or 0))
        new, self.rows = len(rows) > self.rows, max(len(rows), self.rows)
        if new and prune and self.config.prune and self.trial.should_prune():
            raise _pruned(self.trial, f"worse than the median in epoch {rows[-1]['epoch']}")

    @property
    def best(self) -> float:
        """The value of the best epoch."""
        if not self.values:
            raise _failed(self.trial, f"{self.config.objective} was never a finite number")
        return (min if self.config.better == "minimize" else max)(self.values)

    def _objective(self, row: dict[str, float | None]) -> float:
        try:
            value = row[self.config.objective]
            return math.nan if value is None else value
        except KeyError:
            known = ", ".join(name for name in row if name.startswith("val_"))
            reason = f"--objective {self.config.objective}: expected one of {known}"
            self.trial.set_user_attr("reason", reason)
            raise InputError(f"{reason}; give it with another --run") from None


def _begin(config: TuneConfig, interruption: Interruption) -> "Study":
    """Opens the study of a folder, or makes one after a look at the data."""
    begun = config.run / TUNE
    same = partial(require_begun_so, begun, config, "search", CHANGEABLE, {LOCK})
    same()
    if not begun.exists() and load_data(config.train_config).validation is None:
        raise InputError(
            "tune compares trials on a validation split and there is none; give --splits or "
            "--fractions that have one"
        )
    with locked(config.run / LOCK, interruption):
        same()
        write_whole(begun, to_yaml(replace(config, storage=None)))
        return open_study(config)


def _resolved(config: TuneConfig) -> TuneConfig:
    """Makes paths absolute, so that trials and best.yaml are the same from anywhere."""
    paths = {
        field.name: getattr(config, field.name).resolve()
        for field in fields(config)
        if isinstance(getattr(config, field.name), Path)
    }
    labels = tuple(path if str(path) == FOLDERS else path.resolve() for path in config.labels)
    return replace(config, **paths, labels=labels)


def _pruned(trial: "Trial", reason: str) -> "TrialPruned":
    import optuna

    trial.set_user_attr("reason", reason)
    return optuna.TrialPruned(reason)


def _failed(trial: "Trial", reason: str) -> TrialError:
    trial.set_user_attr("reason", reason)
    return TrialError(reason)

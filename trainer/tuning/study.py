"""The study of a search: its trials, in a database that workers share.

A trial that was stopped, or whose worker died, stays in the study as failed without a reason, and
another one with the same parameters continues it: the two are one row.
"""

import re
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from preprocessing.errors import InputError
from preprocessing.files.whole_file import is_alive, machine
from trainer.tuning.options import TuneConfig
from trainer.tuning.search_space import parse_search

if TYPE_CHECKING:
    from optuna import Study
    from optuna.trial import FrozenTrial

HEARTBEAT, GRACE = 15, 90  # Seconds; a worker of another machine counts as dead after GRACE.
BEFORE_PRUNING = {"n_startup_trials": 5, "n_warmup_steps": 3}  # Whole trials; epochs of each.
LOCK_TIMEOUT = 60  # Seconds that a worker waits for SQLite.
STATES = {"COMPLETE": "done", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running"}


@dataclass(frozen=True)
class Row:
    """One trial.

    Attributes:
        number: its number in the study.
        state: done, pruned, failed, running, stopped or waiting.
        value: the objective in the best epoch so far.
        epoch: that epoch, counted from 1.
        epochs: the number of epochs.
        seconds: the time of all attempts together.
        parameters: values by the names of fields.
        digest: the name of its folder; empty if it has none.
        reason: why it was pruned or failed.
    """

    number: int
    state: str
    value: float | None
    epoch: int | None
    epochs: int
    seconds: float
    parameters: dict[str, Any]
    digest: str
    reason: str


def open_study(config: TuneConfig) -> "Study":
    """Opens the study that a search continues, or creates it.

    Raises:
        InputError: the database cannot be used.
    """
    import optuna
    from sqlalchemy.exc import ArgumentError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            storage = optuna.storages.RDBStorage(
                config.storage or "sqlite:///tune.db",
                engine_kwargs=_engine_options(config),
                heartbeat_interval=HEARTBEAT,
                grace_period=GRACE,
            )
    except (ArgumentError, ImportError) as error:
        raise InputError(
            f"cannot use --storage: {error}; expected the URL of a database and its driver "
            "installed, such as postgresql+psycopg://user@host/name"
        ) from None
    nothing, median = optuna.pruners.NopPruner(), optuna.pruners.MedianPruner(**BEFORE_PRUNING)
    return optuna.create_study(
        storage=storage,
        # A database of several searches tells them apart by their folders.
        study_name=f"longtake {config.run}" if config.storage else "longtake",
        direction=config.better,
        pruner=median if config.prune else nothing,
        load_if_exists=True,
    )


def _engine_options(config: TuneConfig) -> dict[str, Any]:
    """Returns options for SQLAlchemy, since no URL holds every path and workers must wait."""
    path = config.run / "tune.db"
    if config.storage is None:
        return {
            "creator": lambda: sqlite3.connect(path, LOCK_TIMEOUT, check_same_thread=False),
        }
    if config.storage.startswith("sqlite"):
        return {"connect_args": {"timeout": LOCK_TIMEOUT}}
    return {}


@contextmanager
def storage_errors_are_the_inputs() -> Iterator[None]:
    """Turns failures of the database into bad input.

    Raises:
        InputError: the database failed in the block.
    """
    import optuna
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError) as error:
        cause = getattr(error, "orig", None) or error.__cause__ or error
        raise InputError(
            f"the database of the search failed: {cause}; the same command goes on"
        ) from None


def revive(study: "Study") -> None:
    """Queues trials again whose worker was stopped or died; the caller holds RUN/tune.lock."""
    import optuna
    from optuna.trial import TrialState

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        optuna.storages.fail_stale_trials(study)
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        where, _, process = trial.user_attrs.get("worker", "").partition(" ")
        if where == machine() and not is_alive(process):
            study.tell(trial.number, state=TrialState.FAIL)
    trials = study.get_trials(deepcopy=False)
    for trial in trials:
        if _state(trial) == "stopped" and trial.number not in _continued(trials):
            again = optuna.trial.create_trial(
                state=TrialState.WAITING,
                params=trial.params,
                distributions=trial.distributions,
                user_attrs={"continues": trial.number},
            )
            study.add_trial(again)


def read_rows(config: TuneConfig, study: "Study") -> list[Row]:
    """Returns all trials, the best first, then those that have no value to compare.

    Args:
        config: the options of the search.
        study: its study.
    """
    trials = study.get_trials(deepcopy=False)
    continued = _continued(trials)
    rows = [_row(config, trials, trial) for trial in trials if trial.number not in continued]
    sign = 1 if config.better == "minimize" else -1
    order = ("done", "pruned", "running", "stopped", "waiting", "failed")
    return sorted(
        rows,
        key=lambda row: (
            order.index(row.state), row.value is None, sign * (row.value or 0), row.number
        ),
    )  # fmt: skip


def _row(config: TuneConfig, trials: list["FrozenTrial"], trial: "FrozenTrial") -> Row:
    values = trial.intermediate_values
    best = min if config.better == "minimize" else max
    digest = str(trial.user_attrs.get("digest", ""))
    epoch = best(values, key=lambda epoch: values[epoch]) if values else None
    return Row(
        number=trial.number,
        state=_state(trial),
        value=None if epoch is None else values[epoch],
        epoch=epoch,
        epochs=max(values, default=0),
        seconds=_seconds(trials, trial),
        parameters=_parameters(config, trial),
        digest=digest if re.fullmatch("[0-9a-f]{16}", digest) else "",
        reason=trial.user_attrs.get("reason", ""),
    )


def _parameters(config: TuneConfig, trial: "FrozenTrial") -> dict[str, Any]:
    """Returns the tried values that fit the search, since the database may be a stranger's."""
    return {
        dimension.name: trial.params[dimension.name]
        for dimension in parse_search(config.search)
        if dimension.name in trial.params and dimension.holds(trial.params[dimension.name])
    }


def _state(trial: "FrozenTrial") -> str:
    if trial.state.name == "FAIL" and "reason" not in trial.user_attrs:
        return "stopped"
    return STATES.get(trial.state.name, "waiting")


def _continued(trials: list["FrozenTrial"]) -> set[int]:
    """Returns the numbers of the trials that others continue."""
    return {t.user_attrs["continues"] for t in trials if "continues" in t.user_attrs}


def _seconds(trials: list["FrozenTrial"], trial: "FrozenTrial") -> float:
    own = trial.duration.total_seconds() if trial.duration else 0.0
    before = trial.user_attrs.get("continues")
    if isinstance(before, int) and 0 <= before < trial.number:
        return own + _seconds(trials, trials[before])
    return own

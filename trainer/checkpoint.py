"""What an interrupted run needs to go on after its last whole epoch."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import h5py

from preprocessing.errors import InputError
from preprocessing.whole_file import whole_file


@dataclass
class Progress:
    """How far a run is.

    Attributes:
        epoch: whole epochs done.
        best_loss: lowest validation loss so far.
        best_epoch: the epoch that had it, counted from 1.
        finished: nothing is left to do.
        history: a row an epoch.
    """

    epoch: int = 0
    best_loss: float = float("inf")
    best_epoch: int = 0
    finished: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)


def save(path: Path, progress: Progress, variables: list[Any]) -> None:
    """Writes a checkpoint, whole or not at all.

    Args:
        path: its file; one that is there is replaced.
        variables: Keras variables of model and optimizer.
    """
    with whole_file(path) as partial, h5py.File(partial, "w") as file:
        for number, variable in enumerate(variables):
            file.create_dataset(f"variables/{number:05d}", data=variable.numpy())
        file.attrs["progress"] = json.dumps(asdict(progress))


def read_progress(path: Path) -> Progress:
    """Reads how far a run is; a run without a checkpoint is at its beginning.

    Raises:
        InputError: the file is not a whole checkpoint.
    """
    if not path.exists():
        return Progress()
    try:
        with h5py.File(path) as file:
            return Progress(**json.loads(file.attrs["progress"]))
    except (OSError, KeyError, ValueError, TypeError):
        raise InputError(f"{path} is damaged; delete the run's folder to train anew") from None


def restore(path: Path, variables: list[Any]) -> None:
    """Sets variables to what ``save`` was given.

    Raises:
        InputError: the file holds other variables.
    """
    with h5py.File(path) as file:
        stored = [file["variables"][name][()] for name in sorted(file["variables"])]
    if [value.shape for value in stored] != [tuple(variable.shape) for variable in variables]:
        raise InputError(f"{path} is of another model; delete the run's folder to train anew")
    for variable, value in zip(variables, stored, strict=True):
        variable.assign(value)

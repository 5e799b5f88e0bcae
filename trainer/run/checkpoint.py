"""Checkpoints: everything that a run needs to continue as if it had never been interrupted.

RUN/checkpoints/EPOCH-ITEM.npz    written after whole updates only, whole or not at all
    progress                      JSON, see ``Progress``
    variables/NNNNN               of model and optimizer, random generators among them
    carry/NNNNN                   the recurrent state of all lanes
    callbacks/...                 arrays that callbacks remember

Lanes, order and chunk edges follow from the seed and the epoch, so the number of batches done says
where each lane is. A file has a digest of itself: what is damaged is recognised; see ``archive``.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_origin

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.terminal.console import note
from trainer.run.archive import DAMAGE, Arrays, read_archive, write_archive

SUFFIX = ".npz"


@dataclass
class Progress:
    """The progress of a run.

    Attributes:
        epoch: the number of whole epochs done, validation included.
        items: the number of lineups, or groups of sequences, of the next epoch that are done.
        begun: True if callbacks know that this epoch has begun.
        updates: the number of updates since the beginning, also those that changed no weight.
        sums, steps, places, waited, seconds: totals of the epoch under way; see ``Totals``.
        best_loss: the lowest validation loss so far.
        best_epoch: the epoch with that loss, counted from 1.
        stopped: True if a callback asked for the end.
        lanes: the lanes of all devices at the first start; 0 in older checkpoints.
        threads: TensorFlow's threads at the first start; 0 in older checkpoints.
        finished: True if nothing is left to do.
        history: a row for each epoch.
        callbacks: the state of each callback, without arrays.
        chance: states of Python's and NumPy's random generators.
    """

    epoch: int = 0
    items: int = 0
    begun: bool = False
    updates: int = 0
    sums: list[float] = field(default_factory=lambda: [0.0] * 4)
    steps: int = 0
    places: int = 0
    waited: float = 0.0
    seconds: float = 0.0
    best_loss: float = float("inf")
    best_epoch: int = 0
    stopped: bool = False
    lanes: int = 0
    threads: int = 0
    finished: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)
    callbacks: list[dict[str, Any]] = field(default_factory=list)
    chance: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        for one in fields(self):
            kind, value = get_origin(one.type) or one.type, getattr(self, one.name)
            if not isinstance(value, (int, float) if kind is float else kind):  # type: ignore[arg-type]
                raise TypeError(f"{one.name} is {value!r:.40}")

    def is_over(self, epochs: int, patience: int, validated: bool) -> bool:
        """Says whether no epoch is left to train, or none that could still help.

        Args:
            epochs: after how many it ends.
            patience: epochs without a better one after which it ends.
            validated: whether there is a validation split.
        """
        patient = not validated or self.epoch - self.best_epoch < patience
        return self.stopped or self.epoch >= epochs or not patient


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint that was read.

    Attributes:
        path: its file.
        arrays: its arrays, by name.
        progress: the progress of the run at that time.
    """

    path: Path
    arrays: Arrays
    progress: Progress = field(default_factory=Progress)

    def group(self, name: str) -> list[NDArray[Any]]:
        """Returns the arrays of one group, in order."""
        return [self.arrays[key] for key in sorted(self.arrays) if key.startswith(f"{name}/")]

    def restore(self, variables: Sequence[Any]) -> None:
        """Sets variables to their saved values.

        Args:
            variables: the variables, in the order in which they were saved.

        Raises:
            InputError: the file holds other variables.
        """
        stored = self.group("variables")
        if [value.shape for value in stored] != [tuple(variable.shape) for variable in variables]:
            raise InputError(
                f"{self.path} holds {len(stored)} variables of other shapes than the model's "
                f"{len(variables)}; it is of another model, give another --run"
            )
        for variable, value in zip(variables, stored, strict=True):
            variable.assign(value)


class Checkpoints:
    """The checkpoints of a run.

    Args:
        folder: their folder.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def paths(self) -> list[Path]:
        """Returns the files of checkpoints, the oldest first."""
        return sorted(path for path in self.folder.glob(f"*{SUFFIX}") if path.name[0] != ".")

    def progress(self) -> Progress:
        """Returns the progress of the last whole checkpoint, or that of a new run."""
        for path in reversed(self.paths()):
            try:
                return Progress(**read_archive(path, only_plain=True)[0])
            except DAMAGE:
                continue
        return Progress()

    def latest(self) -> Checkpoint | None:
        """Reads the last whole checkpoint; damaged ones are skipped with a note.

        Raises:
            InputError: there are checkpoints, and all of them are damaged.
        """
        paths = self.paths()
        for path in reversed(paths):
            try:
                plain, arrays = read_archive(path)
                return Checkpoint(path, arrays, Progress(**plain))
            except DAMAGE as error:
                note(f"{path} is damaged ({error}); the checkpoint before it is used")
        if paths:
            raise InputError(
                f"all checkpoints in {self.folder} are damaged; delete the run's folder to train "
                "anew"
            )
        return None

    def save(self, progress: Progress, arrays: Arrays, keep: int) -> Path:
        """Writes a checkpoint, whole or not at all, and removes all but the last ones.

        Args:
            progress: the progress of the run.
            arrays: the arrays, by name.
            keep: the number of checkpoints to keep.
        """
        path = self.folder / f"{progress.epoch:06d}-{progress.items:09d}{SUFFIX}"
        write_archive(path, asdict(progress), arrays)
        paths = self.paths()
        place = paths.index(path)
        # What comes after it is of a training that was damaged, and is being done again.
        for old in [*paths[: place + 1][:-keep], *paths[place + 1 :]]:
            old.unlink(missing_ok=True)
        return path


def numbered(group: str, values: Sequence[Any]) -> dict[str, NDArray[Any]]:
    """Names the arrays of a group, in order.

    Args:
        group: the name of the group.
        values: its arrays.
    """
    return {f"{group}/{number:05d}": np.asarray(value) for number, value in enumerate(values)}


def all_finite(arrays: Arrays) -> bool:
    """Returns True if no array holds NaN or infinity."""
    return all(
        bool(np.isfinite(array).all()) for array in arrays.values() if array.dtype.kind == "f"
    )

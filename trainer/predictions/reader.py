"""Reading of ``predictions.h5`` piece by piece, for metrics, pictures and label files."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.files.hdf5_file import DAMAGE, open_hdf5, own_dataset
from preprocessing.store.sequence_info import require_increasing
from trainer.plan.passage import ahead
from trainer.predictions.writer import group_name, read_classes, sequence_ids

BLOCK_STEPS = 1 << 14
EVERY = slice(None)
TASKS = ("classification", "multilabel", "regression")
NEEDED = ("true", "predicted", "timestamps")
# Answers as the model gives them, and those of a decoder.
RAW, DECODED = "predicted", "decoded"


@dataclass(frozen=True)
class Answers:
    """An opened file of predictions; see the writer for its content.

    Attributes:
        file: the open file.
        classes: names of the classes, or of the columns of a regression.
        task: ``classification``, ``multilabel`` or ``regression``.
        horizon: of the model; a step is one of the model's.
        ids: the sequences, sorted.
        weights: digest of those that answered; empty if the file does not say.
        decoded: True if there are decoded answers beside the raw ones.
    """

    file: h5py.File
    classes: list[str]
    task: str
    horizon: int
    ids: list[str]
    weights: str = ""
    decoded: bool = False
    # Datasets that say what each step counts for; none where each counts for 1.
    counted_by: ClassVar[tuple[str, ...]] = ()

    @property
    def said(self) -> str:
        """The dataset of the answers that count: decoded ones where there are any."""
        return DECODED if self.decoded else RAW

    @property
    def ahead(self) -> int:
        """The number of steps from row t to the step that its answer is about."""
        return ahead(self.horizon)

    def group(self, sequence_id: str) -> h5py.Group:
        """Returns the group of a sequence in the file."""
        name = group_name(sequence_id)
        return self.file[name if name in self.file else sequence_id]

    def steps(self, sequence_id: str) -> int:
        """Returns N of a sequence."""
        return len(self.group(sequence_id)["true"])

    def seconds(self, sequence_id: str) -> float:
        """Returns the seconds from a sequence's first step to its last."""
        times = self.group(sequence_id)["timestamps"]
        return float(times[-1] - times[0])

    def whole(self, sequence_id: str, name: str) -> NDArray[Any]:
        """Reads one dataset of a sequence at once.

        Args:
            sequence_id: the sequence.
            name: the dataset.

        Raises:
            InputError: the dataset is missing, or holds values that no answer has.
        """
        return self.part(sequence_id, name, EVERY)

    def part(
        self, sequence_id: str, name: str, rows: slice, columns: slice = EVERY
    ) -> NDArray[Any]:
        """Reads some steps of one dataset.

        Args:
            sequence_id: the sequence.
            name: the dataset.
            rows: the steps.
            columns: the columns, of a dataset with two axes.

        Raises:
            InputError: the dataset is missing, or holds values that no answer has.
        """
        dataset = self._datasets(sequence_id, [name])[0]
        return self._read(sequence_id, name, dataset, rows, columns)

    def blocks(
        self,
        sequence_id: str,
        *names: str,
        columns: slice = EVERY,
        block_steps: int = BLOCK_STEPS,
    ) -> Iterator[tuple[NDArray[Any], ...]]:
        """Reads datasets side by side.

        Args:
            sequence_id: the sequence.
            names: the names of the datasets.
            columns: the columns to read of a dataset with two axes.
            block_steps: the number of steps to read at once.

        Raises:
            InputError: an answer is not finite or of no class, or there is no such dataset.
        """
        datasets = self._datasets(sequence_id, names)
        for start in range(0, self.steps(sequence_id), block_steps):
            rows = slice(start, start + block_steps)
            yield tuple(
                self._read(sequence_id, name, data, rows, columns)
                for name, data in zip(names, datasets, strict=True)
            )

    def _datasets(self, sequence_id: str, names: Sequence[str]) -> list[h5py.Dataset]:
        group = self.group(sequence_id)
        for name in names:
            if name not in group:
                raise _not_whole(self.file.filename, f"{sequence_id!r} has no {name!r}")
        return [group[name] for name in names]

    def _read(
        self, sequence_id: str, name: str, data: h5py.Dataset, rows: slice, columns: slice
    ) -> NDArray[Any]:
        try:
            values = np.asarray(data[rows, columns] if data.ndim > 1 else data[rows])
            sensible = self._are_sensible(name, values)
        except DAMAGE as error:
            raise _not_whole(self.file.filename, f"{name!r} of {sequence_id!r}: {error}") from None
        if not sensible:
            reason = f"{name!r} of {sequence_id!r} holds what no answer is"
            raise _not_whole(self.file.filename, reason)
        if name != "true":
            require_finite(sequence_id, values)
        return values

    def _are_sensible(self, name: str, values: NDArray[Any]) -> bool:
        """Returns True if the values of a dataset can be labels or numbers of the task."""
        if name in ("probabilities", "timestamps") or self.task == "regression":
            return values.dtype.kind == "f"
        least = -1 if name == "true" else 0
        most = len(self.classes) - 1 if self.task == "classification" else 1
        return values.dtype.kind in "iu" and bool(((values >= least) & (values <= most)).all())


@contextmanager
def open_answers(path: Path | str | Answers) -> Iterator[Answers]:
    """Opens a ``predictions.h5``; a file without task and horizon is a classification without one.

    All of the file is checked, which takes a while where it has thousands of sequences.

    Args:
        path: the file; one that is open already is handed on, and stays open.

    Raises:
        InputError: the file is of another kind, or incomplete.
    """
    if isinstance(path, Answers):
        yield path
        return
    with ExitStack() as stack:
        try:
            answers = _whole(stack.enter_context(open_hdf5(Path(path))))
        except DAMAGE as error:
            reason = error.args[0] if isinstance(error, KeyError) else error
            raise _not_whole(path, reason) from None
        yield answers


def require_finite(sequence_id: str, answers: NDArray[Any]) -> None:
    """Checks that answers are numbers.

    Args:
        sequence_id: the sequence that they are about.
        answers: probabilities, or numbers.

    Raises:
        InputError: one is NaN or infinite.
    """
    if not np.isfinite(answers).all():
        raise InputError(
            f"an answer for {sequence_id} is not finite: the model has diverged; "
            "train it anew with a lower --learning-rate"
        )


def _not_whole(path: object, reason: object) -> InputError:
    return InputError(f"{path} is no whole file of predictions: {reason}; run evaluate again")


def _whole(file: h5py.File) -> Answers:
    task = str(file.attrs.get("task", "classification"))
    horizon = int(file.attrs.get("horizon", 0))
    if task not in TASKS:
        raise ValueError(f"no such task: {task!r}")
    weights = str(file.attrs.get("weights", ""))
    answers = Answers(file, read_classes(file), task, horizon, sequence_ids(file), weights)
    for sequence_id in answers.ids:
        group = answers.group(sequence_id)
        # Metrics need probabilities, label files do not.
        further = ("probabilities",) if "probabilities" in group else ()
        _require(answers, sequence_id, group, *NEEDED, *further)
    return replace(answers, decoded=_are_decoded(answers))


def _are_decoded(answers: Answers) -> bool:
    """Returns True if all sequences have decoded answers.

    Raises:
        ValueError: only some have, or they do not fit the others.
    """
    if answers.task == "regression":
        return False
    ids = [name for name in answers.ids if _has_decoded(answers.group(name))]
    for sequence_id in ids:
        _require(answers, sequence_id, answers.group(sequence_id), "true", DECODED)
    if ids and (lacking := set(answers.ids).difference(ids)):
        raise ValueError(f"{min(lacking)!r} has no {DECODED!r}, and others have")
    return bool(ids)


def _has_decoded(group: h5py.Group) -> bool:
    """Returns True if a sequence has decoded answers.

    Older files may hold a sequence of that name below another one.
    """
    link = group.get(DECODED, getlink=True)
    other = isinstance(link, h5py.HardLink) and isinstance(group[DECODED], h5py.Group)
    return link is not None and not other


def _require(answers: Answers, sequence_id: str, group: h5py.Group, *names: str) -> None:
    """Checks that datasets exist, with as many rows and columns as the others.

    Args:
        answers: the opened file.
        sequence_id: the sequence.
        group: its group.
        names: the datasets, among them ``true``, whose steps count.
    """
    try:
        found = {name: own_dataset(group, name) for name in names}
        if "timestamps" in found:
            require_increasing(found["timestamps"])
    except (KeyError, ValueError) as error:
        raise ValueError(f"{sequence_id!r}: {error.args[0]}") from None
    steps = len(found["true"])
    for name, data in found.items():
        flat = name == "timestamps" or (
            answers.task == "classification" and name != "probabilities"
        )
        columns = () if flat else (len(answers.classes),)
        if data.shape != (steps, *columns):
            raise ValueError(f"{name!r} of {sequence_id!r} has shape {data.shape}")

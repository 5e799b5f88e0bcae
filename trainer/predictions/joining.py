"""The files of answers of several models as one file: the mean of what they say."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.files.hdf5_file import new_hdf5
from trainer.model.together import mean_answer
from trainer.predictions.reader import BLOCK_STEPS, Answers, open_answers
from trainer.predictions.writer import Complete, group_name
from trainer.task import Regression, Task


def join_answers(
    parts: Sequence[Path],
    path: Path,
    task: Task,
    horizon: int,
    weights: str,
    complete: Complete | None = None,
) -> None:
    """Writes one ``predictions.h5`` of those of several models, piece by piece.

    Args:
        parts: the ``predictions.h5`` of each model, of the same sequences.
        path: the new file; it has its name only when it is whole.
        task: what the answers are.
        horizon: see ``trainer.predictions.writer``.
        weights: digest of the weights of all.
        complete: adds to what was written, before it has its name.

    Raises:
        InputError: they answer other sequences or steps, or an answer is not finite.
        OSError: the disk is full or cannot be written.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(open_answers(part)) for part in parts]
        writer = stack.enter_context(new_hdf5(path))
        _require_same_steps(files)
        for sequence_id in files[0].ids:
            _join_sequence(files, sequence_id, writer.file, task)
            writer.require_success()
        told = {"classes": list(task.classes), "task": task.name}
        writer.file.attrs.update({**told, "horizon": horizon, "weights": weights})
        if complete is not None:
            complete(writer)


def _require_same_steps(files: Sequence[Answers]) -> None:
    first = files[0]
    for other in files[1:]:
        what = "sequences or classes" * (other.ids != first.ids or other.classes != first.classes)
        for sequence_id in other.ids if not what else ():
            if not _are_same_steps(first, other, sequence_id):
                what = f"steps of {sequence_id!r}, or of other labels,"
        if what:
            raise InputError(
                f"{other.file.filename} answers other {what} than {first.file.filename}: the store "
                "has changed meanwhile; start the same command again (of models that answer once a "
                "sequence, join those of one --direction: labels at both its ends may differ)"
            )


def _are_same_steps(first: Answers, other: Answers, sequence_id: str) -> bool:
    """Returns True if answers are about as many steps, of the same labels."""
    if other.steps(sequence_id) != first.steps(sequence_id):
        return False
    blocks = (one.blocks(sequence_id, "true") for one in (first, other))
    return all(
        np.array_equal(true, wanted, equal_nan=true.dtype.kind == "f")
        for (true,), (wanted,) in zip(*blocks, strict=True)
    )


def _join_sequence(files: Sequence[Answers], sequence_id: str, file: h5py.File, task: Task) -> None:
    """Writes the mean of the answers to one sequence, beside times and labels of the first."""
    group, first = group_name(sequence_id), files[0].group(sequence_id)
    for name in ("timestamps", "true"):
        files[0].file.copy(first[name], file, name=f"{group}/{name}")
    start = 0
    for outputs in _outputs(files, sequence_id, task):
        rows = slice(start, start + len(outputs))
        for name, values in _columns(task, outputs).items():
            place = f"{group}/{name}"
            if place not in file:
                file.create_dataset(place, first[name].shape, values.dtype)
            file[place][rows] = values
        start = rows.stop


def _outputs(
    files: Sequence[Answers], sequence_id: str, task: Task
) -> Iterator[NDArray[np.float32]]:
    """Yields the mean of the answers, some steps at a time."""
    name = "predicted" if isinstance(task, Regression) else "probabilities"
    block_steps = max(1, BLOCK_STEPS // len(files))
    blocks = (one.blocks(sequence_id, name, block_steps=block_steps) for one in files)
    for several in zip(*blocks, strict=True):
        yield mean_answer(task, [outputs for (outputs,) in several])


def _columns(task: Task, outputs: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
    predicted = {"predicted": task.predicted(outputs)}
    return predicted if isinstance(task, Regression) else {"probabilities": outputs, **predicted}

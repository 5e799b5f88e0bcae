"""The file of predictions, ``predictions.h5``.

    attributes            classes, task, horizon (row t is the answer of step t about t + horizon)
    <sequence_id>/        a group for each sequence
        timestamps        <float64>[N]    seconds

                          classification  multilabel      regression
        probabilities     <float32>[N, C] <float32>[N, C]
        predicted         <int32>[N]      <int8>[N, C]    <float32>[N, C]
        true              <int32>[N]      <int8>[N, C]    <float32>[N, C]
        without a label   -1              rows of -1      rows of NaN

For one answer a sequence, N is 1: the answer at its last step.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from preprocessing.whole_file import whole_file
from trainer.batches import SequenceSet
from trainer.lanes import Chunk
from trainer.layout import Layout
from trainer.task import Multilabel, Regression


@dataclass(frozen=True)
class Piece:
    """Predictions for one chunk.

    Attributes:
        chunk: which steps of which sequence.
        outputs: of the model, ``<float32>[steps, C]``.
        true: targets; see ``trainer.task``.
    """

    chunk: Chunk
    outputs: NDArray[np.float32]
    true: NDArray[Any]


@contextmanager
def predictions_writer(path: Path, layout: Layout) -> Iterator[h5py.File]:
    """Opens a new file for ``store_piece``; it has its name only when it is whole."""
    with whole_file(path) as partial, h5py.File(partial, "w") as file:
        file.attrs["classes"] = list(layout.task.classes)
        file.attrs["task"] = layout.task.name
        file.attrs["horizon"] = layout.horizon
        yield file


def read_classes(file: h5py.File) -> list[str]:
    """Names of the classes, in the order of the probabilities."""
    return [str(name) for name in file.attrs["classes"]]


def sequence_ids(file: h5py.File) -> list[str]:
    """The sequences in the file, sorted."""
    found: list[str] = []

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and name.endswith("/predicted"):
            found.append(name.removesuffix("/predicted"))

    file.visititems(visit)
    return sorted(found)


def store_piece(file: h5py.File, data: SequenceSet, piece: Piece) -> None:
    """Adds the predictions of a chunk; of a sequence with one answer, only the last step's."""
    info, chunk = data.infos[piece.chunk.sequence], piece.chunk
    whole = data.layout.outputs == "sequence"
    if whole and not chunk.last:
        return
    times = data.store.timestamps(info.sequence_id, chunk.start, chunk.stop)
    columns = {"timestamps": times, **_columns(data.layout, piece)}
    where = slice(chunk.start, chunk.stop)
    if whole:
        where, columns = slice(0, 1), {name: rows[-1:] for name, rows in columns.items()}
    for name, rows in columns.items():
        place = f"{info.sequence_id}/{name}"
        if place not in file:
            shape = (1 if whole else info.steps, *rows.shape[1:])
            file.create_dataset(place, shape, rows.dtype)
        file[place][where] = rows


def _columns(layout: Layout, piece: Piece) -> dict[str, NDArray[Any]]:
    """What is stored of a piece, by name."""
    predicted = {"predicted": layout.task.predicted(piece.outputs)}
    if isinstance(layout.task, Regression):
        return {**predicted, "true": piece.true}
    true = piece.true
    if isinstance(layout.task, Multilabel):
        true = np.nan_to_num(true, nan=-1).astype("int8")
    return {"probabilities": piece.outputs, **predicted, "true": true}

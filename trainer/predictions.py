"""The file of predictions, ``predictions.h5``.

    attributes            classes
    <sequence_id>/        a group for each sequence
        probabilities     <float32>[N, C]
        predicted         <int32>[N]      index of the class
        true              <int32>[N]      -1 where there is no label
        timestamps        <float64>[N]    seconds

For one answer a sequence, N is 1: the answer at its last step.
"""

from collections.abc import Iterator, Sequence
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


@dataclass(frozen=True)
class Piece:
    """Predictions for one chunk.

    Attributes:
        chunk: which steps of which sequence.
        probabilities: ``<float32>[steps, C]``.
        true: ``<int32>[steps]``, -1 where there is no label.
    """

    chunk: Chunk
    probabilities: NDArray[np.float32]
    true: NDArray[np.int32]


@contextmanager
def predictions_writer(path: Path, classes: Sequence[str]) -> Iterator[h5py.File]:
    """Opens a new file for ``store_piece``; it has its name only when it is whole."""
    with whole_file(path) as partial, h5py.File(partial, "w") as file:
        file.attrs["classes"] = list(classes)
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
    whole = data.outputs == "sequence"
    if whole and not chunk.last:
        return
    if f"{info.sequence_id}/probabilities" not in file:
        classes = piece.probabilities.shape[-1]
        _create(file, info.sequence_id, 1 if whole else info.steps, classes)
    group = file[info.sequence_id]
    start, stop = chunk.start, chunk.start + chunk.steps
    times = data.store.timestamps(info.sequence_id, start, stop)
    where = slice(None) if whole else slice(start, stop)
    kept = slice(-1, None) if whole else slice(None)
    group["probabilities"][where] = piece.probabilities[kept]
    group["predicted"][where] = piece.probabilities[kept].argmax(-1)
    group["true"][where] = piece.true[kept]
    group["timestamps"][where] = times[kept]


def _create(file: h5py.File, sequence_id: str, steps: int, classes: int) -> None:
    group = file.require_group(sequence_id)
    group.create_dataset("probabilities", (steps, classes), "float32")
    group.create_dataset("predicted", (steps,), "int32")
    group.create_dataset("true", (steps,), "int32")
    group.create_dataset("timestamps", (steps,), "float64")

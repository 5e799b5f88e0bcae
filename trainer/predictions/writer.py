"""The file of predictions, ``predictions.h5``.

    attributes            classes, task, horizon
                          weights (of the model that answered, see ``Run.weights_digest``)
    <sequence_id>/        a group for each sequence; a part of its id that has the name of a
                          dataset, as in ``x/true``, ends in ~
        timestamps        <float64>[N]    seconds

                          classification  multilabel      regression
        probabilities     <float32>[N, C] <float32>[N, C]
        predicted         <int32>[N]      <int8>[N, C]    <float32>[N, C]
        true              <int32>[N]      <int8>[N, C]    <float32>[N, C]
        without a label   -1              rows of -1      rows of NaN
        decoded           <int32>[N]      <int8>[N, C]    (none)

``decoded`` is there, for all sequences, if a decoder has been at work; ``predicted`` stays raw.
With a horizon above 0 row t is the answer of step t about step t + horizon; otherwise it is the
answer about step t, whenever it was given. For one answer a sequence, N is 1: the answer at the
last step of the passage.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from preprocessing.files.hdf5_file import Hdf5Writer, new_hdf5
from trainer.batches.sequence_set import SequenceSet
from trainer.layout import Layout
from trainer.plan.lineup import Chunk
from trainer.task import Multilabel, Regression

# Adds to a file that holds all raw answers, before it has its name.
Complete = Callable[[Hdf5Writer], object]
NAMES = ("timestamps", "probabilities", "predicted", "true", "decoded")


@dataclass(frozen=True)
class Piece:
    """Predictions for one chunk.

    Attributes:
        chunk: the steps of the model and their sequence.
        outputs: the model's outputs, ``<float32>[steps, C]``.
        true: targets; see ``trainer.task``.
    """

    chunk: Chunk
    outputs: NDArray[np.float32]
    true: NDArray[Any]


@contextmanager
def predictions_writer(path: Path, layout: Layout, weights: str = "") -> Iterator[Hdf5Writer]:
    """Opens a new file for ``store_piece``; it has its name only when it is whole.

    Args:
        path: the file.
        layout: the layout of the model.
        weights: digest of the weights that answer.
    """
    with new_hdf5(path) as writer:
        attributes = writer.file.attrs
        attributes["classes"] = list(layout.task.classes)
        attributes["task"] = layout.task.name
        attributes["horizon"] = layout.horizon
        attributes["weights"] = weights
        yield writer


def group_name(sequence_id: str) -> str:
    """Returns the group of a sequence: its id, changed where a part is a dataset's name.

    >>> group_name("monday/x")
    'monday/x'
    >>> group_name("monday/true"), group_name("monday/true~")
    ('monday/true~', 'monday/true~~')
    """
    first, *rest = sequence_id.split("/")
    return "/".join([first, *(f"{part}~" if part.rstrip("~") in NAMES else part for part in rest)])


def _id_of(group: str) -> str:
    first, *rest = group.split("/")
    taken = (part.removesuffix("~") if part.rstrip("~") in NAMES else part for part in rest)
    return "/".join([first, *taken])


def read_classes(file: h5py.File) -> list[str]:
    """Reads the names of the classes, in the order of the probabilities."""
    return [str(name) for name in file.attrs["classes"]]


def sequence_ids(file: h5py.File) -> list[str]:
    """Returns the sequences in the file, sorted."""
    found: list[str] = []

    def visit(name: str, link: Any) -> None:
        if not name.endswith("/predicted"):
            return
        # A link is no answer; it is named as one, so that it is refused and not passed over.
        if not isinstance(link, h5py.HardLink) or isinstance(file[name], h5py.Dataset):
            found.append(_id_of(name.removesuffix("/predicted")))

    file.visititems_links(visit)
    return sorted(found)


def store_piece(writer: Hdf5Writer, data: SequenceSet, piece: Piece) -> None:
    """Writes the predictions of a chunk; of a sequence with one answer, only the last step's.

    Args:
        writer: the file.
        data: the sequences.
        piece: the predictions.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    file = writer.file
    info, chunk = data.infos[piece.chunk.sequence], piece.chunk
    whole = data.layout.outputs == "sequence"
    if whole and not chunk.last:
        return
    first = chunk.stop - 1 if whole else chunk.start
    held = data.passage(chunk.sequence).rows(first, chunk.stop)
    if held.start == held.stop:
        return
    kept = slice(-1, None) if whole else held.places
    answered = _columns(data.layout, piece)
    columns = {name: data.turned(rows[kept]) for name, rows in answered.items()}
    columns["timestamps"] = data.store.timestamps(info.sequence_id, held.start, held.stop)
    where = slice(0, 1) if whole else slice(held.start, held.stop)
    # To look one up costs more than to write it, so the group is looked up once for all.
    group = file.require_group(group_name(info.sequence_id))
    for name, rows in columns.items():
        if name in group:
            group[name][where] = rows
        else:
            shape = (1 if whole else info.steps, *rows.shape[1:])
            group.create_dataset(name, shape, rows.dtype)[where] = rows
    writer.require_success()


def _columns(layout: Layout, piece: Piece) -> dict[str, NDArray[Any]]:
    """Returns the datasets of a piece, by name."""
    predicted = {"predicted": layout.task.predicted(piece.outputs)}
    if isinstance(layout.task, Regression):
        return {**predicted, "true": piece.true}
    true = piece.true
    if isinstance(layout.task, Multilabel):
        true = np.nan_to_num(true, nan=-1).astype("int8")
    return {"probabilities": piece.outputs, **predicted, "true": true}

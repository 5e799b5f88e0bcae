"""Chunks as arrays: features from the store, labels and weights beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.labels import UNLABELLED, Labels
from preprocessing.sequence_file import SequenceInfo
from preprocessing.store import FeatureStore
from trainer.lanes import Chunk, Plan, chunks_of

SCAN_STEPS = 1 << 16
BATCHES_AHEAD = 4


@dataclass(frozen=True)
class ChunkBatch:
    """One batch.

    Attributes:
        chunks: what is in each row, None for an idle lane.
        features: ``<float16 or float32>[B, T, F]``, 0 on padding.
        labels: ``<int32>[B, T]``, ``UNLABELLED`` where there is none and on padding.
        weights: ``<float32>[B, T]``, 0 on padding, on idle lanes and on steps without a label.
        reset: ``<bool>[B]``; idle lanes reset.
    """

    chunks: tuple[Chunk | None, ...]
    features: NDArray[Any]
    labels: NDArray[np.int32]
    weights: NDArray[np.float32]
    reset: NDArray[np.bool_]

    @property
    def steps(self) -> int:
        """Real steps, labelled or not."""
        return sum(chunk.steps for chunk in self.chunks if chunk)


class SequenceSet:
    """Sequences of a store in a fixed order, with their labels.

    Args:
        store: where the features are.
        infos: the sequences, all alike; ``Chunk.sequence`` counts in this order.
        labels: None where there are none; then every weight is 0.
        outputs: ``frame`` weighs every labelled step, ``sequence`` only the last of a sequence.
    """

    def __init__(
        self,
        store: FeatureStore,
        infos: Sequence[SequenceInfo],
        labels: Labels | None,
        outputs: Literal["frame", "sequence"] = "frame",
    ):
        self.store = store
        self.infos = list(infos)
        self.labels = labels
        self.outputs = outputs

    @property
    def lengths(self) -> list[int]:
        """Steps of each sequence."""
        return [info.steps for info in self.infos]

    def require_labelled(self, part: str) -> None:
        """Checks that the loss is asked of a step at all.

        Raises:
            InputError: it is asked of none; an average over nothing would look perfect.
        """
        for number, length in enumerate(self.lengths):
            for chunk in chunks_of(number, length, SCAN_STEPS):
                if ((self._true_labels(chunk) != UNLABELLED) & self._counts(chunk)).any():
                    return
        where = "last step" if self.outputs == "sequence" else "step"
        raise InputError(f"no {where} of a sequence in the {part} split has a label; nothing to do")

    def batches(self, plan: Plan, chunk_length: int) -> Iterator[ChunkBatch]:
        """Fills in the chunks of a plan, one batch at a time.

        Raises:
            InputError: a feature is not finite.
        """
        for chunks in plan:
            yield self._batch(chunks, chunk_length)

    def _batch(self, chunks: tuple[Chunk | None, ...], chunk_length: int) -> ChunkBatch:
        shape = (len(chunks), chunk_length)
        info = self.infos[0]
        features = np.zeros((*shape, info.dimension), info.dtype)
        labels = np.full(shape, UNLABELLED, np.int32)
        weights = np.zeros(shape, np.float32)
        for row, chunk in enumerate(chunks):
            if chunk is None:
                continue
            sequence_id = self.infos[chunk.sequence].sequence_id
            features[row, : chunk.steps] = self.store.features(
                sequence_id, chunk.start, chunk.start + chunk.steps
            )
            labels[row, : chunk.steps] = true = self._true_labels(chunk)
            weights[row, : chunk.steps] = (true != UNLABELLED) & self._counts(chunk)
        reset = np.array([chunk is None or chunk.reset for chunk in chunks])
        return ChunkBatch(chunks, features, labels, weights, reset)

    def _true_labels(self, chunk: Chunk) -> NDArray[np.int32]:
        """Labels of a chunk's real steps, ``<int32>[steps]``."""
        info, stop = self.infos[chunk.sequence], chunk.start + chunk.steps
        if self.labels is None:
            return np.full(chunk.steps, UNLABELLED, np.int32)
        times = self.store.timestamps(info.sequence_id, chunk.start, stop)
        return self.labels.at(info, chunk.start, times)

    def _counts(self, chunk: Chunk) -> NDArray[np.bool_]:
        """Which real steps the loss is asked of, ``<bool>[steps]``."""
        if self.outputs == "frame":
            return np.ones(chunk.steps, bool)
        counts = np.zeros(chunk.steps, bool)
        counts[-1] = chunk.last
        return counts

"""Chunks as arrays: features from the store, labels and weights beside them.

Steps are those of the model, in its order; ``Passage`` says which steps of a sequence they are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.labels.base import Labels, labelled
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo
from trainer.batches.chunk_batch import ChunkBatch, ChunkBatches
from trainer.layout import Layout
from trainer.plan.lineup import Chunk, Lineup
from trainer.plan.passage import Passage, Stretch
from trainer.task import Classification

SCAN_STEPS = 1 << 16
# Read at once: as many batches as take so many bytes, at most so many.
BYTES_AT_ONCE = 1 << 22
BATCHES_AT_ONCE = 16
# How often that is read before it is needed.
READS_AHEAD = 2


class SequenceSet:
    """Sequences of a store in a fixed order, with their labels.

    Args:
        store: where the features are.
        infos: the sequences; their positions are the numbers in plans.
        labels: what they show; None if nobody knows.
        layout: how they become inputs and targets.
        class_weights: ``<float32>[C]``, what a step of each class weighs; None for 1.

    Attributes:
        rows: of batches whose inputs are read; the rest, for other processes, stays 0.
    """

    def __init__(
        self,
        store: FeatureStore,
        infos: Sequence[SequenceInfo],
        labels: Labels | None,
        layout: Layout,
        class_weights: NDArray[np.float32] | None = None,
    ):
        self.store, self.infos, self.labels, self.layout = store, list(infos), labels, layout
        self.class_weights = class_weights
        self.rows = slice(None)

    def only(self, rows: slice) -> "SequenceSet":
        """Returns the same sequences, of whose batches inputs are read in some rows only."""
        some = self.with_layout(self.layout)
        some.rows = rows
        return some

    def with_layout(self, layout: Layout) -> "SequenceSet":
        """Returns the same sequences, as other inputs and targets."""
        return SequenceSet(self.store, self.infos, self.labels, layout, self.class_weights)

    @property
    def lengths(self) -> list[int]:
        """Returns the steps that the model goes through of each sequence."""
        return [self.passage(number).asked for number in range(len(self.infos))]

    def passage(self, sequence: int) -> Passage:
        """Returns the passage of the model through a sequence."""
        layout = self.layout
        return Passage(self.infos[sequence].steps, layout.horizon, layout.backward)

    def turned(self, values: NDArray[Any]) -> NDArray[Any]:
        """Returns values of steps in the order of the model, or those in the order of time.

        Args:
            values: ``[n, ...]``.
        """
        return np.ascontiguousarray(values[::-1]) if self.layout.backward else values

    def require_labelled(self, part: str, burn_in: int = 0) -> None:
        """Checks that there is a labelled step to compute the loss of.

        Args:
            part: the name of the split, for the message.
            burn_in: steps at the beginning of each sequence that have no loss.

        Raises:
            InputError: there is none; an average over nothing would look perfect.
        """
        if any(labelled(targets).any() for targets in self.scan(burn_in)):
            return
        where = "last step" if self.layout.outputs == "sequence" else "step"
        after = f" after a burn-in of {burn_in} steps" if burn_in else ""
        if self.layout.horizon > 0:
            after += f" {self.layout.horizon} steps later (--horizon)"
        raise InputError(
            f"no {where} of a sequence in the {part} split has a label{after}; nothing to do"
        )

    def scan(self, burn_in: int = 0) -> Iterator[NDArray[Any]]:
        """Yields targets of all steps after the burn-in, or of all last steps, block by block."""
        for number, length in enumerate(self.lengths):
            first = burn_in if self.layout.outputs == "frame" else length - 1
            for start in range(first, length, SCAN_STEPS):
                yield self._targets(number, start, min(start + SCAN_STEPS, length))

    def feature_blocks(self, numbers: Iterable[int], block_steps: int) -> Iterator[NDArray[Any]]:
        """Yields the features of all steps of sequences, none repeated, in the order of the model.

        Args:
            numbers: of the sequences.
            block_steps: the number of steps to read at once.

        Raises:
            InputError: a feature is not finite.
        """
        for number in numbers:
            steps = self.infos[number].steps
            for start in range(0, steps, block_steps):
                yield self._features(number, start, min(start + block_steps, steps))

    def read(self, plan: Iterable[Lineup]) -> Iterator[ChunkBatches]:
        """Fills in the chunks of a plan, several batches at a time.

        Raises:
            InputError: a feature is not finite.
        """
        some: list[Lineup] = []
        for lineup in plan:
            full = some and len(some) == self._batches_at_once(some[0])
            if full or (some and lineup.chunk_length != some[0].chunk_length):
                yield self._filled(tuple(some))
                some = []
            some.append(lineup)
        if some:
            yield self._filled(tuple(some))

    def batches(self, plan: Iterable[Lineup]) -> Iterator[ChunkBatch]:
        """Fills in the chunks of a plan, one batch at a time; see ``read``."""
        for several in self.read(plan):
            yield from several

    def _batches_at_once(self, lineup: Lineup) -> int:
        """Returns K, how many batches such as this are read together."""
        info = self.infos[0]
        size = self.layout.feature_size(info.dimension) * np.dtype(info.dtype).itemsize
        size += 4 * (self.layout.past_size + self.layout.task.size)
        fitting = BYTES_AT_ONCE // (len(lineup.chunks) * lineup.chunk_length * size)
        return min(max(1, fitting), BATCHES_AT_ONCE)

    def _filled(self, lineups: tuple[Lineup, ...]) -> ChunkBatches:
        layout, info = self.layout, self.infos[0]
        at_once = self._batches_at_once(lineups[0])
        lanes, length = len(lineups[0].chunks), lineups[0].chunk_length
        shape = (lanes, at_once * length)
        features = np.zeros((*shape, layout.feature_size(info.dimension)), info.dtype)
        past = np.zeros((*shape, layout.past_size), np.float32)
        targets = layout.task.no_targets(shape)
        weights = np.zeros(shape, np.float32)
        reset = np.ones((at_once, lanes), bool)
        read = range(lanes)[self.rows]
        for row in range(lanes):
            chunks = [lineup.chunks[row] for lineup in lineups]
            reset[: len(chunks), row] = [chunk is None or chunk.reset for chunk in chunks]
            for place, chunk in _joined(chunks):
                steps = slice(place * length, place * length + chunk.steps)
                if row in read:
                    self._fill_inputs(features[row, steps], past[row, steps], chunk)
                true = self._targets(chunk.sequence, chunk.start, chunk.stop)
                targets[row, steps] = true
                weights[row, steps] = self._weights(chunk, true)
        return ChunkBatches(lineups, features, past, targets, weights, reset)

    def _fill_inputs(self, features: NDArray[Any], past: NDArray[np.float32], chunk: Chunk) -> None:
        if self.layout.inputs == "features":
            seen = self._features(chunk.sequence, chunk.start, chunk.stop)
            features[: len(seen)], features[len(seen) : chunk.steps] = seen, seen[-1]
            return
        first = int(chunk.reset)  # A step before the first is known unless the lane resets.
        rows = slice(first, chunk.steps)
        before = (chunk.start + first - 1, chunk.stop - 1)
        past[:first] = self.layout.task.unknown
        if self.layout.sees_features and self.layout.unknown_features:
            features[:first] = self.layout.unknown_features
        if before[0] < before[1]:
            if self.layout.sees_features:
                features[rows] = self._features(chunk.sequence, *before)
            past[rows] = self.layout.task.encode(self._labels(chunk.sequence, *before))

    def _features(self, sequence: int, start: int, stop: int) -> NDArray[Any]:
        """Reads what steps see, without those behind that see the last of it again."""
        seen = self.passage(sequence).seen(start, stop)
        sequence_id = self.infos[sequence].sequence_id
        return self.turned(self.store.features(sequence_id, seen.start, seen.stop))

    def _targets(self, sequence: int, start: int, stop: int) -> NDArray[Any]:
        """Returns the labels that steps are asked for, none where they are about no step."""
        targets = self.layout.task.no_targets((stop - start,))
        about = self.passage(sequence).about(start, stop)
        if about.start < about.stop:
            targets[about.places] = self._labels_of(sequence, about)
        return targets

    def _labels(self, sequence: int, start: int, stop: int) -> NDArray[Any]:
        """Returns the labels of what steps see, none of them behind the end."""
        return self._labels_of(sequence, self.passage(sequence).seen(start, stop))

    def _labels_of(self, sequence: int, stretch: Stretch) -> NDArray[Any]:
        info, start, stop = self.infos[sequence], stretch.start, stretch.stop
        if self.labels is None:
            return self.layout.task.no_targets((stop - start,))
        times = self.store.timestamps(info.sequence_id, start, stop)
        return self.turned(self.labels.at(info, start, times))

    def _weights(self, chunk: Chunk, true: NDArray[Any]) -> NDArray[np.float32]:
        """Returns the weights of a chunk's real steps, ``<float32>[steps]``."""
        counts = labelled(true)
        counts[: chunk.burn_in] = False
        if self.layout.outputs == "sequence":
            counts[:-1] = False
            counts[-1] &= chunk.last
        if self.class_weights is None or not isinstance(self.layout.task, Classification):
            return counts.astype("float32")
        return np.where(counts, self.class_weights[np.maximum(true, 0)], 0).astype("float32")


def _joined(chunks: Sequence[Chunk | None]) -> Iterator[tuple[int, Chunk]]:
    """Joins chunks of a lane that go on where the one before ended.

    Yields:
        The place in the lane, in batches, at which a joined chunk begins, and the chunk.
    """
    place, open_chunk = 0, None
    for number, chunk in enumerate(chunks):
        if open_chunk and chunk and not chunk.reset and chunk.start == open_chunk.stop:
            open_chunk = replace(
                open_chunk,
                steps=open_chunk.steps + chunk.steps,
                last=chunk.last,
                burn_in=open_chunk.burn_in + chunk.burn_in,
            )
            continue
        if open_chunk:
            yield place, open_chunk
        place, open_chunk = number, chunk
    if open_chunk:
        yield place, open_chunk

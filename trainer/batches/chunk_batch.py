"""A chunk of each lane as arrays, and those of many batches."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.plan.lineup import Chunk, Lineup


@dataclass(frozen=True)
class ChunkBatch:
    """One batch.

    Attributes:
        chunks: what is in each row, None for an idle lane.
        features: ``<float16 or float32>[B, T, F]``, 0 on padding; F is 0 where the model sees none.
        past: ``<float32>[B, T, P]``, the labels of the step before; P is 0 where it sees none.
        targets: see ``trainer.task``; without a label on padding.
        weights: ``<float32>[B, T]``, 0 on padding, on idle lanes, in the burn-in and on steps
            without a label.
        reset: ``<bool>[B]``; idle lanes reset.
    """

    chunks: tuple[Chunk | None, ...]
    features: NDArray[Any]
    past: NDArray[np.float32]
    targets: NDArray[Any]
    weights: NDArray[np.float32]
    reset: NDArray[np.bool_]

    @property
    def steps(self) -> int:
        """Counts the real steps, labelled or not."""
        return sum(chunk.steps for chunk in self.chunks if chunk)

    @property
    def places(self) -> int:
        """Counts the steps that a batch of this shape could hold."""
        return int(self.weights.size)


@dataclass(frozen=True)
class ChunkBatches:
    """Batches that follow each other, of the same T: K of them, or fewer and nothing behind.

    What a lane goes through lies in one piece, three batches of T = 4 in two lanes here, of which
    what belongs to one sequence is read at once:

        lane 0    A4 A5 A6 A7 | A8 A9 A10 A11 | A12 -  -  -
        lane 1    B8 B9 -  -  | C0 C1 C2  C3  | C4  C5 C6 C7

    Attributes:
        lineups: one for each batch, at most K.
        features: ``<float16 or float32>[B, K T, F]``; see ``ChunkBatch``.
        past: ``<float32>[B, K T, P]``.
        targets: beginning with ``[B, K T]``.
        weights: ``<float32>[B, K T]``.
        reset: ``<bool>[K, B]``.
    """

    lineups: tuple[Lineup, ...]
    features: NDArray[Any]
    past: NDArray[np.float32]
    targets: NDArray[Any]
    weights: NDArray[np.float32]
    reset: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.lineups)

    def __iter__(self) -> Iterator[ChunkBatch]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, number: int) -> ChunkBatch:
        lineup = self.lineups[number]
        steps = slice(number * lineup.chunk_length, (number + 1) * lineup.chunk_length)
        return ChunkBatch(
            lineup.chunks,
            self.features[:, steps],
            self.past[:, steps],
            self.targets[:, steps],
            self.weights[:, steps],
            self.reset[number],
        )

"""Courses of whole sequences, in memory that does not depend on their length but for the labels.

forward     ├─ block 0 ─▶├─ block 1 ─▶├─ block 2 ─▶    only the scores at the edges are kept
back                                  ◀─ block 2 ─┤    computed again with its ways back,
                         ◀─ block 1 ─┤                 which lead to the edge before
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.decoder.blocks import Block, Blocks
from trainer.decoder.chain import chain, emission
from trainer.decoder.counts import Counts, Floats
from trainer.decoder.lagging import lagging, way_back
from trainer.decoder.weights import Weights

# From the first step and the one after the last to probabilities, ``<float>[n, C]``.
Read = Callable[[int, int], NDArray[Any]]
Labels = NDArray[np.int32]


class Course:
    """Finds the likeliest courses of classes.

    Args:
        counts: of the training split.
        rate: steps a second.
        weights: of answers, transitions and durations.
    """

    def __init__(self, counts: Counts, rate: float, weights: Weights):
        scores = chain(counts, rate, weights.durations)
        self._emission = emission(counts, weights)
        self._blocks, self._stages = Blocks(scores), scores.first.shape[1]

    def labels(self, read: Read, steps: int, lags: Sequence[int | None]) -> list[Labels]:
        """Decodes a sequence.

        Args:
            read: reads probabilities of consecutive steps, twice if it is decoded offline.
            steps: N, at least 1.
            lags: the later steps that a decision sees; None for the whole sequence.

        Returns:
            For each lag ``<int32>[N]``.
        """
        online = {lag: lagging(lag) for lag in lags if lag is not None and lag < steps - 1}
        edges: list[Floats | None] = [None]
        for start in range(0, steps, self._blocks.length):
            last = self._block(read, start, steps, edges[-1])
            edges.append(last.scores)
            for one in online.values():
                one.add(last)
        states: dict[int | None, Labels] = {lag: one.finish() for lag, one in online.items()}
        if offline := set(lags) - states.keys():
            states |= dict.fromkeys(offline, self._offline(read, steps, edges, last))
        return [states[lag] // self._stages for lag in lags]

    def _offline(
        self, read: Read, steps: int, edges: Sequence[Floats | None], block: Block
    ) -> Labels:
        """Returns the states of the best course of all, ``<int32>[N]``.

        Args:
            read: reads probabilities again.
            steps: N.
            edges: the scores at the edges of blocks.
            block: the last one.
        """
        states = np.empty(steps, np.int32)
        length, state = self._blocks.length, int(block.best[-1])
        for number in reversed(range(len(edges) - 1)):
            start = number * length
            if start + length < steps:
                block = self._block(read, start, steps, edges[number])
            states[start : start + length], state = way_back(block.back, state)
        return states

    def _block(self, read: Read, start: int, steps: int, scores: Floats | None) -> Block:
        emissions = self._emission(read(start, min(start + self._blocks.length, steps)))
        if scores is None:
            return self._blocks.first(emissions)
        return self._blocks.further(scores, emissions)

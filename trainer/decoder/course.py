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
from trainer.decoder.trail import Trail
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
        online = {lag: _Lagging(lag) for lag in lags if lag is not None and lag < steps - 1}
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
            states[start : start + length], state = _way_back(block.back, state)
        return states

    def _block(self, read: Read, start: int, steps: int, scores: Floats | None) -> Block:
        emissions = self._emission(read(start, min(start + self._blocks.length, steps)))
        if scores is None:
            return self._blocks.first(emissions)
        return self._blocks.further(scores, emissions)


class _Lagging:
    """The states of one sequence, decided with a lag.

    Args:
        lag: in steps.
    """

    def __init__(self, lag: int):
        self._trail = Trail(lag) if lag else None
        self._states: list[NDArray[np.int32]] = []

    def add(self, block: Block) -> None:
        """Goes on by a block."""
        if self._trail is None:  # The best course so far ends in the best state so far.
            self._states.append(block.best)
            return
        found = map(self._trail.add, block.back, block.best.tolist())
        self._states.append(np.array([one for one in found if one is not None], np.int32))

    def finish(self) -> Labels:
        """Returns the states of all steps."""
        left = self._trail.rest() if self._trail else []
        return np.concatenate([*self._states, np.array(left, np.int32)])


def _way_back(back: NDArray[np.int32], state: int) -> tuple[Labels, int]:
    """Goes back through a block.

    Args:
        back: ``<int32>[n, S]``, for each state the one of the step before.
        state: in which the course ends.

    Returns:
        ``<int32>[n]``, the states of the block, and the one of the step before it.
    """
    states = np.empty(len(back), np.int32)
    ways, put = back.data, states.data
    for row in range(len(back) - 1, -1, -1):
        put[row] = state
        state = ways[row, state]
    return states, state

"""Decisions with a lag, of the steps of a block at once.

What is decided at step r about step r - lag is where so many ways back lead from the best state of
r. For all steps of a block it is one look-up for each step of the lag:

    best of     r   r+1  r+2          each goes back by as many rows, and all go at the same time
                ▼    ▼    ▼
    decides   r-2   r-1   r           lag 2
"""

import numpy as np
from numpy.typing import NDArray

from trainer.decoder.blocks import Block
from trainer.decoder.trail import Trail

States = NDArray[np.int32]
# From so many look-ups on it is quicker to follow where the best course changes, step by step.
MANY = 128


class Lagging:
    """The states of one sequence, decided with a lag.

    Args:
        lag: in steps; 0 or more.
    """

    def __init__(self, lag: int):
        self._lag = lag
        self._states: list[States] = []
        self._back = np.zeros((0, 0), np.int32)
        self._last = 0

    def add(self, block: Block) -> None:
        """Goes on by a block."""
        if not len(block.best):
            return
        known = len(self._back)
        back = np.concatenate([self._back, block.back]) if known else block.back
        first = max(0, self._lag - known)
        rows, states = np.arange(known + first, len(back)), block.best[first:]
        for _ in range(self._lag if len(rows) else 0):
            states = back[rows, states]
            rows -= 1
        self._states.append(states)
        self._back, self._last = back[max(0, len(back) - self._lag) :], int(block.best[-1])

    def finish(self) -> States:
        """Returns the states of all steps."""
        return np.concatenate([*self._states, way_back(self._back, self._last)[0]])


class Trailing:
    """The same for a long lag.

    Args:
        lag: in steps.
    """

    def __init__(self, lag: int):
        self._trail = Trail(lag)
        self._states: list[States] = []

    def add(self, block: Block) -> None:
        """Goes on by a block."""
        found = map(self._trail.add, block.back, block.best.tolist())
        self._states.append(np.array([one for one in found if one is not None], np.int32))

    def finish(self) -> States:
        """Returns the states of all steps."""
        return np.concatenate([*self._states, np.array(self._trail.rest(), np.int32)])


def lagging(lag: int) -> Lagging | Trailing:
    """Returns what decides with a lag, in the way that is quicker."""
    return Lagging(lag) if lag < MANY else Trailing(lag)


def way_back(back: NDArray[np.int32], state: int) -> tuple[States, int]:
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

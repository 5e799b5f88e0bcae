"""The best course so far, and what of it is decided with a lag.

Each step names a new last state, from which the ways back lead to the beginning. With the course of
the step before they mostly meet after a few steps, and from there on nothing changes:

    course so far     a a a b b b            new ways back       ? ? a b b c ◀ the new last state
                                             they meet here          ▲
"""

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.int32]


class Trail:
    """The states of the best course that are not decided yet.

    Args:
        lag: the steps after one that must be known before it is decided; 0 or more.
    """

    def __init__(self, lag: int):
        self._lag = lag
        self._states: list[int] = []
        self._rows: list[Row] = []
        self._decided = 0

    def add(self, back: Row, best: int) -> int | None:
        """Goes on by a step.

        Args:
            back: ``<int32>[S]``, for each state the one of the step before.
            best: the state in which the best course ends now.

        Returns:
            The state of the step that is decided by that, if there is one.
        """
        states, rows = self._states, self._rows
        states.append(best)
        rows.append(back)
        place, state = len(states) - 1, best
        while place > self._decided:
            state = rows[place].item(state)
            place -= 1
            if states[place] == state:
                break
            states[place] = state
        if len(states) - self._decided <= self._lag:
            return None
        self._decided += 1
        return self._take(self._decided - 1)

    def rest(self) -> list[int]:
        """Returns the states of the steps that are left, at the end of the sequence."""
        left = self._states[self._decided :]
        self._states, self._rows, self._decided = [], [], 0
        return left

    def arrays(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Returns what is not decided: ways back ``<int32>[n, S]``, and states ``<int64>[n]``."""
        rows = self._rows[self._decided :]
        states = np.array(self._states[self._decided :], np.int64)
        return np.stack(rows) if rows else np.zeros((0, 0), np.int32), states

    def restore(self, back: NDArray[np.int32], states: NDArray[np.int64]) -> None:
        """Restores what ``arrays`` returned.

        Args:
            back: ways back, ``<int32>[n, S]``.
            states: ``<int64>[n]``.
        """
        self._rows, self._states, self._decided = list(back), states.tolist(), 0

    def _take(self, place: int) -> int:
        """Returns a decided state, and now and then forgets those that were."""
        state = self._states[place]
        if self._decided > max(self._lag, 1024):
            del self._states[: self._decided], self._rows[: self._decided]
            self._decided = 0
        return state

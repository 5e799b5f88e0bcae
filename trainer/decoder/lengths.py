"""Decoding of several classes a step: each is there, or not, for at least so long.

A class is there from its threshold on. What is shorter than the least length of its kind does not
count: the class stays as it was. With a lag, a stretch counts once it is seen to be long enough.

    probability ≥ threshold    0 0 1 0 0 1 1 1 1 0 1 1 0 0 0 0
    least length 3 and 2       0 0 0 0 0 1 1 1 1 1 1 1 0 0 0 0
    the same with a lag of 1   0 0 0 0 0 0 1 1 1 1 1 1 0 0 0 0

Whatever the lag, no more later steps are needed than the greatest least length has.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.decoder.weights import Lengths

Marks = NDArray[np.int8]
Ints = NDArray[np.int64]


class LengthDecoder:
    """Decodes the answers of one sequence, in blocks of any length.

    Args:
        lengths: the thresholds and the least lengths.
        rate: steps a second.
        lag_steps: the later steps that a decision sees; None for the whole sequence.
    """

    def __init__(self, lengths: Lengths, rate: float, lag_steps: int | None):
        self._thresholds = np.array(lengths.thresholds)
        self._least = np.stack([in_steps(lengths.absent, rate), in_steps(lengths.present, rate)])
        needed = int(self._least.max()) - 1
        self._lag = needed if lag_steps is None else min(needed, lag_steps)
        size = len(self._thresholds)
        self._waiting = np.zeros((0, size), np.int8)
        # Of the step before those that wait: the class, for how long by then, and as decoded.
        self._last, self._lasted = np.full(size, -1, np.int8), np.zeros(size, np.int64)
        self._state = np.zeros(size, np.int8)

    def push(self, probabilities: NDArray[Any]) -> Marks:
        """Takes answers of further steps, ``<float>[n, C]``; returns what is decided by them."""
        marks = (probabilities >= self._thresholds).astype(np.int8)
        self._waiting = np.concatenate([self._waiting, marks])
        return self._decide(max(len(self._waiting) - self._lag, 0))

    def finish(self) -> Marks:
        """Returns the steps that are left, at the end of the sequence."""
        return self._decide(len(self._waiting))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Returns the state for a later ``restore``, by name."""
        return {
            "waiting": self._waiting,
            "last": self._last,
            "lasted": self._lasted,
            "state": self._state,
        }

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Restores the state that ``arrays`` returned.

        Raises:
            ValueError: the arrays are no state of this decoder.
        """
        own = self.arrays()
        fits = arrays.keys() == own.keys() and all(
            arrays[name].dtype == own[name].dtype
            and arrays[name].shape[-1:] == own[name].shape[-1:]
            and arrays[name].ndim == own[name].ndim
            for name in own
        )
        if not fits or len(arrays["waiting"]) > self._lag:
            raise ValueError("no state of this decoder")
        within = {"waiting": (0, 1), "last": (-1, 1), "lasted": (0, 1 << 60), "state": (0, 1)}
        for name, (least, most) in within.items():
            if not ((arrays[name] >= least) & (arrays[name] <= most)).all():
                raise ValueError(f"{name} holds what no state does")
        self._waiting, self._last = arrays["waiting"].copy(), arrays["last"].copy()
        self._lasted, self._state = arrays["lasted"].copy(), arrays["state"].copy()

    def _decide(self, count: int) -> Marks:
        """Decides the first steps of those that wait."""
        marks = self._waiting
        if not count:
            return marks[:0]
        seen = _behind(marks, self._last, self._lasted)
        after = np.minimum(_ahead(marks), self._lag)
        counts = (seen + after >= np.where(marks == 1, self._least[1], self._least[0]))[:count]
        rows = np.where(counts, np.arange(count)[:, None], -1)
        latest = np.maximum.accumulate(rows, axis=0)
        found = np.take_along_axis(marks, np.maximum(latest, 0), axis=0)
        decided = np.where(latest >= 0, found, self._state).astype(np.int8)
        self._last, self._lasted = marks[count - 1], seen[count - 1]
        self._state, self._waiting = decided[-1], marks[count:]
        return decided


def in_steps(seconds: Any, rate: float) -> Ints:
    """Returns least lengths in steps, at least 1.

    Args:
        seconds: any number of them.
        rate: steps a second.
    """
    return np.maximum(np.round(np.asarray(seconds) * rate), 1).astype(np.int64)


def _behind(marks: Marks, last: Marks, lasted: Ints) -> Ints:
    """Returns for how many steps each mark has lasted, itself included, ``<int64>[n, C]``."""
    before = np.concatenate([last[None], marks[:-1]])
    places = np.arange(len(marks))[:, None]
    starts = np.maximum.accumulate(np.where(marks != before, places, -1), axis=0)
    return places - starts + np.where(starts < 0, lasted, 1)


def _ahead(marks: Marks) -> Ints:
    """Returns for how many steps each mark goes on, itself not included, ``<int64>[n, C]``."""
    size = len(marks)
    places = np.arange(size)[:, None]
    ends = np.where(marks[1:] != marks[:-1], places[1:], size)
    ends = np.concatenate([ends, np.full((1, marks.shape[1]), size)])
    return np.minimum.accumulate(ends[::-1], axis=0)[::-1] - places - 1

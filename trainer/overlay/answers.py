"""Answers by the time that they are about, for drawing into a video.

With a horizon of 2, of a sequence of 5 steps:

    step                0   1   2   3   4
    answer given at             0   1   2      what is said about steps after the end is not shown
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.predictions.reader import BLOCK_STEPS, DECODED, RAW, Answers

Block = tuple[NDArray[np.float64], NDArray[np.float32]]


class TimedAnswers:
    """The answers to one sequence.

    Args:
        answers: an opened file of predictions.
        sequence_id: the sequence.
        once: True if there is one answer, about the whole sequence.
        block_steps: the number of steps to read at once.
        decoded: True for decoded answers: 1 for classes that are named, 0 for others.
    """

    def __init__(
        self,
        answers: Answers,
        sequence_id: str,
        once: bool = False,
        block_steps: int = BLOCK_STEPS,
        decoded: bool = False,
    ):
        self._answers, self._sequence_id, self._once = answers, sequence_id, once
        self._block_steps = block_steps
        self._name = RAW if answers.task == "regression" else "probabilities"
        if decoded:
            self._name = DECODED

    @property
    def size(self) -> int:
        """C."""
        return len(self._answers.classes)

    def at(self, times: NDArray[np.float64]) -> NDArray[np.float32]:
        """Returns the answer about each of some moments.

        Args:
            times: ``<float64>[n]`` in seconds, ascending.

        Returns:
            Probabilities or numbers ``<float32>[n, C]``, NaN where there is no answer.
        """
        found = np.full((len(times), self.size), np.nan, np.float32)
        for begins, values in self._blocks():
            steps = np.searchsorted(begins, times, "right") - 1
            found[steps >= 0] = values[steps[steps >= 0]]
        return found

    def following(self) -> Iterator[tuple[float, NDArray[np.float32]]]:
        """Yields when each answer begins to hold, in seconds, and the answer ``<float32>[C]``."""
        for begins, values in self._blocks():
            yield from zip(begins.tolist(), values, strict=True)

    def _blocks(self) -> Iterator[Block]:
        """Yields some answers at a time, at least one, and when they begin to hold."""
        if self._once:
            yield np.array([-np.inf]), self._answers.whole(self._sequence_id, self._name)
            return
        ahead = self._answers.ahead
        waiting = np.zeros((0, self.size), np.float32)
        names = ("timestamps", self._name)
        blocks = self._answers.blocks(self._sequence_id, *names, block_steps=self._block_steps)
        for times, values in blocks:
            waiting = np.concatenate([waiting, self._encoded(values)])
            skipped = min(ahead, len(times))
            ahead, times = ahead - skipped, times[skipped:]
            rows, waiting = waiting[: len(times)], waiting[len(times) :]
            if len(times):
                yield times, rows

    def _encoded(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Returns answers as ``<float32>[n, C]``, also those that are one class each."""
        if values.ndim == 1:
            values = values[:, None] == np.arange(self.size)
        return values.astype("float32", copy=False)

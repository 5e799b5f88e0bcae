"""Edges: the seconds at which answers begin and end, read as they are needed.

With a horizon of 2, of a sequence of 5 steps:

    step                0   1   2   3   4  (5) (6)   after the end, a mean step apart
    answer given at             0   1   2   3   4    (7) the end of the last
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preprocessing.store.sequence_info import MEDIAN_STEPS, SequenceInfo, median_step
from trainer.predictions.reader import Answers


@dataclass(frozen=True)
class Edges:
    """The edges of the answers to one sequence.

    Attributes:
        answers: the opened file.
        sequence_id: the sequence.
        zero: the timestamp from which labels are counted, and that players show as 0.
        step_seconds: how long the last step lasts, and each step after it.
    """

    answers: Answers
    sequence_id: str
    zero: float
    step_seconds: float

    @classmethod
    def of(cls, answers: Answers, sequence_id: str, info: SequenceInfo | None) -> "Edges":
        """Returns the edges of a sequence.

        Args:
            answers: the opened file.
            sequence_id: the sequence.
            info: what the store says of it; None where it is not known, and times count from the
                timestamp 0 then.
        """
        if info is not None:
            return cls(answers, sequence_id, info.start_time, info.step_seconds)
        first = answers.part(sequence_id, "timestamps", slice(0, MEDIAN_STEPS))
        return cls(answers, sequence_id, 0.0, median_step(first))

    def between(self, start: int, stop: int) -> NDArray[np.float64]:
        """Returns where the answers of some rows begin, and where the last of them ends.

        Args:
            start: the first row.
            stop: the one after the last.

        Returns:
            ``<float64>[stop - start + 1]`` seconds, counted as labels are, none below 0.
        """
        steps, first = self.answers.steps(self.sequence_id), start + self.answers.ahead
        rows = slice(min(first, steps), min(stop + self.answers.ahead + 1, steps))
        times = self.answers.part(self.sequence_id, "timestamps", rows) - self.zero
        late = np.arange(max(first, steps), stop + self.answers.ahead + 1) - steps
        edges: NDArray[np.float64] = np.concatenate([times, self._end + self.step_seconds * late])
        return edges.clip(0.0)

    @property
    def _end(self) -> float:
        """The second at which the last step ends."""
        last = self.answers.group(self.sequence_id)["timestamps"][-1]
        return float(last) + self.step_seconds - self.zero

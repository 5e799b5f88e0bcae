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
        steps: N.
        zero: the timestamp from which labels are counted, and that players show as 0.
        end: seconds, counted so, where the last step ends.
        step_seconds: how long it lasts, and each step after it.
    """

    answers: Answers
    sequence_id: str
    steps: int
    zero: float
    end: float
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
        times = answers.group(sequence_id)["timestamps"]
        if info is None:
            zero, step_seconds = 0.0, median_step(times[:MEDIAN_STEPS])
        else:
            zero, step_seconds = info.start_time, info.step_seconds
        last = float(times[-1]) if len(times) else 0.0
        end = last + step_seconds - zero
        return cls(answers, sequence_id, len(times), zero, end, step_seconds)

    def between(self, start: int, stop: int) -> NDArray[np.float64]:
        """Returns where the answers of some rows begin, and where the last of them ends.

        Args:
            start: the first row.
            stop: the one after the last.

        Returns:
            ``<float64>[stop - start + 1]`` seconds, counted as labels are, none below 0.
        """
        return self.times(start, stop + 1).clip(0.0)

    def times(self, start: int, stop: int) -> NDArray[np.float64]:
        """Returns where the answers of some rows begin, also before the second 0.

        Args:
            start: the first row.
            stop: the one after the last; one more than there are stands for the end of all.

        Returns:
            ``<float64>[stop - start]`` seconds, counted as labels are.
        """
        first, last = start + self.answers.ahead, stop + self.answers.ahead
        rows = slice(min(first, self.steps), min(last, self.steps))
        times = self.answers.part(self.sequence_id, "timestamps", rows) - self.zero
        late = np.arange(max(first, self.steps), last) - self.steps
        edges: NDArray[np.float64] = np.concatenate([times, self.end + self.step_seconds * late])
        return edges

"""The classes of one sequence as they are drawn, read block by block.

A horizon moves answers to the steps that they are about:

    step        0   1   2   3   4
    answer      .   .   0   1   2   3   4      horizon 2: nothing is known of steps 0 and 1,
                                               what is about steps after the end is not drawn
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trainer.predictions.reader import RAW, Answers
from trainer.report.ribbons import shown_steps


@dataclass
class ClassTrace:
    """The classes at the shown steps of a sequence, and the wrong answers.

    Attributes:
        steps: N.
        ahead: how many steps later than its row the step is that an answer is about.
        true: ``<int32>[M]``, -1 where there is no label.
        predicted: ``<int32>[M]``, -1 where there is no answer.
        confidence: probability of the predicted class, ``<float64>[M]``, NaN where unknown.
        wrong: ``<float64>[M]``, the share of wrong steps in the stretch that a pixel stands for.
        labelled: the number of labelled steps, or what they count for.
        right: that of the labelled steps with the right answer.
    """

    steps: int
    ahead: int
    true: NDArray[np.int32] = field(init=False)
    predicted: NDArray[np.int32] = field(init=False)
    confidence: NDArray[np.float64] = field(init=False)
    wrong: NDArray[np.float64] = field(init=False)
    labelled: int = 0
    right: int = 0

    def __post_init__(self) -> None:
        self._shown = shown_steps(self.steps)
        self._widths = np.diff(self._shown, append=self.steps)
        size = len(self._shown)
        self.true, self.predicted = (np.full(size, -1, np.int32) for _ in range(2))
        self.confidence, self.wrong = np.full(size, np.nan), np.zeros(size)

    @property
    def share(self) -> float | None:
        """The share of labelled steps that are right, None if there are none."""
        return self.right / self.labelled if self.labelled else None

    def add(
        self,
        start: int,
        true: NDArray[np.int32],
        predicted: NDArray[np.int32],
        probabilities: NDArray[np.float32] | None = None,
        durations: NDArray[np.int64] | None = None,
    ) -> None:
        """Adds rows of answers.

        Args:
            start: the number of the first row.
            true: ``<int32>[n]``.
            predicted: ``<int32>[n]``.
            probabilities: ``<float32>[n, C]``.
            durations: ``<int64>[n]``, what each step counts for; None for 1 each.
        """
        about = start + self.ahead
        drawn = np.flatnonzero((self._shown >= about) & (self._shown < about + len(true)))
        rows = self._shown[drawn] - about
        self.true[drawn], self.predicted[drawn] = true[rows], predicted[rows]
        if probabilities is not None:
            self.confidence[drawn] = probabilities[rows, predicted[rows]]
        known = true >= 0
        missed = np.flatnonzero(known & (true != predicted))
        pixels = np.searchsorted(self._shown, missed + about, "right") - 1
        self.wrong += np.bincount(pixels, minlength=len(self._shown)) / self._widths
        weights = np.ones(len(true), np.int64) if durations is None else durations
        self.labelled += int(weights[known].sum())
        self.right += int(weights[known].sum() - weights[missed].sum())


def class_trace(answers: Answers, sequence_id: str, sure: bool, said: str = RAW) -> ClassTrace:
    """Reads a sequence.

    Args:
        answers: the answers of a classification.
        sequence_id: the sequence.
        sure: True to read probabilities, if there are any.
        said: the answers to read, ``predicted`` or ``decoded``.
    """
    trace, start = ClassTrace(answers.steps(sequence_id), answers.ahead), 0
    there = sure and "probabilities" in answers.group(sequence_id)
    more = [*(["probabilities"] if there else []), *answers.counted_by]
    for true, predicted, *rest in answers.blocks(sequence_id, "true", said, *more):
        trace.add(start, true, predicted, **dict(zip(more, rest, strict=True)))
        start += len(true)
    return trace

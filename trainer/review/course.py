"""The answers to one sequence, at the steps that they are about.

step        0   1   2   3   4
answer      .   .   0   1   2       horizon 2: the first steps have no answer, and what is
                                    about steps after the end is left out
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.labels.base import UNLABELLED, Labels
from preprocessing.store.sequence_info import SequenceInfo
from trainer.predictions.reader import Answers


@dataclass(frozen=True)
class Course:
    """The steps of a sequence that have an answer, n of them, in order of time.

    Attributes:
        answers: the opened file.
        info: the sequence.
        edges: ``<float64>[n + 1]``, seconds at which they begin, counted as labels are, and at
            which the last is over.
        said: ``<int32>[n]``, the class that counts as the answer, decoded where there is a decoder.
        labels: ``<int32>[n]``, the class of the label, ``UNLABELLED`` where there is none.
    """

    answers: Answers
    info: SequenceInfo
    edges: NDArray[np.float64]
    said: NDArray[np.int32]
    labels: NDArray[np.int32]

    def probabilities(self) -> Iterator[tuple[slice, NDArray[np.float32]]]:
        """Yields some steps at a time, and ``<float32>[m, C]``, how likely each class is there."""
        start, total = 0, len(self.said)
        for (block,) in self.answers.blocks(self.info.sequence_id, "probabilities"):
            kept = block[: max(total - start, 0)]
            if len(kept):
                yield slice(start, start + len(kept)), kept
            start += len(block)

    def most_said(self, start: int, stop: int) -> str:
        """Returns the class that is most often the answer in some steps.

        Args:
            start: the first of them.
            stop: the one after the last.
        """
        return self.answers.classes[int(np.bincount(self.said[start:stop]).argmax())]


def read_course(answers: Answers, info: SequenceInfo, labels: Labels | None) -> Course:
    """Reads the answers to a sequence.

    Args:
        answers: the opened file.
        info: the sequence.
        labels: have classes of the answers; None if there are none of this sequence.

    Raises:
        InputError: the file is about other steps than the store has.
    """
    times = answers.whole(info.sequence_id, "timestamps")
    if len(times) != info.steps:
        raise InputError(
            f"{answers.file.filename} answers {len(times)} steps of {info.sequence_id!r}, and the "
            f"store has {info.steps}: it has changed meanwhile; predict or evaluate again"
        )
    late = min(answers.ahead, len(times))
    said = answers.whole(info.sequence_id, answers.said)[: len(times) - late]
    edges = np.append(times - info.start_time, info.end)[late:]
    truth = np.full(len(times), UNLABELLED, np.int32)
    if labels is not None:
        truth = labels.at(info, 0, times)
    return Course(answers, info, np.maximum(edges, 0.0), said, truth[late:])

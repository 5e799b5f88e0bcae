"""The most frequent confusions of classes, and the longest stretches of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.stretches import stretches_of_blocks
from trainer.predictions.reader import Answers

CONFUSIONS, MISTAKES = 20, 5
NOTHING = -1


@dataclass(frozen=True)
class Mistake:
    """A stretch of a sequence in which one class is taken for another throughout.

    Attributes:
        sequence_id: the sequence.
        time: timestamp of its first step, in seconds.
        seconds: its length.
    """

    sequence_id: str
    time: float
    seconds: float


@dataclass(frozen=True)
class Confusion:
    """A class taken for another.

    Attributes:
        true: the true class.
        predicted: the class it is taken for.
        steps: the number of steps.
        share: their share of the steps of the true class.
        mistakes: the longest stretches first.
    """

    true: str
    predicted: str
    steps: int
    share: float
    mistakes: Sequence[Mistake]


@dataclass(frozen=True)
class _Found:
    steps: int
    sequence_id: str
    start: int


def worst_confusions(answers: Answers, confusion: Sequence[Sequence[int]]) -> list[Confusion]:
    """Returns the most frequent confusions, with the places where they last longest.

    Args:
        answers: the answers of a classification.
        confusion: numbers of steps; rows are true classes, columns predicted ones.
    """
    counts = np.array(confusion, np.int64)
    totals = counts.sum(1)
    np.fill_diagonal(counts, 0)
    size = len(counts)
    order = np.argsort(-counts, axis=None, kind="stable")[:CONFUSIONS]
    worst = [code for code in order.tolist() if counts.flat[code]]
    longest = _longest(answers, worst)
    return [
        Confusion(
            answers.classes[code // size],
            answers.classes[code % size],
            int(counts.flat[code]),
            float(counts.flat[code] / totals[code // size]),
            [_mistake(answers, one) for one in longest[code]],
        )
        for code in worst
    ]


def _longest(answers: Answers, codes: Sequence[int]) -> dict[int, list[_Found]]:
    """Returns the longest stretches of each confusion, a true class times C plus another."""
    found: dict[int, list[_Found]] = {code: [] for code in codes}
    least = dict.fromkeys(codes, 0)
    for sequence_id in answers.ids:
        for ended in stretches_of_blocks(_codes(answers, sequence_id)):
            lengths = ended.lengths
            for place in np.flatnonzero(np.isin(ended.labels, codes)).tolist():
                code, steps = int(ended.labels[place]), int(lengths[place])
                if steps > least[code]:
                    kept = [*found[code], _Found(steps, sequence_id, int(ended.starts[place]))]
                    found[code] = sorted(kept, key=lambda one: -one.steps)[:MISTAKES]
                    least[code] = found[code][-1].steps if len(kept) >= MISTAKES else 0
    return found


def _codes(answers: Answers, sequence_id: str) -> Iterator[NDArray[np.int64]]:
    """Yields the confusion that each step is, ``NOTHING`` where the answer is right or unknown."""
    size = len(answers.classes)
    for true, predicted in answers.blocks(sequence_id, "true", "predicted"):
        wrong = (true >= 0) & (true != predicted)
        yield np.where(wrong, true.astype(np.int64) * size + predicted, NOTHING)


def _mistake(answers: Answers, found: _Found) -> Mistake:
    times = answers.group(found.sequence_id)["timestamps"]
    first = min(found.start + answers.ahead, len(times) - 1)
    last = min(first + found.steps, len(times)) - 1
    step = answers.seconds(found.sequence_id) / max(len(times) - 1, 1)
    return Mistake(found.sequence_id, float(times[first]), float(times[last] - times[first]) + step)

"""The most frequent confusions of classes, and the longest stretches of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.predictions.reader import Answers

CONFUSIONS, MOMENTS = 20, 5
NOTHING = -1


@dataclass(frozen=True)
class Moment:
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
        moments: the longest stretches first.
    """

    true: str
    predicted: str
    steps: int
    share: float
    moments: Sequence[Moment]


@dataclass(frozen=True)
class _Run:
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
            [_moment(answers, run) for run in longest[code]],
        )
        for code in worst
    ]


def _longest(answers: Answers, codes: Sequence[int]) -> dict[int, list[_Run]]:
    """Returns the longest runs of each confusion, coded as true class times C plus predicted."""
    found: dict[int, list[_Run]] = {code: [] for code in codes}
    least = dict.fromkeys(codes, 0)
    for sequence_id in answers.ids:
        for labels, starts, lengths in _runs(answers, sequence_id):
            for place in np.flatnonzero(np.isin(labels, codes)).tolist():
                code, steps = int(labels[place]), int(lengths[place])
                if steps > least[code]:
                    kept = [*found[code], _Run(steps, sequence_id, int(starts[place]))]
                    found[code] = sorted(kept, key=lambda run: -run.steps)[:MOMENTS]
                    least[code] = found[code][-1].steps if len(kept) >= MOMENTS else 0
    return found


def _runs(
    answers: Answers, sequence_id: str
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Yields codes, starts and lengths of runs, those that end in a block at a time."""
    size, start, code, begun = len(answers.classes), 0, NOTHING, 0
    for true, predicted in answers.blocks(sequence_id, "true", "predicted"):
        wrong = (true >= 0) & (true != predicted)
        codes = np.where(wrong, true.astype(np.int64) * size + predicted, NOTHING)
        edges = start + np.flatnonzero(np.diff(codes, prepend=code))
        starts = np.append(begun, edges)
        labels = np.append(code, codes[edges - start])
        yield labels[:-1], starts[:-1], np.diff(starts)
        start, code, begun = start + len(codes), int(labels[-1]), int(starts[-1])
    yield np.array([code]), np.array([begun]), np.array([start - begun])


def _moment(answers: Answers, run: _Run) -> Moment:
    times = answers.group(run.sequence_id)["timestamps"]
    first = min(run.start + answers.horizon, len(times) - 1)
    last = min(first + run.steps, len(times)) - 1
    step = answers.seconds(run.sequence_id) / max(len(times) - 1, 1)
    return Moment(run.sequence_id, float(times[first]), float(times[last] - times[first]) + step)

"""Predictions as a label file, in a form that ``--labels`` takes.

sequence,start,end,label,confidence    answers step by step
sequence,label,confidence              one answer a sequence
sequence,time,<columns>                numbers

Decoded answers are written where there are any. The confidence is the mean probability of the class
over the steps that have the label. An answer labels the step that it is about. With a horizon of 2,
of a sequence of 5 steps:

    step                0   1   2   3   4  (5) (6)   after the end, a mean step apart
    answer given at             0   1   2   3   4    so the first two steps have no label
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from preprocessing.labels.writing import write_intervals, write_numbers, write_sequence_labels
from preprocessing.store.sequence_info import SequenceInfo
from trainer.bouts.bout import PREDICTION
from trainer.bouts.edges import Edges
from trainer.bouts.finding import observed
from trainer.predictions.reader import Answers, open_answers

SHARE_DIGITS = 4


def write_predicted_labels(
    path: Path, infos: Sequence[SequenceInfo], predictions: Path | Answers, outputs: str
) -> None:
    """Writes intervals, labels of whole sequences, or numbers.

    Args:
        path: the CSV file.
        infos: the sequences, in the order of the file.
        predictions: their ``predictions.h5``, or that file opened.
        outputs: ``frame``, or ``sequence`` if there is one answer a sequence.
    """
    with open_answers(predictions) as answers:
        if answers.task == "regression":
            write_numbers(path, answers.classes, _numbers(answers, infos))
        elif outputs == "sequence":
            write_sequence_labels(path, _names(answers, infos), sure=True)
        else:
            write_intervals(path, _intervals(answers, infos), sure=True)


def _numbers(answers: Answers, infos: Iterable[SequenceInfo]) -> Iterator[tuple[Any, ...]]:
    for info in infos:
        edges, start = Edges.of(answers, info.sequence_id, info), 0
        for (numbers,) in answers.blocks(info.sequence_id, answers.said):
            times = edges.times(start, start + len(numbers))
            for time, row in zip(times.tolist(), numbers, strict=True):
                yield info.sequence_id, time, *row
            start += len(numbers)


def _names(answers: Answers, infos: Iterable[SequenceInfo]) -> Iterator[tuple[Any, ...]]:
    """Yields the classes of each sequence and their confidence; an empty name if it has none."""
    for info in infos:
        (predicted,) = answers.whole(info.sequence_id, answers.said)
        chosen = np.flatnonzero(predicted) if answers.task == "multilabel" else [predicted]
        if not len(chosen):
            yield info.sequence_id, "", ""
        for number in chosen:
            share = np.nan
            if "probabilities" in answers.group(info.sequence_id):
                share = answers.whole(info.sequence_id, "probabilities")[0, number]
            yield info.sequence_id, answers.classes[number], _share(share)


def _intervals(answers: Answers, infos: Iterable[SequenceInfo]) -> Iterator[tuple[Any, ...]]:
    """Yields each stretch of a class and its confidence; an empty name where there is none."""
    for info in infos:
        found = observed(answers, Edges.of(answers, info.sequence_id, info), PREDICTION)
        columns = (column.tolist() for column in found.bouts)
        for number, start, end, share in zip(*columns, strict=True):
            yield info.sequence_id, start, end, answers.classes[number], _share(share)
        if not len(found.bouts.classes) and found.begin < found.end:
            # Otherwise nothing would say that none of the classes is there.
            yield info.sequence_id, found.begin, found.end, "", ""


def _share(value: float) -> float | str:
    return "" if np.isnan(value) else round(float(value), SHARE_DIGITS)

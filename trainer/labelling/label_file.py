"""Predictions as a label file, in a form that ``--labels`` takes.

Decoded answers are written where there are any. An answer labels the step that it is about. With a
horizon of 2, of a sequence of 5 steps:

    step                0   1   2   3   4  (5) (6)   after the end, a mean step apart
    answer given at             0   1   2   3   4    so the first two steps have no label
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.writing import write_intervals, write_numbers, write_sequence_labels
from preprocessing.store.sequence_info import SequenceInfo
from trainer.metrics import segments
from trainer.predictions.reader import Answers, open_answers

Interval = tuple[str, float, float, str]


def write_predicted_labels(
    path: Path, infos: Sequence[SequenceInfo], predictions: Path, outputs: str
) -> None:
    """Writes intervals, labels of whole sequences, or numbers.

    Args:
        path: the CSV file.
        infos: the sequences, in the order of the file.
        predictions: their ``predictions.h5``.
        outputs: ``frame``, or ``sequence`` if there is one answer a sequence.
    """
    with open_answers(predictions) as answers:
        if answers.task == "regression":
            write_numbers(path, answers.classes, _numbers(answers, infos))
        elif outputs == "sequence":
            write_sequence_labels(path, _names(answers, infos))
        else:
            write_intervals(path, _intervals(answers, infos))


def _numbers(answers: Answers, infos: Iterable[SequenceInfo]) -> Iterator[tuple[Any, ...]]:
    for info in infos:
        edges = _edges(answers, info)
        for (numbers,) in answers.blocks(info.sequence_id, answers.said):
            times, edges = edges[: len(numbers)], edges[len(numbers) :]
            for time, row in zip(times.tolist(), numbers, strict=True):
                yield info.sequence_id, time, *row


def _names(answers: Answers, infos: Iterable[SequenceInfo]) -> Iterator[tuple[str, str]]:
    """Yields the classes of each sequence; an empty name if it has none."""
    for info in infos:
        (predicted,) = answers.whole(info.sequence_id, answers.said)
        chosen = np.flatnonzero(predicted) if answers.task == "multilabel" else [predicted]
        for name in [answers.classes[number] for number in chosen] or [""]:
            yield info.sequence_id, name


def _intervals(answers: Answers, infos: Iterable[SequenceInfo]) -> Iterator[Interval]:
    for info in infos:
        predicted = answers.whole(info.sequence_id, answers.said)
        edges = np.maximum(_edges(answers, info), 0.0).tolist()
        found = [segment for track in _tracks(predicted) for segment in segments(track)]
        for segment in sorted(found, key=lambda segment: (segment.start, segment.label)):
            start, stop = edges[segment.start], edges[segment.stop]
            if start < stop:
                yield info.sequence_id, start, stop, answers.classes[segment.label]
        if not found:  # Otherwise nothing would say that none of the classes is there.
            yield info.sequence_id, edges[0], edges[-1], ""


def _tracks(predicted: NDArray[Any]) -> Iterator[NDArray[np.int32]]:
    """Yields labels ``<int32>[N]``, -1 for none: one track, or one for each class."""
    if predicted.ndim == 1:
        yield predicted
        return
    for number in range(predicted.shape[1]):
        yield np.where(predicted[:, number], number, -1).astype(np.int32)


def _edges(answers: Answers, info: SequenceInfo) -> NDArray[np.float64]:
    """Returns seconds from ``start_time`` at which answers begin, ``<float64>[N + 1]``."""
    times = answers.whole(info.sequence_id, "timestamps") - info.start_time
    after = info.end + info.step_seconds * np.arange(answers.ahead + 1)
    edges: NDArray[np.float64] = np.concatenate([times, after])
    return edges[answers.ahead :]

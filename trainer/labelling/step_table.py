"""The table of steps: every answer of a model, as other programs read it.

sequence,time,label,confidence,<classes>    the label is decoded where a decoder was at work
sequence,time,<columns>                     numbers

Classes have their probabilities; a class that is called as an earlier column has "probability of"
before its name. Of several labels a step, | stands between them, and the
confidence is that of the least sure of them.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.writing import CONFIDENCE, NUMBER_FIELDS
from preprocessing.store.sequence_info import SequenceInfo
from trainer.bouts.edges import Edges
from trainer.predictions.reader import Answers

# Steps times classes that are in memory at once.
NUMBERS_AT_ONCE = 1 << 18
TIME_DIGITS, SHARE_DIGITS = 9, 6
BETWEEN = "|"


def write_steps(partial: Path, infos: Iterable[SequenceInfo], answers: Answers) -> None:
    """Writes a row for each answer, sequence by sequence.

    Args:
        partial: the new CSV file, under the name that it has until it is whole.
        infos: the sequences, in the order of the file.
        answers: their ``predictions.h5``, opened.

    Raises:
        InputError: the file holds values that no answer has.
        OSError: the disk is full or cannot be written.
    """
    said = () if answers.task == "regression" else ("label", CONFIDENCE)
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        first = (*NUMBER_FIELDS, *said)
        writer.writerow((*first, *(_column(name, first) for name in answers.classes)))
        for info in infos:
            writer.writerows(_rows(answers, info))


def _column(name: str, others: Sequence[str]) -> str:
    """Returns the name of a class's column, which no other column has."""
    return f"probability of {name}" if name in others else name


def _rows(answers: Answers, info: SequenceInfo) -> Iterator[Sequence[Any]]:
    """Yields the rows of a sequence."""
    edges, start = Edges.of(answers, info.sequence_id, info), 0
    numbers = answers.task == "regression"
    names = [answers.said, *([] if numbers else ["probabilities"])]
    at_once = max(1, NUMBERS_AT_ONCE // max(1, len(answers.classes)))
    for said, *shares in answers.blocks(info.sequence_id, *names, block_steps=at_once):
        times = edges.times(start, start + len(said)).round(TIME_DIGITS).tolist()
        cells = iter(said) if numbers else _named(said, shares[0], answers.classes)
        for time, row in zip(times, cells, strict=True):
            yield info.sequence_id, time, *row
        start += len(said)


def _named(
    said: NDArray[Any], shares: NDArray[np.float32], classes: Sequence[str]
) -> Iterator[Sequence[Any]]:
    """Yields the label, its confidence, and the probabilities of each step.

    Args:
        said: ``<int>[n]`` classes, or ``<int>[n, C]`` of 0 and 1.
        shares: ``<float32>[n, C]``.
        classes: C names.
    """
    rounded = shares.astype(np.float64).round(SHARE_DIGITS).tolist()
    if said.ndim == 1:
        for number, row in zip(said.tolist(), rounded, strict=True):
            yield classes[number], row[number], *row
        return
    for marks, row in zip(said, rounded, strict=True):
        shown = np.flatnonzero(marks).tolist()
        sure = min((row[number] for number in shown), default="")
        yield BETWEEN.join(classes[number] for number in shown), sure, *row

"""Sequences over time, truth against prediction: what the report shows of each.

A horizon moves all answers to the time that they are about: nothing is known of the first steps,
and what is said about steps after the end is not shown.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.answers import BLOCK_STEPS, Answers, open_answers
from trainer.curves import Envelope, curve
from trainer.metrics.class_counts import f1
from trainer.metrics.multilabel import count_marks, labelled_steps
from trainer.ribbons import class_colours, paired_ribbon, ribbon, shown_steps


@dataclass(frozen=True)
class Ribbon:
    """One picture of a sequence.

    Attributes:
        name: such as ``true``, the name of a run, or of a class.
        picture: a data URI.
        share: how good it is, None for the truth itself and where nothing can be counted.
    """

    name: str
    picture: str
    share: float | None


@dataclass(frozen=True)
class Curves:
    """A column of a regression in a sequence.

    Attributes:
        name: of the column.
        true, predicted: paths of an SVG; see ``trainer.curves``.
        last: the last numbers of both, which are the only ones of one answer a sequence.
        low, high: the values at the edges of the SVG.
        mae: mean absolute error, None where nothing is labelled.
    """

    name: str
    true: str
    predicted: str
    last: tuple[float | None, float]
    low: float
    high: float
    mae: float | None


@dataclass(frozen=True)
class Strip:
    """A sequence with its pictures.

    Attributes:
        steps: N.
        score: the higher, the better; None where nothing is labelled.
    """

    sequence_id: str
    seconds: float
    steps: int
    pictures: Sequence[Ribbon] | Sequence[Curves]
    score: float | None

    @property
    def length(self) -> str:
        """As h:mm:ss; empty for one answer a sequence, whose file does not tell."""
        return str(timedelta(seconds=round(self.seconds))) if self.steps > 1 else ""


def worst_first(strips: Sequence[Strip]) -> list[Strip]:
    """Sorted by score; those without one come last."""
    return sorted(strips, key=lambda strip: np.inf if strip.score is None else strip.score)


def class_strips(classes: Sequence[str], predictions: Mapping[str, Path]) -> list[Strip]:
    """Ribbons of the truth and of each file's predicted classes, for each sequence.

    Args:
        classes: names of the classes.
        predictions: a ``predictions.h5`` for each name to show; all hold the same sequences.
    """
    colours = class_colours(classes)
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(open_answers(path)) for name, path in predictions.items()
        }
        ids = next(iter(files.values())).ids
        return [_class_strip(files, sequence_id, colours) for sequence_id in ids]


def label_set_strips(answers: Answers) -> list[Strip]:
    """A ribbon for each class that a sequence shows or was said to show, truth above prediction."""
    colours = class_colours(answers.classes)
    return [_label_set_strip(answers, sequence_id, colours) for sequence_id in answers.ids]


def number_strips(answers: Answers, ranges: Sequence[tuple[float, float]]) -> list[Strip]:
    """Curves of each column.

    Args:
        answers: of a regression.
        ranges: what the curves of each column show at least, so that sequences can be compared.
    """
    return [_number_strip(answers, sequence_id, ranges) for sequence_id in answers.ids]


def _class_strip(files: Mapping[str, Answers], sequence_id: str, colours: Sequence[str]) -> Strip:
    first = next(iter(files.values()))
    true = first.whole(sequence_id, "true")
    ribbons = [Ribbon("true", ribbon(_later(true, first.horizon), colours), None)]
    share = None
    for name, answers in files.items():
        predicted = answers.whole(sequence_id, "predicted")
        right = (predicted == true)[true >= 0]
        share = float(right.mean()) if len(right) else None
        ribbons.append(Ribbon(name, ribbon(_later(predicted, answers.horizon), colours), share))
    return Strip(sequence_id, first.seconds(sequence_id), len(true), ribbons, share)


def _later(labels: NDArray[np.int32], horizon: int) -> NDArray[np.int32]:
    """Moves ``<int32>[N]`` to the steps that it is about."""
    return np.concatenate([np.full(horizon, -1, np.int32), labels])[: len(labels)]


def _label_set_strip(answers: Answers, sequence_id: str, colours: Sequence[str]) -> Strip:
    steps = answers.steps(sequence_id)
    rows = shown_steps(steps) - answers.horizon
    size = len(answers.classes)
    marks = [np.full((2, int((rows < 0).sum()), size), -1, np.int8)]
    counts = np.zeros((3, size), np.int64)
    start = right = labelled = 0
    for true, predicted in answers.blocks(sequence_id, "true", "predicted"):
        kept = rows[(rows >= start) & (rows < start + len(true))] - start
        marks.append(np.stack([true[kept], predicted[kept]]))
        start += len(true)
        known = labelled_steps(true)
        counted = count_marks(true[known], predicted[known])
        counts += [counted.found, counted.invented, counted.missed]
        right += int((true == predicted)[known].all(1).sum())
        labelled += int(known.sum())
    drawn = np.concatenate(marks, 1)
    ribbons = [
        Ribbon(
            name,
            paired_ribbon(drawn[:, :, number], colours[number]),
            f1(*counts[:, number].tolist()),
        )
        for number, name in enumerate(answers.classes)
        if (drawn[:, :, number] > 0).any() or counts[:, number].any()
    ]
    share = right / labelled if labelled else None
    return Strip(sequence_id, answers.seconds(sequence_id), steps, ribbons, share)


def _number_strip(
    answers: Answers, sequence_id: str, ranges: Sequence[tuple[float, float]]
) -> Strip:
    steps = answers.steps(sequence_id)
    curves = [Envelope(steps), Envelope(steps)]
    width = curves[0].width
    errors, labelled = np.zeros(len(answers.classes)), 0
    block_steps = max(1, BLOCK_STEPS // width) * width
    for block in answers.blocks(sequence_id, "true", "predicted", block_steps=block_steps):
        for drawn, values in zip(curves, block, strict=True):
            drawn.add(values)
        error = np.abs(np.subtract(*block, dtype=np.float64))
        errors += np.nansum(error, 0)
        labelled += int((~np.isnan(error).any(1)).sum())
    places = curves[0].places + answers.horizon
    columns = zip(
        answers.classes,
        curves[0].points.T,
        curves[1].points.T,
        ranges,
        errors / labelled if labelled else [None] * len(errors),
        strict=True,
    )
    pictures = [_curves(places, *column) for column in columns]
    score = -float(errors.mean()) / labelled if labelled else None
    return Strip(sequence_id, answers.seconds(sequence_id), steps, pictures, score)


def _curves(
    places: NDArray[np.float64],
    name: str,
    true: NDArray[np.float64],
    predicted: NDArray[np.float64],
    shown: tuple[float, float],
    mae: float | None,
) -> Curves:
    low = float(np.fmin.reduce([*shown, *predicted]))
    high = float(np.fmax.reduce([*shown, *predicted]))
    margin = (high - low) * 0.04 or abs(high) * 0.1 or 1.0
    edges = (low - margin, high + margin)
    paths = [curve(places, values, *edges) for values in (true, predicted)]
    last = (None if np.isnan(true[-1]) else float(true[-1]), float(predicted[-1]))
    return Curves(name, paths[0], paths[1], last, *edges, mae)

"""The strips of all sequences, truth against prediction, for each task.

A horizon moves all answers to the steps that they are about; see ``trainer.report.class_trace``.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.class_colours import class_colours
from trainer.metrics.class_counts import f1
from trainer.metrics.multilabel import count_marks, labelled_steps
from trainer.predictions.reader import BLOCK_STEPS, DECODED, RAW, Answers, open_answers
from trainer.report.class_trace import ClassTrace, class_trace
from trainer.report.curves import Envelope, curve
from trainer.report.footage import Footage
from trainer.report.hover_data import packed, places_and_times, rolled
from trainer.report.ribbons import (
    confidence_ribbon,
    paired_ribbon,
    ribbon,
    shown_steps,
    wrong_ribbon,
)
from trainer.report.strip import Curves, Ribbon, Strip


def worst_first(strips: Sequence[Strip]) -> list[Strip]:
    """Sorts strips by score; those without one come last."""
    return sorted(strips, key=lambda strip: np.inf if strip.score is None else strip.score)


def with_footage(strips: Iterable[Strip], videos: Mapping[str, Footage]) -> list[Strip]:
    """Returns the strips with the videos that are known.

    Args:
        strips: the strips.
        videos: the video of each sequence.
    """
    return [replace(strip, footage=videos.get(strip.sequence_id)) for strip in strips]


def class_strips(classes: Sequence[str], predictions: Mapping[str, Path]) -> list[Strip]:
    """Draws ribbons of the truth and of each file's predicted classes, for each sequence.

    Decoded classes, where a file has any, get a ribbon below.

    Args:
        classes: names of the classes.
        predictions: a ``predictions.h5`` for each name to show; all hold the same sequences. How
            sure an answer is, is shown only of one that is alone.
    """
    with ExitStack() as stack:
        files = {
            name: stack.enter_context(open_answers(path)) for name, path in predictions.items()
        }
        return strips_of_classes(classes, files)


def strips_of_classes(classes: Sequence[str], files: Mapping[str, Answers]) -> list[Strip]:
    """Draws the same of opened files; see ``class_strips``.

    Args:
        classes: names of the classes.
        files: the answers for each name to show.
    """
    colours = class_colours(classes)
    ids = next(iter(files.values())).ids
    return [_class_strip(files, sequence_id, colours) for sequence_id in ids]


def label_set_strips(answers: Answers) -> list[Strip]:
    """Draws a ribbon, truth above prediction, for each class that a sequence shows.

    Decoded answers, if there are any, stand below the prediction.
    """
    colours = class_colours(answers.classes)
    return [_label_set_strip(answers, sequence_id, colours) for sequence_id in answers.ids]


def number_strips(
    answers: Answers, ranges: Sequence[tuple[float, float]], kept: Collection[int] = ()
) -> list[Strip]:
    """Draws curves of columns, for each sequence.

    Args:
        answers: the answers of a regression.
        ranges: the least range of each column's curves, so that sequences can be compared.
        kept: numbers of the columns that are drawn; none for all.
    """
    kept = kept or range(len(answers.classes))
    return [_number_strip(answers, sequence_id, ranges, kept) for sequence_id in answers.ids]


def _class_strip(files: Mapping[str, Answers], sequence_id: str, colours: Sequence[str]) -> Strip:
    first = next(iter(files.values()))
    traces = [trace for name in files for trace in _traces(files, name, sequence_id)]
    last = [trace for name, trace in traces if name in files][-1]
    pictures = [Ribbon("true", ribbon(last.true, colours), None)]
    rows = [{"name": "true", "labels": rolled(last.true)}]
    for name, trace in traces:
        drawn = ribbon(trace.predicted, colours)
        pictures.append(Ribbon(name, drawn, trace.share, wrong_ribbon(trace.wrong)))
        rows.append({"name": name, "labels": rolled(trace.predicted), "sure": _sure(trace)})
        if rows[-1]["sure"]:
            mean = float(np.nanmean(trace.confidence))
            drawn = confidence_ribbon(trace.confidence)
            pictures.append(Ribbon("confidence", drawn, mean, curve=True))
    hover_data = {**places_and_times(first, sequence_id), "rows": rows}
    seconds = first.seconds(sequence_id)
    return Strip(sequence_id, seconds, last.steps, pictures, last.share, hover_data)


def _traces(
    files: Mapping[str, Answers], name: str, sequence_id: str
) -> Iterator[tuple[str, ClassTrace]]:
    """Yields the classes of one file, and its decoded ones, with the names of their ribbons."""
    answers, alone = files[name], len(files) == 1
    yield name, class_trace(answers, sequence_id, sure=alone)
    if answers.decoded:
        shown = DECODED if alone else f"{name}, {DECODED}"
        yield shown, class_trace(answers, sequence_id, sure=False, said=DECODED)


def _sure(trace: ClassTrace) -> str:
    return "" if np.isnan(trace.confidence).all() else packed(trace.confidence)


def _label_set_strip(answers: Answers, sequence_id: str, colours: Sequence[str]) -> Strip:
    steps = answers.steps(sequence_id)
    rows = shown_steps(steps) - answers.ahead
    size = len(answers.classes)
    names = ("true", RAW, *([DECODED] if answers.decoded else []))
    marks = [np.full((len(names), int((rows < 0).sum()), size), -1, np.int8)]
    counts = np.zeros((3, size), np.int64)
    start = right = labelled = 0
    for true, predicted, *decoded in answers.blocks(sequence_id, *names):
        kept = rows[(rows >= start) & (rows < start + len(true))] - start
        marks.append(np.stack([part[kept] for part in (true, predicted, *decoded)]))
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
    hover_data = {
        **places_and_times(answers, sequence_id),
        "rows": [
            {"name": name, "marks": rolled(_marks(drawn[:, :, answers.classes.index(name)]))}
            for name in (row.name for row in ribbons)
        ],
        "decoded": answers.decoded,
    }
    return Strip(sequence_id, answers.seconds(sequence_id), steps, ribbons, share, hover_data)


def _marks(drawn: NDArray[np.int8]) -> NDArray[np.int8]:
    """Encodes ``<int8>[2, M]``, or 3 rows, in a number.

    1 for predicted, 2 for true, 4 for decoded, -1 for no label.
    """
    true, *said = drawn
    bits = sum(bit * (row > 0) for bit, row in zip((1, 4), said, strict=False))
    return np.where(true < 0, -1, 2 * true + bits).astype(np.int8)


def _number_strip(
    answers: Answers,
    sequence_id: str,
    ranges: Sequence[tuple[float, float]],
    kept: Collection[int],
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
    places = curves[0].places + answers.ahead
    columns = zip(
        answers.classes,
        curves[0].points.T,
        curves[1].points.T,
        ranges,
        errors / labelled if labelled else [None] * len(errors),
        strict=True,
    )
    pictures = [_curves(places, *one) for number, one in enumerate(columns) if number in kept]
    score = -float(errors.mean()) / labelled if labelled else None
    hover_data = {**places_and_times(answers, sequence_id), "rows": [], "stretch": width}
    return Strip(sequence_id, answers.seconds(sequence_id), steps, pictures, score, hover_data)


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

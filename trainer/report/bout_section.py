"""The part of a report about bouts: an ethogram of all sequences, and a table of all classes."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from preprocessing.labels.class_colours import class_colours
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.clock import clock
from trainer.bouts.bout import PREDICTION, TRUTH, Observed
from trainer.bouts.finding import observed_sequences
from trainer.bouts.pooled import Pooled
from trainer.bouts.summary import summary
from trainer.predictions.reader import Answers
from trainer.report.ethogram import MOST_LINES, EthogramRow, line_a_class, one_line
from trainer.report.ribbons import png

SHOWN_CLASSES = 100
FIGURES = ("bouts", "total", "mean", "deviation", "share", "latency", "rate")

Figures = dict[str, float | None]


class BoutSection(NamedTuple):
    """The pictures and the table.

    Attributes:
        ethogram: the picture of each sequence, by their ids.
        drawn: name and colour of the classes that have lines of their own in it; empty where all
            share one.
        classes: of each class its name, its colour, and its figures by source.
        more: how many classes are not among these.
        decoded: True if predictions are decoded answers.
        known: the share of the time of which the truth is known.
    """

    ethogram: list[EthogramRow]
    drawn: list[tuple[str, str]]
    classes: list[tuple[str, str, dict[str, Figures]]]
    more: int
    decoded: bool
    known: float | None

    @property
    def longest(self) -> float:
        """The seconds that the time axis spans."""
        return max((row.end for row in self.ethogram), default=0.0)

    @property
    def length(self) -> str:
        """The same as h:mm:ss."""
        return clock(round(self.longest))


def bout_section(
    answers: Answers, infos: Iterable[SequenceInfo], metrics: Mapping[str, Any]
) -> BoutSection:
    """Looks at the bouts of all sequences.

    Args:
        answers: the opened file, of classes, with an answer for each step.
        infos: what the store says of the sequences.
        metrics: the content of metrics.json.
    """
    colours, size = class_colours(answers.classes), len(answers.classes)
    several = answers.task == "multilabel"
    drawn = {number: colours[number] for number in _most(metrics)} if several else {}
    pooled = {source: Pooled(size) for source in (TRUTH, PREDICTION)}
    rows = []
    known = {info.sequence_id: info for info in infos}
    for sequence_id, sources in observed_sequences(answers, known, truth=True):
        for source, one in sources.items():
            pooled[source].add(summary(one, size, (one.begin, one.end)))
        rows.append(_row(sequence_id, sources, colours, drawn))
    kept = sorted(np.argsort(-sum(one.total for one in pooled.values()))[:SHOWN_CLASSES].tolist())
    tables = {source: _figures(one) for source, one in pooled.items()}
    return BoutSection(
        rows,
        [(answers.classes[number], colour) for number, colour in drawn.items()],
        [
            (answers.classes[n], colours[n], {source: tables[source][n] for source in pooled})
            for n in kept
        ],
        size - len(kept),
        answers.decoded,
        pooled[TRUTH].seconds / pooled[PREDICTION].seconds if pooled[PREDICTION].seconds else None,
    )


def _most(metrics: Mapping[str, Any]) -> list[int]:
    """Returns the numbers of the classes that are shown most, or said to be."""
    steps = [max(row["steps"], row["predicted"]) for row in metrics["per_class"].values()]
    return sorted(np.argsort(-np.array(steps), kind="stable")[:MOST_LINES].tolist())


def _row(
    sequence_id: str,
    sources: Mapping[str, Observed],
    colours: list[str],
    drawn: Mapping[int, str],
) -> EthogramRow:
    """Draws a sequence.

    Args:
        sequence_id: its id.
        sources: what is said of it.
        colours: those of the classes.
        drawn: see ``line_a_class``; empty if all classes share a line.
    """
    end = max(one.end for one in sources.values())
    picture = line_a_class(sources, end, drawn) if drawn else one_line(sources, end, colours)
    return EthogramRow(sequence_id, end, png(picture), len(picture))


def _figures(pooled: Pooled) -> list[Figures]:
    """Returns the figures of each class by name, None for those that are not known."""
    columns = []
    for name in FIGURES:
        values = np.asarray(getattr(pooled, name), np.float64)
        columns.append([value if np.isfinite(value) else None for value in values.tolist()])
    return [dict(zip(FIGURES, row, strict=True)) for row in zip(*columns, strict=True)]

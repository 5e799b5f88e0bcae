"""Scoring of ``predictions.h5``: the metrics of metrics.json, in bounded memory."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.evaluation.measures import Measures
from trainer.metrics import (
    ANSWERED,
    HEADLINES,
    Bootstrap,
    ClassificationScorer,
    MultilabelScorer,
    RankedScores,
    RegressionScorer,
    Tallies,
)
from trainer.metrics.joined_tallies import group_tallies
from trainer.metrics.reliability import Reliability, add_probabilities
from trainer.metrics.spread import mean
from trainer.predictions.reader import DECODED, RAW, Answers, open_answers

CLASSES_AT_ONCE = 8
NUMBERS_AT_ONCE = 1 << 20
# What is the same of raw and decoded answers, and so is not told twice.
OF_THE_TRUTH = {"steps", "largest_class", "without_class", "ignored_classes"}
AS_USUAL = Measures()


def score(
    predictions: Path,
    segmental: bool,
    measures: Measures = AS_USUAL,
    groups: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Computes the metrics of a ``predictions.h5``, one sequence at a time.

    Args:
        predictions: see ``trainer.predictions.writer``.
        segmental: True if there is an answer for each step, so that segments make sense.
        measures: how to measure.
        groups: the group of each sequence, if intervals are to be drawn from groups.

    Raises:
        InputError: an answer is not finite, or what is asked for does not fit the answers.
    """
    with open_answers(predictions) as answers:
        bootstrap = Bootstrap(measures.bootstrap)

        def measured(said: str, names: Iterable[str]) -> tuple[dict[str, Any], int]:
            metrics, tallies = tallied(answers, segmental, measures, said)
            drawn = group_tallies(tallies, metrics, groups) if groups else tallies
            return {**metrics, "intervals": bootstrap.intervals(drawn, names)}, len(drawn)

        raw, units = measured(RAW, HEADLINES[answers.task])
        decoded = None
        if answers.decoded:
            whole, _ = measured(DECODED, ANSWERED[answers.task])
            decoded = {name: whole[name] for name in whole if name not in OF_THE_TRUTH}
        return {
            "task": answers.task,
            "horizon": answers.horizon,
            "sequences": len(answers.ids),
            "classes": answers.classes,
            **raw,
            "decoded": decoded,
            "bootstrap": {**bootstrap.facts(), **({"groups": units} if groups else {})},
        }


def tallied(
    answers: Answers, segmental: bool, measures: Measures, said: str = RAW
) -> tuple[dict[str, Any], Tallies]:
    """Computes the metrics, and the counts of each labelled sequence; see ``score``.

    Args:
        answers: the opened file.
        segmental: True if there is an answer for each step.
        measures: how to measure.
        said: the answers that are measured, ``predicted`` or ``decoded``; of decoded ones, which
            have no probabilities, nothing is ranked.
    """
    measures.require(answers.task, answers.classes, segmental)
    if answers.task == "regression":
        numbers = RegressionScorer(answers.classes)
        _add_blocks(answers, numbers, said)
        return numbers.result(), numbers.tallies()
    scorer: MultilabelScorer | ClassificationScorer
    if answers.task == "multilabel":
        scorer = MultilabelScorer(answers.classes)
        _add_blocks(answers, scorer, said)
    else:
        scorer = measures.classification(answers.classes, segmental)
        for sequence_id in answers.ids:
            names = ("true", said, "timestamps", *answers.counted_by)
            scorer.add(sequence_id, *(answers.whole(sequence_id, name) for name in names))
    metrics = scorer.result()
    if said == RAW:
        metrics |= {**_rank(answers, metrics["per_class"]), **_reliability(answers)}
    return metrics, scorer.tallies()


def _add_blocks(answers: Answers, scorer: MultilabelScorer | RegressionScorer, said: str) -> None:
    for sequence_id in answers.ids:
        names = ("true", said, *answers.counted_by)
        scorer.add(sequence_id, answers.blocks(sequence_id, *names))


def _rank(answers: Answers, rows: dict[str, dict[str, Any]]) -> dict[str, float | None]:
    """Adds ``ap`` and ``cap`` to the row of each class; returns their means over classes."""
    for name, ranked in zip(answers.classes, _ranked_scores(answers), strict=True):
        rows[name]["ap"] = ranked.average_precision
        rows[name]["cap"] = ranked.calibrated_average_precision
    return {
        "map": mean(row["ap"] for row in rows.values()),
        "cmap": mean(row["cap"] for row in rows.values()),
    }


def _ranked_scores(answers: Answers) -> Iterator[RankedScores]:
    """Yields the ranked scores of each class, computed for some classes at a time."""
    for first in range(0, len(answers.classes), CLASSES_AT_ONCE):
        numbers = np.arange(len(answers.classes))[first : first + CLASSES_AT_ONCE]
        columns = slice(first, first + CLASSES_AT_ONCE)
        group = [RankedScores() for _ in numbers]
        for sequence_id in answers.ids:
            names = ("true", "probabilities", *answers.counted_by)
            for true, scores, *durations in answers.blocks(sequence_id, *names, columns=columns):
                labelled = (true if true.ndim == 1 else true[:, 0]) >= 0
                hits = _hits(true[labelled], numbers)
                weights = [each[labelled] for each in durations]
                for ranked, hit, column in zip(group, hits.T, scores[labelled].T, strict=True):
                    ranked.add(hit, column, *weights)
        yield from group


def _reliability(answers: Answers) -> dict[str, Any]:
    """Returns the expected calibration error, and the bins that it is made of."""
    reliability = Reliability()
    names = ("true", "probabilities", *answers.counted_by)
    steps = max(1, NUMBERS_AT_ONCE // len(answers.classes))
    for sequence_id in answers.ids:
        for true, scores, *durations in answers.blocks(sequence_id, *names, block_steps=steps):
            labelled = (true if true.ndim == 1 else true[:, 0]) >= 0
            weights = [each[labelled] for each in durations]
            add_probabilities(reliability, scores[labelled], true[labelled], *weights)
    return {"ece": reliability.error, "reliability": reliability.rows()}


def _hits(true: NDArray[Any], numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """Returns True where a step is of a class, ``<bool>[n, classes]``."""
    hits: NDArray[np.bool_] = true[:, None] == numbers if true.ndim == 1 else true == 1
    return hits

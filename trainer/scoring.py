"""From ``predictions.h5`` to what metrics.json holds, in bounded memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.answers import Answers, open_answers
from trainer.metrics import (
    ClassificationScorer,
    MultilabelScorer,
    RankedScores,
    RegressionScorer,
)
from trainer.metrics.spread import mean

CLASSES_AT_ONCE = 8


def score(predictions: Path, segmental: bool) -> dict[str, Any]:
    """Computes the metrics of a ``predictions.h5``, one sequence at a time.

    Args:
        predictions: see ``trainer.predictions``.
        segmental: whether there is an answer a step, so that segments make sense.

    Raises:
        InputError: an answer is not finite.
    """
    with open_answers(predictions) as answers:
        return {
            "task": answers.task,
            "horizon": answers.horizon,
            "sequences": len(answers.ids),
            "classes": answers.classes,
            **_metrics(answers, segmental),
        }


def _metrics(answers: Answers, segmental: bool) -> dict[str, Any]:
    if answers.task == "regression":
        return _score_blocks(answers, RegressionScorer(answers.classes))
    if answers.task == "multilabel":
        metrics = _score_blocks(answers, MultilabelScorer(answers.classes))
    else:
        scorer = ClassificationScorer(answers.classes, segmental)
        for sequence_id in answers.ids:
            labels = (answers.whole(sequence_id, name) for name in ("true", "predicted"))
            scorer.add(sequence_id, *labels)
        metrics = scorer.result()
    return {**metrics, **_rank(answers, metrics["per_class"])}


def _score_blocks(answers: Answers, scorer: MultilabelScorer | RegressionScorer) -> dict[str, Any]:
    for sequence_id in answers.ids:
        blocks: Any = answers.blocks(sequence_id, "true", "predicted")
        scorer.add(sequence_id, blocks)
    return scorer.result()


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
    """The scores of each class over all labelled steps, some classes in a pass."""
    for first in range(0, len(answers.classes), CLASSES_AT_ONCE):
        numbers = np.arange(len(answers.classes))[first : first + CLASSES_AT_ONCE]
        columns = slice(first, first + CLASSES_AT_ONCE)
        group = [RankedScores() for _ in numbers]
        for sequence_id in answers.ids:
            for true, scores in answers.blocks(
                sequence_id, "true", "probabilities", columns=columns
            ):
                labelled = (true if true.ndim == 1 else true[:, 0]) >= 0
                hits = _hits(true[labelled], numbers)
                for ranked, hit, column in zip(group, hits.T, scores[labelled].T, strict=True):
                    ranked.add(hit, column)
        yield from group


def _hits(true: NDArray[Any], numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether steps are of classes, ``<bool>[n, classes]``."""
    hits: NDArray[np.bool_] = true[:, None] == numbers if true.ndim == 1 else true == 1
    return hits

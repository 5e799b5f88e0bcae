"""From ``predictions.h5`` to what metrics.json holds, in bounded memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from trainer.answers import Answers, open_answers
from trainer.metrics import (
    HEADLINES,
    Bootstrap,
    ClassificationScorer,
    MultilabelScorer,
    RankedScores,
    RegressionScorer,
    RelaxedScorer,
    Tallies,
)
from trainer.metrics.published_relaxed import require_phases
from trainer.metrics.spread import mean

CLASSES_AT_ONCE = 8


@dataclass(frozen=True)
class Measures:
    """How answers are measured.

    Attributes:
        ignored: names of classes that make no segments.
        relax: how many seconds from a change boundaries are relaxed, if at all.
        bug_compatible: relaxed as the published script does it.
        bootstrap: samples for intervals; 0 for none.

    Raises:
        InputError: a value that makes no sense.
    """

    ignored: tuple[str, ...] = ()
    relax: float | None = None
    bug_compatible: bool = False
    bootstrap: int = Bootstrap.samples

    def __post_init__(self) -> None:
        if self.relax is not None and not 0 < self.relax < np.inf:
            raise InputError(f"--relax {self.relax}: expected seconds, more than 0")
        if self.bug_compatible and self.relax is None:
            raise InputError(
                "--relaxed-bug-compatible needs --relax; the published script has --relax 10"
            )
        if self.bootstrap < 0:
            raise InputError(f"--bootstrap {self.bootstrap}: expected samples, 0 for no intervals")

    def require(self, task: str, classes: Sequence[str], segmental: bool) -> None:
        """Checks that what is asked for fits what there is.

        Raises:
            InputError: there are no segments, or no such class.
        """
        asked = "ignore-classes" if self.ignored else "relax" if self.relax is not None else ""
        if asked and (task != "classification" or not segmental):
            answers = "an answer a step" if segmental else "one answer a sequence"
            raise InputError(
                f"--{asked} is about segments, and {task} with {answers} has none; leave it out"
            )
        for name in self.ignored:
            if name not in classes:
                known = ", ".join(classes)
                raise InputError(f"--ignore-classes {name}: no such class; there are {known}")
        if self.bug_compatible:
            require_phases(classes)

    def classification(self, classes: Sequence[str], segmental: bool) -> ClassificationScorer:
        """A scorer that measures so."""
        relaxed = None
        if self.relax is not None:
            relaxed = RelaxedScorer(classes, self.relax, self.bug_compatible)
        ignored = {classes.index(name) for name in self.ignored}
        return ClassificationScorer(classes, segmental, ignored, relaxed)


AS_USUAL = Measures()


def score(predictions: Path, segmental: bool, measures: Measures = AS_USUAL) -> dict[str, Any]:
    """Computes the metrics of a ``predictions.h5``, one sequence at a time.

    Args:
        predictions: see ``trainer.predictions``.
        segmental: whether there is an answer a step, so that segments make sense.
        measures: what else is asked for.

    Raises:
        InputError: an answer is not finite, or what is asked for does not fit the answers.
    """
    with open_answers(predictions) as answers:
        metrics, tallies = tallied(answers, segmental, measures)
        bootstrap = Bootstrap(measures.bootstrap)
        return {
            "task": answers.task,
            "horizon": answers.horizon,
            "sequences": len(answers.ids),
            "classes": answers.classes,
            **metrics,
            "intervals": bootstrap.intervals(tallies, HEADLINES[answers.task]),
            "bootstrap": bootstrap.facts(),
        }


def tallied(
    answers: Answers, segmental: bool, measures: Measures
) -> tuple[dict[str, Any], Tallies]:
    """The metrics, and what each sequence with labels added to them; see ``score``."""
    measures.require(answers.task, answers.classes, segmental)
    if answers.task == "regression":
        numbers = RegressionScorer(answers.classes)
        _add_blocks(answers, numbers)
        return numbers.result(), numbers.tallies()
    scorer: MultilabelScorer | ClassificationScorer
    if answers.task == "multilabel":
        scorer = MultilabelScorer(answers.classes)
        _add_blocks(answers, scorer)
    else:
        scorer = measures.classification(answers.classes, segmental)
        for sequence_id in answers.ids:
            names = ("true", "predicted", "timestamps")
            scorer.add(sequence_id, *(answers.whole(sequence_id, name) for name in names))
    metrics = scorer.result()
    return {**metrics, **_rank(answers, metrics["per_class"])}, scorer.tallies()


def _add_blocks(answers: Answers, scorer: MultilabelScorer | RegressionScorer) -> None:
    for sequence_id in answers.ids:
        blocks: Any = answers.blocks(sequence_id, "true", "predicted")
        scorer.add(sequence_id, blocks)


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

"""One class a step: what metrics.json holds for it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.class_counts import ClassCounts, f1, macro
from trainer.metrics.segmental import OVERLAPS, IntArray, edit_score, segment_hits
from trainer.metrics.spread import mean, spread


@dataclass
class SequenceScore:
    """What was counted on one sequence."""

    sequence_id: str
    steps: int
    accuracy: float | None
    edit: float | None


@dataclass
class ClassificationScorer:
    """Adds up sequences, in memory that does not depend on their length.

    Args:
        classes: names of the classes.
        segmental: whether edit score and F1@k make sense; they do for an answer a step.
    """

    classes: Sequence[str]
    segmental: bool = True
    confusion: NDArray[np.int64] = field(init=False)
    per_sequence: list[SequenceScore] = field(default_factory=list)
    matches: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((len(OVERLAPS), 3), np.int64)
    )

    def __post_init__(self) -> None:
        self.confusion = np.zeros((len(self.classes),) * 2, np.int64)

    def add(self, sequence_id: str, true: IntArray, predicted: IntArray) -> None:
        """Counts one sequence.

        Args:
            sequence_id: its name.
            true: ``<int>[N]``, negative where there is no label.
            predicted: ``<int>[N]``.
        """
        labelled = true >= 0
        steps = int(labelled.sum())
        np.add.at(self.confusion, (true[labelled], predicted[labelled]), 1)
        if not steps:
            self.per_sequence.append(SequenceScore(sequence_id, 0, None, None))
            return
        accuracy = float((true == predicted)[labelled].mean())
        edit = None
        if self.segmental:
            predicted = np.where(labelled, predicted, -1)
            edit = edit_score(true, predicted)
            self.matches += [segment_hits(true, predicted, overlap) for overlap in OVERLAPS]
        self.per_sequence.append(SequenceScore(sequence_id, steps, accuracy, edit))

    def result(self) -> dict[str, Any]:
        """All metrics but those of ranks, as they stand in metrics.json."""
        total = int(self.confusion.sum())
        rows = self._counts().rows(self.classes)
        return {
            "steps": total,
            "accuracy": int(self.confusion.trace()) / total if total else None,
            "largest_class": self._largest_class(),
            "accuracy_per_sequence": spread(score.accuracy for score in self.per_sequence),
            **macro(rows),
            "edit": mean(score.edit for score in self.per_sequence),
            **self._segment_f1(),
            "per_class": rows,
            "per_sequence": [vars(score) for score in self.per_sequence],
            "confusion": self.confusion.tolist(),
        }

    def _counts(self) -> ClassCounts:
        found = self.confusion.diagonal()
        return ClassCounts(found, self.confusion.sum(0) - found, self.confusion.sum(1) - found)

    def _largest_class(self) -> dict[str, Any] | None:
        """What one gets by always naming the most frequent class."""
        steps = self.confusion.sum(1)
        if not steps.any():
            return None
        return {"name": self.classes[steps.argmax()], "share": float(steps.max() / steps.sum())}

    def _segment_f1(self) -> dict[str, float | None]:
        counts = zip(OVERLAPS, self.matches.tolist(), strict=True)
        return {f"f1@{100 * overlap:.0f}": f1(*matches) for overlap, matches in counts}

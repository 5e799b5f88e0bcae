"""Any number of classes a step: what metrics.json holds for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.class_counts import ClassCounts, macro
from trainer.metrics.spread import spread

Marks = NDArray[np.int8]


def count_marks(true: Marks, predicted: Marks) -> ClassCounts:
    """Counts labelled steps, ``<int8>[n, C]`` each of 0 and 1."""
    both = np.count_nonzero(true & predicted, axis=0)
    said, there = np.count_nonzero(predicted, axis=0), np.count_nonzero(true, axis=0)
    return ClassCounts(both, said - both, there - both)


def labelled_steps(true: Marks) -> NDArray[np.bool_]:
    """Which rows of ``<int8>[n, C]`` are labels; those that are none are -1 throughout."""
    return true[:, 0] >= 0


@dataclass
class MultilabelScorer:
    """Adds up sequences, block by block.

    Args:
        classes: names of the classes.
    """

    classes: Sequence[str]
    counts: ClassCounts = field(init=False)
    per_sequence: list[dict[str, Any]] = field(default_factory=list)
    steps: int = 0
    right: int = 0
    without_class: int = 0

    def __post_init__(self) -> None:
        nothing = np.zeros(len(self.classes), np.int64)
        self.counts = ClassCounts(nothing, nothing, nothing)

    def add(self, sequence_id: str, blocks: Iterable[tuple[Marks, Marks]]) -> None:
        """Counts one sequence.

        Args:
            sequence_id: its name.
            blocks: consecutive steps, true and predicted, both ``<int8>[n, C]``; true is -1
                throughout a step without a label.
        """
        steps = right = 0
        for true, predicted in blocks:
            labelled = labelled_steps(true)
            true, predicted = true[labelled], predicted[labelled]
            self.counts += count_marks(true, predicted)
            self.without_class += int((true == 0).all(1).sum())
            right += int((true == predicted).all(1).sum())
            steps += len(true)
        self.steps += steps
        self.right += right
        share = right / steps if steps else None
        self.per_sequence.append({"sequence_id": sequence_id, "steps": steps, "accuracy": share})

    def result(self) -> dict[str, Any]:
        """All metrics but those of ranks, as they stand in metrics.json.

        ``accuracy`` is scikit-learn's ``accuracy_score`` of label sets: every class of a step must
        be right. ``without_class`` is the share of steps that show none of the classes.
        """
        rows = self.counts.rows(self.classes)
        return {
            "steps": self.steps,
            **macro(rows),
            "accuracy": self.right / self.steps if self.steps else None,
            "without_class": self.without_class / self.steps if self.steps else None,
            "accuracy_per_sequence": spread(row["accuracy"] for row in self.per_sequence),
            "per_class": rows,
            "per_sequence": self.per_sequence,
        }

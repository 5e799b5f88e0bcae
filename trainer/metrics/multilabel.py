"""Metrics of any number of classes per step, as in metrics.json."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.class_counts import ClassCounts, Durations, macro
from trainer.metrics.spread import spread
from trainer.metrics.tallies import ClassTallies

Marks = NDArray[np.int8]


def count_marks(true: Marks, predicted: Marks, durations: Durations | None = None) -> ClassCounts:
    """Counts labelled steps.

    Args:
        true: ``<int8>[n, C]`` of 0 and 1.
        predicted: ``<int8>[n, C]`` of 0 and 1.
        durations: what each step counts for; None for 1 each.
    """
    both, said, there = (
        np.count_nonzero(marks, axis=0) if durations is None else durations @ marks
        for marks in (true & predicted, predicted, true)
    )
    return ClassCounts(both, said - both, there - both)


def labelled_steps(true: Marks) -> NDArray[np.bool_]:
    """Returns which rows of ``<int8>[n, C]`` have a label; those without are -1 throughout."""
    return true[:, 0] >= 0


@dataclass
class MultilabelScorer:
    """Adds up sequences, block by block.

    Args:
        classes: names of the classes.

    Attributes:
        counts: the counts of each sequence that has labels.
    """

    classes: Sequence[str]
    counts: list[ClassCounts] = field(default_factory=list)
    per_sequence: list[dict[str, Any]] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    without_class: int = 0

    def add(self, sequence_id: str, blocks: Iterable[Sequence[NDArray[Any]]]) -> None:
        """Counts one sequence.

        Args:
            sequence_id: its name.
            blocks: consecutive steps, true and predicted, both ``<int8>[n, C]``; true is -1
                throughout a step without a label. A third array, ``<int64>[n]``, says what each
                step counts for; without it that is 1.
        """
        steps = right = 0
        counts = self._nothing()
        for true, predicted, *durations in blocks:
            labelled = labelled_steps(true)
            true, predicted = true[labelled], predicted[labelled]
            weights = durations[0][labelled] if durations else np.ones(len(true), np.int64)
            counts += count_marks(true, predicted, weights if durations else None)
            self.without_class += int(weights @ (true == 0).all(1))
            right += int(weights @ (true == predicted).all(1))
            steps += int(weights.sum())
        if steps:
            self.counts.append(counts)
            self.right.append(right)
        share = right / steps if steps else None
        self.per_sequence.append({"sequence_id": sequence_id, "steps": steps, "accuracy": share})

    def result(self) -> dict[str, Any]:
        """Returns all metrics but those of ranks, as in metrics.json.

        ``accuracy`` is scikit-learn's ``accuracy_score`` of label sets: every class of a step must
        be right. ``without_class`` is the share of steps that show none of the classes.
        """
        rows = sum(self.counts, self._nothing()).rows(self.classes)
        steps = sum(row["steps"] for row in self.per_sequence)
        return {
            "steps": steps,
            **macro(rows),
            "accuracy": sum(self.right) / steps if steps else None,
            "without_class": self.without_class / steps if steps else None,
            "accuracy_per_sequence": spread(row["accuracy"] for row in self.per_sequence),
            "per_class": rows,
            "per_sequence": self.per_sequence,
        }

    def tallies(self) -> ClassTallies:
        """Returns the counts of each sequence that has labels."""
        steps = [row["steps"] for row in self.per_sequence if row["steps"]]
        counts = [(one.found, one.invented, one.missed) for one in self.counts]
        return ClassTallies(
            np.array(steps, np.float64),
            np.array(self.right, np.float64),
            np.array(counts, np.float64).reshape(-1, 3, len(self.classes)),
        )

    def _nothing(self) -> ClassCounts:
        return ClassCounts(*np.zeros((3, len(self.classes)), np.int64))

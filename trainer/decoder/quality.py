"""The quality of labels by which decoders are chosen: sums that grow with nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.class_counts import f1
from trainer.metrics.segmental import OVERLAPS, IntArray, edit_score, segment_hits
from trainer.metrics.spread import mean

ROUNDING = 1e-9


def no_hits() -> list[NDArray[np.int64]]:
    """Returns counts of no segments, ``<int64>[3]`` for each overlap."""
    return [np.zeros(3, np.int64) for _ in OVERLAPS]


@dataclass
class CourseQuality:
    """Accuracy, edit score and F1@k of sequences of one class a step, as in metrics.json."""

    right: int = 0
    steps: int = 0
    edits: float = 0.0
    sequences: int = 0
    hits: list[NDArray[np.int64]] = field(default_factory=no_hits)

    def add(self, true: IntArray, labels: IntArray) -> None:
        """Counts a sequence.

        Args:
            true: ``<int>[N]``, negative where there is no label.
            labels: ``<int>[N]``.
        """
        labelled = true >= 0
        labels = np.where(labelled, labels, -1)
        self.right += int((true == labels)[labelled].sum())
        self.steps += int(labelled.sum())
        edit = edit_score(true, labels)
        if edit is not None:
            self.edits, self.sequences = self.edits + edit, self.sequences + 1
        for counts, overlap in zip(self.hits, OVERLAPS, strict=True):
            counts += segment_hits(true, labels, overlap)

    def result(self) -> dict[str, float]:
        """Returns the figures of all sequences; of none, there are none."""
        if not self.steps or not self.sequences:
            return {}
        return {
            "accuracy": self.right / self.steps,
            "edit": self.edits / self.sequences,
            **segment_shares(self.hits),
        }


def segment_shares(hits: list[NDArray[np.int64]]) -> dict[str, float]:
    """Returns F1@k of the counts of ``segment_hits`` for each overlap."""
    counts = zip(OVERLAPS, hits, strict=True)
    return {f"f1@{100 * share:.0f}": f1(*map(int, found)) or 0.0 for share, found in counts}


def together(figures: Mapping[str, float]) -> float:
    """Returns the mean of figures, by which decoders are chosen; 0 for none."""
    return mean(figures.values()) or 0.0


def better(figures: Mapping[str, float], others: Mapping[str, float]) -> bool:
    """Returns whether figures are better than others by more than rounding.

    Args:
        figures: of decoded answers.
        others: of those that win ties.
    """
    return together(figures) > together(others) + ROUNDING

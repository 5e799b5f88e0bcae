"""Metrics of one class per step, as in metrics.json."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.class_counts import ClassCounts, Durations, f1, macro
from trainer.metrics.delay import Delays
from trainer.metrics.relaxed import RelaxedScorer
from trainer.metrics.segmental import (
    OVERLAPS,
    IntArray,
    edit_score,
    segment_hits,
    without_classes,
)
from trainer.metrics.spread import mean, spread
from trainer.metrics.tallies import ClassTallies


@dataclass
class SequenceScore:
    """The counts and scores of one sequence."""

    sequence_id: str
    steps: int
    accuracy: float | None
    edit: float | None


@dataclass
class ClassificationScorer:
    """Adds up sequences, in memory that does not depend on their length.

    Args:
        classes: names of the classes.
        segmental: True if there is an answer for each step, so that edit score, F1@k and delay
            exist.
        ignored: indices of classes that make no segments for edit score and F1@k.
        relaxed: counts with relaxed boundaries, if wanted.

    Attributes:
        counts: ``<int64>[3, C]`` of each sequence that has labels; see ``ClassTallies``.
        matches: ``<int64>[3, 3]`` of each such sequence.
    """

    classes: Sequence[str]
    segmental: bool = True
    ignored: Collection[int] = ()
    relaxed: RelaxedScorer | None = None
    confusion: NDArray[np.int64] = field(init=False)
    per_sequence: list[SequenceScore] = field(default_factory=list)
    counts: list[NDArray[np.int64]] = field(default_factory=list)
    matches: list[NDArray[np.int64]] = field(default_factory=list)
    delays: Delays = field(default_factory=Delays)

    def __post_init__(self) -> None:
        self.confusion = np.zeros((len(self.classes),) * 2, np.int64)

    def add(
        self,
        sequence_id: str,
        true: IntArray,
        predicted: IntArray,
        times: NDArray[np.float64] | None = None,
        durations: Durations | None = None,
    ) -> None:
        """Counts one sequence.

        Args:
            sequence_id: its name.
            true: ``<int>[N]``, negative where there is no label.
            predicted: ``<int>[N]``.
            times: ``<float64>[N]``, seconds; without them no delay is known, and nothing relaxed.
            durations: ``<int64>[N]``, what each step counts for; None for 1 each.
        """
        labelled = true >= 0
        weights = None if durations is None else durations[labelled]
        steps = int(labelled.sum() if weights is None else weights.sum())
        if not steps:
            self.per_sequence.append(SequenceScore(sequence_id, 0, None, None))
            return
        counts = self._count(true[labelled], predicted[labelled], weights)
        edit = self._count_segments(true, np.where(labelled, predicted, -1), durations)
        if self.segmental and times is not None:
            self.delays.add(true, predicted, times)
            if self.relaxed:
                self.relaxed.add(true, predicted, times)
        score = SequenceScore(sequence_id, steps, int(counts.found.sum()) / steps, edit)
        self.per_sequence.append(score)

    def result(self) -> dict[str, Any]:
        """Returns all metrics but those of ranks, as in metrics.json."""
        total = int(self.confusion.sum())
        rows = _class_counts(self.confusion).rows(self.classes)
        return {
            "steps": total,
            "accuracy": int(self.confusion.trace()) / total if total else None,
            "largest_class": self._largest_class(),
            "accuracy_per_sequence": spread(score.accuracy for score in self.per_sequence),
            **macro(rows),
            "edit": mean(score.edit for score in self.per_sequence),
            **self._segment_f1(),
            "segments": self._segments(),
            "ignored_classes": [self.classes[number] for number in sorted(self.ignored)],
            "delay": self.delays.result() if self.segmental else None,
            "relaxed": self.relaxed.result() if self.relaxed else None,
            "per_class": rows,
            "per_sequence": [vars(score) for score in self.per_sequence],
            "confusion": self.confusion.tolist(),
        }

    def tallies(self) -> ClassTallies:
        """Returns the counts of each sequence that has labels."""
        scores = [score for score in self.per_sequence if score.steps]
        counts = np.array(self.counts, np.float64).reshape(-1, 3, len(self.classes))
        return ClassTallies(
            np.array([score.steps for score in scores], np.float64),
            counts[:, 0].sum(1),
            counts,
            np.array([score.edit for score in scores], np.float64) if self.segmental else None,
            np.array(self.matches, np.float64).reshape(-1, len(OVERLAPS), 3),
        )

    def _count(self, true: IntArray, predicted: IntArray, weights: Durations | None) -> ClassCounts:
        """Counts labelled steps."""
        classes = len(self.classes)
        # One number for each pair that occurs; int64, since int32 ends at 46,341 classes.
        pairs, places = np.unique(true.astype(np.int64) * classes + predicted, return_inverse=True)
        steps = _totals(places, len(pairs), weights)
        self.confusion.flat[pairs] += steps
        right = pairs // classes == pairs % classes
        found, there, said = (
            _totals(labels, classes, counted)
            for labels, counted in (
                (pairs[right] % classes, steps[right]),
                (pairs // classes, steps),
                (pairs % classes, steps),
            )
        )
        counts = ClassCounts(found, said - found, there - found)
        self.counts.append(np.stack([counts.found, counts.invented, counts.missed]))
        return counts

    def _count_segments(
        self, true: IntArray, predicted: IntArray, durations: Durations | None
    ) -> float | None:
        """Returns the edit score; steps without a label are negative in both."""
        if not self.segmental:
            return None
        edges = None if durations is None else np.append(0, np.cumsum(durations))
        true, predicted = (without_classes(labels, self.ignored) for labels in (true, predicted))
        hits = [segment_hits(true, predicted, overlap, edges) for overlap in OVERLAPS]
        self.matches.append(np.array(hits, np.int64))
        return edit_score(true, predicted)

    def _largest_class(self) -> dict[str, Any] | None:
        """Returns the accuracy of always naming the most frequent class."""
        steps = self.confusion.sum(1)
        if not steps.any():
            return None
        return {"name": self.classes[steps.argmax()], "share": float(steps.max() / steps.sum())}

    def _segments(self) -> dict[str, int] | None:
        """Returns how many segments there are, in the truth and in the answers."""
        if not self.segmental:
            return None
        hits, invented, missed = np.sum([one[0] for one in self.matches] or [[0] * 3], 0).tolist()
        return {"true": hits + missed, "predicted": hits + invented}

    def _segment_f1(self) -> dict[str, float | None]:
        sums = np.sum(self.matches, axis=0) if self.matches else np.zeros((len(OVERLAPS), 3), int)
        counts = zip(OVERLAPS, sums.tolist(), strict=True)
        return {f"f1@{100 * overlap:.0f}": f1(*matches) for overlap, matches in counts}


def _totals(labels: NDArray[Any], classes: int, weights: Durations | None) -> NDArray[np.int64]:
    """Counts ``<int>[n]`` labels, or adds up their weights: ``<int64>[classes]``."""
    return np.bincount(labels, weights, classes).astype(np.int64)


def _class_counts(confusion: NDArray[np.int64]) -> ClassCounts:
    found = confusion.diagonal()
    return ClassCounts(found, confusion.sum(0) - found, confusion.sum(1) - found)

"""How good predicted labels are. All values are fractions between 0 and 1.

Steps without a label count nowhere. For segments, they end what lies before them: truth and
prediction are cut there alike, as the ms-tcn evaluation does with its background class.
A class counts towards a macro mean if it occurs in the truth or in the predictions of the split.
Where nothing can be counted (no labelled step, no segment), a value is None.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

OVERLAPS = (0.10, 0.25, 0.50)
# Of a float32 between 0 and 1, the exponent and 13 significant bits are kept.
DROPPED_BITS = 10
SCORES = (0x3F800000 >> DROPPED_BITS) + 1
# What a person wants to see first, and what it is called.
HEADLINES = {
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "jaccard": "Jaccard",
    "map": "mAP",
    "edit": "edit",
    "f1@10": "F1@10",
    "f1@25": "F1@25",
    "f1@50": "F1@50",
}
IntArray = NDArray[np.int32]


@dataclass(frozen=True)
class Segment:
    """A run of one label.

    Attributes:
        label: index of the class.
        start, stop: its first step and the one after its last.
    """

    label: int
    start: int
    stop: int


def segments(labels: IntArray) -> list[Segment]:
    """Cuts ``<int>[N]`` where the label changes; negative labels make no segment."""
    if not len(labels):
        return []
    edges = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    return [
        Segment(int(labels[start]), start, stop)
        for start, stop in itertools.pairwise(edges)
        if labels[start] >= 0
    ]


def edit_score(true: IntArray, predicted: IntArray) -> float:
    """Segmental edit score: 1 - Levenshtein distance of the segments' labels / the longer count.

    Lea et al. 2016, "Learning convolutional action primitives for fine-grained action
    recognition", section IV.

    Args:
        true, predicted: ``<int>[N]``, negative where there is no label, not everywhere.
    """
    one = [segment.label for segment in segments(true)]
    other = [segment.label for segment in segments(predicted)]
    return 1 - _levenshtein(one, other) / max(len(one), len(other))


def segment_hits(true: IntArray, predicted: IntArray, overlap: float) -> tuple[int, int, int]:
    """Counts predicted segments that match a true one.

    Each predicted segment, in time order, looks for the true segment of its class with the highest
    intersection over union; it is right if that is at least ``overlap`` and the true segment was
    not matched before. Lea et al. 2017, "Temporal convolutional networks for action segmentation
    and detection", section 4.1.

    Returns:
        True positives, false positives, false negatives; F1@k is ``2tp / (2tp + fp + fn)`` of
        their sums over all sequences.
    """
    truth = segments(true)
    matched = [False] * len(truth)
    hits = 0
    guesses = segments(predicted)
    for guess in guesses:
        best = max(range(len(truth)), key=lambda number: _iou(guess, truth[number]), default=-1)
        if best >= 0 and _iou(guess, truth[best]) >= overlap and not matched[best]:
            matched[best] = True
            hits += 1
    return hits, len(guesses) - hits, len(truth) - hits


@dataclass
class RankedScores:
    """Average precision of one class over any number of steps, in bounded memory.

    The mean of precision at each hit, in the order of scores, without interpolation: scikit-learn's
    ``average_precision_score``, given the number of hits and misses at each score. Scores are told
    apart by their first 13 significant bits.
    """

    hits: NDArray[np.int64] = field(default_factory=lambda: np.zeros(SCORES, np.int64))
    misses: NDArray[np.int64] = field(default_factory=lambda: np.zeros(SCORES, np.int64))

    def add(self, hits: NDArray[np.bool_], scores: NDArray[np.float32]) -> None:
        """Counts steps.

        Args:
            hits: ``<bool>[N]``, whether a step is of the class.
            scores: ``<float32>[N]``, 0 to 1.
        """
        ranks = scores.view(np.uint32) >> DROPPED_BITS
        np.add.at(self.hits, ranks[hits], 1)
        np.add.at(self.misses, ranks[~hits], 1)

    @property
    def average_precision(self) -> float | None:
        """None if no step is of the class."""
        from sklearn.metrics import average_precision_score

        if not self.hits.any():
            return None
        counts = np.concatenate([self.hits, self.misses])
        seen = counts > 0
        return float(
            average_precision_score(
                np.repeat([True, False], SCORES)[seen],
                np.tile(np.arange(SCORES), 2)[seen],
                sample_weight=counts[seen],
            )
        )


@dataclass
class SequenceScore:
    """What was counted on one sequence."""

    sequence_id: str
    steps: int
    accuracy: float | None
    edit: float | None


@dataclass
class Scorer:
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
        """All metrics but ``map``, as they stand in metrics.json."""
        accuracies = _known(score.accuracy for score in self.per_sequence)
        edits = _known(score.edit for score in self.per_sequence)
        total = int(self.confusion.sum())
        return {
            "accuracy": int(self.confusion.trace()) / total if total else None,
            "largest_class": self._largest_class(),
            "accuracy_per_sequence": {"mean": _mean(accuracies), "sd": _deviation(accuracies)},
            **self._macro(),
            "edit": _mean(edits),
            **self._segment_f1(),
            "per_class": self._per_class(),
            "per_sequence": [vars(score) for score in self.per_sequence],
            "confusion": self.confusion.tolist(),
        }

    def _largest_class(self) -> dict[str, Any] | None:
        """What one gets by always naming the most frequent class."""
        steps = self.confusion.sum(1)
        if not steps.any():
            return None
        return {"name": self.classes[steps.argmax()], "share": float(steps.max() / steps.sum())}

    def _macro(self) -> dict[str, float | None]:
        rows = [row for row in self._per_class().values() if row["f1"] is not None]
        names = ("precision", "recall", "f1", "jaccard")
        return {name: _mean([row[name] for row in rows]) for name in names}

    def _per_class(self) -> dict[str, dict[str, Any]]:
        """Precision, recall, F1 and Jaccard index of each class; None for one that never occurs.

        scikit-learn computes them from the cells of the confusion matrix, weighted by their counts;
        a share of nothing is 0.
        """
        from sklearn.metrics import jaccard_score, precision_recall_fscore_support

        if not self.confusion.any():
            nothing = dict.fromkeys(("precision", "recall", "f1", "jaccard"))
            return {name: {**nothing, "steps": 0} for name in self.classes}
        cells = np.indices(self.confusion.shape).reshape(2, -1)
        counted = {
            "y_true": cells[0],
            "y_pred": cells[1],
            "labels": np.arange(len(self.classes)),
            "sample_weight": self.confusion.reshape(-1),
            "average": None,
            "zero_division": 0,
        }
        precision, recall, f1, _ = precision_recall_fscore_support(**counted)
        jaccard = jaccard_score(**counted)
        support = self.confusion.sum(1)
        occurs = support + self.confusion.sum(0) > 0
        return {
            name: {
                "precision": float(precision[c]) if occurs[c] else None,
                "recall": float(recall[c]) if occurs[c] else None,
                "f1": float(f1[c]) if occurs[c] else None,
                "jaccard": float(jaccard[c]) if occurs[c] else None,
                "steps": int(support[c]),
            }
            for c, name in enumerate(self.classes)
        }

    def _segment_f1(self) -> dict[str, float | None]:
        shares = {}
        for overlap, (hits, wrong, missed) in zip(OVERLAPS, self.matches.tolist(), strict=True):
            counted = 2 * hits + wrong + missed
            shares[f"f1@{overlap * 100:.0f}"] = 2 * hits / counted if counted else None
        return shares


def _iou(one: Segment, other: Segment) -> float:
    """Intersection over union of two segments in time; -1 if they are of different classes."""
    if one.label != other.label:
        return -1.0
    common = max(0, min(one.stop, other.stop) - max(one.start, other.start))
    return common / (max(one.stop, other.stop) - min(one.start, other.start))


def _levenshtein(one: Sequence[int], other: Sequence[int]) -> int:
    """Fewest insertions, deletions and replacements that turn one into the other."""
    target = np.array(other)
    row = np.arange(len(other) + 1)
    ramp = np.arange(len(other) + 1)
    for number, item in enumerate(one, start=1):
        best = np.minimum(row[1:] + 1, row[:-1] + (target != item))
        row = np.minimum.accumulate(np.concatenate([[number], best]) - ramp) + ramp
    return int(row[-1])


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if len(values) else None


def _deviation(values: Sequence[float]) -> float | None:
    """Standard deviation over sequences, with n - 1; 0 for a single one."""
    if not values:
        return None
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0

"""Labels over time as segments, and how well those of a prediction match the true ones.

Steps without a label end what lies before them: truth and prediction are cut there alike, as the
ms-tcn evaluation does with its background class. Classes that are to be ignored are marked
negative, in truth and prediction each for itself, and so make no segments either.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

OVERLAPS = (0.10, 0.25, 0.50)
IntArray = NDArray[np.int32]
Places = NDArray[np.int64]


class Segment(NamedTuple):
    """A run of one label: index of the class, its first step and the one after its last."""

    label: int
    start: int
    stop: int


@dataclass(frozen=True)
class Segments:
    """The runs of one label in a sequence, in time order.

    Attributes:
        labels: ``<int>[M]``, the class of each.
        starts, stops: ``<int64>[M]``, its first step and the one after its last.
    """

    labels: IntArray
    starts: Places
    stops: Places

    def __len__(self) -> int:
        return len(self.labels)

    def __iter__(self) -> Iterator[Segment]:
        columns = (self.labels.tolist(), self.starts.tolist(), self.stops.tolist())
        return map(Segment, *columns)

    def changes(self) -> Places:
        """Which segments begin where another ends: ``<int64>[changes]``, indices of segments."""
        return np.flatnonzero(self.starts[1:] == self.stops[:-1]) + 1


def segments(labels: IntArray) -> Segments:
    """Cuts ``<int>[N]`` where the label changes; negative labels make no segment."""
    inner = np.flatnonzero(labels[1:] != labels[:-1]) + 1
    starts = np.concatenate([np.zeros(min(len(labels), 1), np.int64), inner])
    stops = np.append(starts[1:], len(labels))[: len(starts)]
    kept = labels[starts] >= 0
    return Segments(labels[starts][kept], starts[kept], stops[kept])


def without_classes(labels: IntArray, ignored: Collection[int]) -> IntArray:
    """The same labels, negative where they are of a class that makes no segments."""
    return np.where(np.isin(labels, list(ignored)), -1, labels) if ignored else labels


def edit_score(true: IntArray, predicted: IntArray) -> float | None:
    """Segmental edit score: 1 - Levenshtein distance of the segments' labels / the longer count.

    Lea et al. 2016, "Learning convolutional action primitives for fine-grained action
    recognition", section IV.

    Args:
        true, predicted: ``<int>[N]``, negative where there is no label.

    Returns:
        None if neither has a segment.
    """
    one, other = segments(true).labels, segments(predicted).labels
    longer = max(len(one), len(other))
    return 1 - _levenshtein(one, other) / longer if longer else None


def segment_hits(true: IntArray, predicted: IntArray, overlap: float) -> tuple[int, int, int]:
    """Counts predicted segments that match a true one.

    Each predicted segment, in time order, looks for the true segment of its class with the highest
    intersection over union, the first of equals; it is right if that is at least ``overlap`` and
    the true segment was not matched before. Lea et al. 2017, "Temporal convolutional networks for
    action segmentation and detection", section 4.1.

    Args:
        true, predicted: ``<int>[N]``, negative where there is no label.
        overlap: more than 0.

    Returns:
        True positives, false positives, false negatives; F1@k is ``2tp / (2tp + fp + fn)`` of
        their sums over all sequences.
    """
    truth, guesses = segments(true), segments(predicted)
    # Only these true segments have a step in common with each guess.
    firsts = np.searchsorted(truth.stops, guesses.starts, "right")
    lasts = np.searchsorted(truth.starts, guesses.stops, "left")
    matched = np.zeros(len(truth), bool)
    for guess, (first, last) in enumerate(zip(firsts.tolist(), lasts.tolist(), strict=True)):
        shares = _overlaps(truth, slice(first, last), guesses, guess)
        best = int(shares.argmax()) if len(shares) else 0
        if len(shares) and shares[best] >= overlap:
            matched[first + best] = True
    hits = int(matched.sum())
    return hits, len(guesses) - hits, len(truth) - hits


def _overlaps(truth: Segments, some: slice, guesses: Segments, guess: int) -> NDArray[np.float64]:
    """Intersection over union of a guess with some true segments; 0 where classes differ."""
    start, stop = guesses.starts[guess], guesses.stops[guess]
    starts, stops = truth.starts[some], truth.stops[some]
    common = np.minimum(stops, stop) - np.maximum(starts, start)
    shares: NDArray[np.float64] = common / (np.maximum(stops, stop) - np.minimum(starts, start))
    return np.where(truth.labels[some] == guesses.labels[guess], shares, 0.0)


def _levenshtein(one: IntArray, other: IntArray) -> int:
    """Fewest insertions, deletions and replacements that turn one into the other."""
    if len(one) > len(other):
        one, other = other, one
    row = np.arange(len(other) + 1)
    ramp = np.arange(len(other) + 1)
    for number, item in enumerate(one, start=1):
        best = np.minimum(row[1:] + 1, row[:-1] + (other != item))
        row = np.minimum.accumulate(np.concatenate([[number], best]) - ramp) + ramp
    return int(row[-1])

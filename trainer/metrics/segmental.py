"""Labels over time as segments, and how well those of a prediction match the true ones.

Steps without a label end what lies before them: truth and prediction are cut there alike, as the
ms-tcn evaluation does with its background class.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

OVERLAPS = (0.10, 0.25, 0.50)
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

"""Labels over time as segments, and how well predicted segments match the true ones.

Steps without a label end what lies before them: truth and prediction are cut there alike, as the
ms-tcn evaluation does with its background class. Classes that are to be ignored are marked
negative, in truth and prediction each for itself, and so make no segments either.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from preprocessing.labels.stretches import stretches

OVERLAPS = (0.10, 0.25, 0.50)
IntArray = NDArray[np.int32]
Places = NDArray[np.int64]


class Segment(NamedTuple):
    """A stretch of one label: index of the class, its first step and the one after its last."""

    label: int
    start: int
    stop: int


@dataclass(frozen=True)
class Segments:
    """The stretches of a sequence that have a label, in time order.

    Attributes:
        labels: ``<int>[M]``, the class of each.
        starts: ``<int64>[M]``, its first step.
        stops: ``<int64>[M]``, the step behind its last.
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
        """Returns the segments that begin where another ends: ``<int64>[changes]``, indices."""
        return np.flatnonzero(self.starts[1:] == self.stops[:-1]) + 1


def segments(labels: IntArray) -> Segments:
    """Cuts ``<int>[N]`` where the label changes; negative labels make no segment."""
    found = stretches(labels)
    kept = found.labels >= 0
    return Segments(found.labels[kept], found.starts[kept], found.stops[kept])


def without_classes(labels: IntArray, ignored: Collection[int]) -> IntArray:
    """Returns labels that are negative for classes that make no segments.

    Args:
        labels: ``<int>[N]``.
        ignored: the classes.
    """
    return np.where(np.isin(labels, list(ignored)), -1, labels) if ignored else labels


def edit_score(true: IntArray, predicted: IntArray) -> float | None:
    """Returns 1 - Levenshtein distance of the segments' labels / the longer count.

    The segmental edit score of Lea et al. 2016, "Learning convolutional action primitives for fine-
    grained action recognition", section IV.

    Args:
        true: ``<int>[N]``, negative where there is no label.
        predicted: ``<int>[N]``.

    Returns:
        The score, or None if neither has a segment.
    """
    one, other = segments(true).labels, segments(predicted).labels
    longer = max(len(one), len(other))
    distance: int = Levenshtein.distance(one.tolist(), other.tolist())
    return 1 - distance / longer if longer else None


def segment_hits(
    true: IntArray, predicted: IntArray, overlap: float, edges: Places | None = None
) -> tuple[int, int, int]:
    """Counts predicted segments that match a true one.

    Each predicted segment, in time order, looks for the true segment of its class with the highest
    intersection over union, the first of equals; it is right if that is at least ``overlap`` and
    the true segment was not matched before. Lea et al. 2017, "Temporal convolutional networks for
    action segmentation and detection", section 4.1.

    Args:
        true: ``<int>[N]``, negative where there is no label.
        predicted: ``<int>[N]``.
        overlap: more than 0.
        edges: ``<int64>[N + 1]``, where each step begins, and the last ends; None for steps of the
            same length.

    Returns:
        True positives, false positives, false negatives; F1@k is ``2tp / (2tp + fp + fn)`` of
        their sums over all sequences.
    """
    truth, guesses = (_placed(segments(labels), edges) for labels in (true, predicted))
    own, met = _meetings(truth, guesses)
    shares = _overlaps(truth, met, guesses, own)
    order = np.lexsort((met, -shares, own))
    best = order[np.unique(own[order], return_index=True)[1]]
    hits = len(np.unique(met[best[shares[best] >= overlap]]))
    return hits, len(guesses) - hits, len(truth) - hits


def _placed(found: Segments, edges: Places | None) -> Segments:
    """Returns segments whose starts and stops are places in time."""
    if edges is None:
        return found
    return Segments(found.labels, edges[found.starts], edges[found.stops])


def _meetings(truth: Segments, guesses: Segments) -> tuple[Places, Places]:
    """Returns pairs of guesses and true segments that share time, ``<int64>[pairs]`` each."""
    firsts = np.searchsorted(truth.stops, guesses.starts, "right")
    counts = np.searchsorted(truth.starts, guesses.stops, "left") - firsts
    own = np.repeat(np.arange(len(guesses)), counts)
    before = np.cumsum(counts) - counts
    return own, firsts[own] + np.arange(len(own)) - before[own]


def _overlaps(truth: Segments, met: Places, guesses: Segments, own: Places) -> NDArray[np.float64]:
    """Returns intersection over union of pairs of segments; 0 where classes differ."""
    starts, stops = truth.starts[met], truth.stops[met]
    start, stop = guesses.starts[own], guesses.stops[own]
    common = np.minimum(stops, stop) - np.maximum(starts, start)
    shares: NDArray[np.float64] = common / (np.maximum(stops, stop) - np.minimum(starts, start))
    return np.where(truth.labels[met] == guesses.labels[own], shares, 0.0)

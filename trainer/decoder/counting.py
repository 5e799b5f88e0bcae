"""Counting in labels: how classes follow each other, and how long they last.

labels      │ walk   │ sit │     │ sit  │ run │
follows       walk ─▶ sit ───────▶ (sit) ─▶ run      a gap is passed over
cut           x              x     x        x       what lies beside a gap or an end may be
                                                    longer than was seen
"""

from array import array
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.base import Labels
from preprocessing.labels.spans import Spans
from preprocessing.labels.stretches import stretches
from preprocessing.store.sequence_info import SequenceInfo
from trainer.decoder.counts import Counts, Ints, MarkCounts
from trainer.decoder.durations import moments, smoothed

NOTHING = -1
Flags = NDArray[np.bool_]


def count_labels(labels: Labels, infos: Iterable[SequenceInfo]) -> Counts | MarkCounts:
    """Counts the labels of sequences; no feature is read.

    Args:
        labels: of classes, one or several a step.
        infos: the sequences, of which at least one has a label.
    """
    if labels.options.task == "multilabel":
        return _count_marks(labels, infos)
    counter = _Counter(labels)
    for info in infos:
        counter.add(labels.spans(info))
    return counter.result()


class _Counter:
    """Counts sequences one after the other.

    Args:
        labels: of one class a step.
    """

    def __init__(self, labels: Labels):
        size = len(labels.classes)
        said = [one.classes[0] if one.classes else NOTHING for one in labels.sayings]
        self._class_of = np.array(said)
        self._begins, self._follows = np.zeros(size, np.int64), np.zeros((size, size), np.int64)
        self._seconds = [array("d") for _ in range(size)]
        self._cut = [array("b") for _ in range(size)]

    def add(self, spans: Spans) -> None:
        """Counts a sequence."""
        found = stretches(self._class_of[spans.said])
        ends = np.append(0.0, np.cumsum(spans.seconds))
        seconds = ends[found.stops] - ends[found.starts]
        gap = np.concatenate([[True], found.labels == NOTHING, [True]])
        cut = gap[:-2] | gap[2:]
        shown: Ints = found.labels[found.labels != NOTHING]
        self._begins[shown[:1]] += 1
        np.add.at(self._follows, (shown[:-1], shown[1:]), 1)
        columns = (found.labels, seconds, cut)
        for label, lasting, is_cut in zip(*map(np.ndarray.tolist, columns), strict=True):
            if label != NOTHING:
                self._seconds[label].append(lasting)
                self._cut[label].append(is_cut)

    def result(self) -> Counts:
        """Returns the counts of all sequences that were added."""
        np.fill_diagonal(self._follows, 0)  # One class before and after a gap.
        counts = np.array([len(of) for of in self._seconds])
        both = [
            moments(np.array(of), np.array(cut, bool)) if len(of) else (1.0, 1.0)
            for of, cut in zip(self._seconds, self._cut, strict=True)
        ]
        means, variances = np.array(both).T
        mean, variation = smoothed(means, variances, counts)
        seconds = np.array([sum(of) for of in self._seconds], np.float64)
        return Counts(seconds, self._begins, self._follows, counts, mean, variation)


def _count_marks(labels: Labels, infos: Iterable[SequenceInfo]) -> MarkCounts:
    """Counts for how long each class is there, and is not; gaps end both."""
    size = len(labels.classes)
    known = np.array([said.counted for said in labels.sayings])
    shown = np.zeros((len(known), size), bool)
    for number, said in enumerate(labels.sayings):
        shown[number, list(said.classes)] = said.counted
    lasting = [[array("d") for _ in range(size)] for _ in (False, True)]
    for info in infos:
        spans = labels.spans(info)
        for label in range(size):
            for is_there, seconds in _lasting(spans, shown[:, label], known):
                lasting[is_there][label].append(seconds)
    absent, present = (
        np.array([float(np.median(of)) if len(of) else 0.0 for of in each]) for each in lasting
    )
    return MarkCounts(present, absent)


def _lasting(spans: Spans, shown: Flags, known: Flags) -> Iterator[tuple[bool, float]]:
    """Yields for how long a class is there, or is not, at a time.

    Args:
        spans: of a sequence.
        shown: whether each saying has the class.
        known: whether each saying counts.
    """
    values = np.where(known[spans.said], shown[spans.said].astype(int), NOTHING)
    found = stretches(values)
    ends = np.append(0.0, np.cumsum(spans.seconds))
    for value, seconds in zip(found.labels, ends[found.stops] - ends[found.starts], strict=True):
        if value != NOTHING:
            yield bool(value), float(seconds)

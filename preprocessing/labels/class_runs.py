"""Stretches in which classes are shown, of labels that are lines of names or one for a sequence."""

from collections.abc import Iterator

import numpy as np

from preprocessing.labels.base import lasting
from preprocessing.labels.named import NamedLabels
from preprocessing.labels.overlaps import Interval
from preprocessing.store.sequence_info import SequenceInfo


def class_runs(labels: NamedLabels, info: SequenceInfo) -> Iterator[Interval]:
    """Yields the stretches in which each class is shown without a break, in order of their ends.

    Args:
        labels: of classes.
        info: the sequence.
    """
    seconds, said = labels.spans(info)
    begin, _ = lasting(info)
    edges = begin + np.concatenate([[0.0], np.cumsum(seconds)])
    shown = [frozenset(labels.sayings[number].classes) for number in said.tolist()]
    going: dict[int, float] = {}
    for edge, classes in zip(edges.tolist(), [*shown, frozenset[int]()], strict=True):
        for number in [number for number in going if number not in classes]:
            yield max(going.pop(number), 0.0), edge, labels.classes[number]
        for number in classes:
            going.setdefault(number, edge)

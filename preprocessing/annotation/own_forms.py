"""Labels of our own forms as annotations: runs of names a frame, a label a sequence, intervals."""

from collections.abc import Iterator

import numpy as np

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions, lasting
from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.labelled_alone import until
from preprocessing.labels.named import NamedLabels
from preprocessing.labels.reading import read_labels, read_labels_alone
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo


def annotations_of_own(
    options: LabelOptions, store: FeatureStore | None
) -> Iterator[tuple[str, list[Annotation]]]:
    """Yields each sequence with what is said of it.

    Args:
        options: the labels, and how they are read.
        store: has the sequences; None if none is at hand.

    Raises:
        InputError: they cannot be read, or are numbers.
    """
    labels = read_labels(options, store) if store else read_labels_alone(options)
    if not isinstance(labels, NamedLabels):
        raise InputError(f"{options.path} holds numbers, which have no classes to show or write")
    for sequence_id in sorted(labels.ids()):
        info = store.info(sequence_id) if store else until(labels.end(sequence_id), sequence_id)
        yield sequence_id, sorted(_runs(labels, info), key=lambda one: one.start)


def _runs(labels: NamedLabels, info: SequenceInfo) -> Iterator[Annotation]:
    """Yields the stretches in which each class is shown without a break."""
    seconds, said = labels.spans(info)
    begin, _ = lasting(info)
    edges = begin + np.concatenate([[0.0], np.cumsum(seconds)])
    shown = [frozenset(labels.sayings[number].classes) for number in said.tolist()]
    going: dict[int, float] = {}
    for edge, classes in zip(edges.tolist(), [*shown, frozenset[int]()], strict=True):
        for number in [number for number in going if number not in classes]:
            name = labels.classes[number]
            yield Annotation(info.sequence_id, max(going.pop(number), 0.0), edge, name)
        for number in classes:
            going.setdefault(number, edge)

"""Counting in labels: how classes follow each other, and how long they last."""

from collections.abc import Iterable

from preprocessing.labels.base import Labels
from preprocessing.store.sequence_info import SequenceInfo
from trainer.decoder.counts import Counts


def count_labels(labels: Labels, infos: Iterable[SequenceInfo]) -> Counts:
    """Counts the labels of sequences; no feature is read.

    Args:
        labels: of classes, one or several a step.
        infos: the sequences.
    """
    raise NotImplementedError(labels, infos)

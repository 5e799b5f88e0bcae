"""Seconds of each class in a sequence, by which splits are stratified."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.base import Labels, labelled
from preprocessing.store.sequence_info import SequenceInfo

STEPS_AT_ONCE = 1 << 14


def class_seconds(labels: Labels, info: SequenceInfo) -> NDArray[np.float64]:
    """Returns for how long a sequence shows each class, ``<float64>[C]``, as if steps were even.

    Of numbers it is how long each column has a value. Nothing of the sequence is read.

    Args:
        labels: the labels of all sequences.
        info: the sequence, which its labels fit.
    """
    shown = np.zeros(len(labels.classes))
    for start in range(0, info.steps, STEPS_AT_ONCE):
        steps = np.arange(start, min(start + STEPS_AT_ONCE, info.steps), dtype=np.float64)
        targets = labels.at(info, start, steps * _mean_step(info) + info.first)
        known = targets[labelled(targets)]
        if known.ndim == 1:
            shown += np.bincount(known, minlength=len(shown))
        elif labels.options.task == "regression":
            shown += len(known)
        else:
            shown += known.sum(axis=0)
    return shown * info.step_seconds


def seconds_of_all(labels: Labels, infos: Iterable[SequenceInfo]) -> dict[str, NDArray[np.float64]]:
    """Returns ``class_seconds`` of each sequence, by its id.

    Args:
        labels: the labels of all sequences.
        infos: the sequences.

    Raises:
        InputError: labels do not fit the length of their sequence.
    """
    seconds = {}
    for info in infos:
        labels.check(info)
        seconds[info.sequence_id] = class_seconds(labels, info)
    return seconds


def _mean_step(info: SequenceInfo) -> float:
    return (info.last - info.first) / max(info.steps - 1, 1)

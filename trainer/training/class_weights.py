"""The weight that a step of each class has in the loss of training."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.files.numerals import number_or_nan
from preprocessing.labels.base import labelled
from trainer.batches.sequence_set import SequenceSet
from trainer.task import Multilabel

BALANCED = "balanced"


def class_weights(given: Sequence[str], data: SequenceSet) -> NDArray[np.float32] | None:
    """Returns the weights of the classes, ``<float32>[C]``; None for 1 each.

    Balanced, a class of a classification weighs labelled steps / (classes x its steps), as in
    scikit-learn's ``compute_class_weight``, so that all classes weigh alike together; one of
    several labels weighs steps without it / steps with it. A class that does not occur weighs 1.

    Args:
        given: ``balanced``, or ``NAME=WEIGHT`` for some classes; the others weigh 1.
        data: the training split.

    Raises:
        InputError: a name is no class, or a weight is no positive number.
    """
    if not given:
        return None
    if tuple(given) == (BALANCED,):
        return _balanced(data)
    classes = data.layout.task.classes
    weights = np.ones(len(classes), "float32")
    for item in given:
        if item == BALANCED:
            raise InputError("--class-weights balanced weighs all classes; give no other beside it")
        name, _, text = item.rpartition("=")
        if name not in classes:
            raise InputError(
                f"--class-weights {item}: expected {BALANCED}, or NAME=WEIGHT with a name of "
                f"{', '.join(classes)}"
            )
        weights[classes.index(name)] = _number(item, text)
    return weights


def _number(item: str, text: str) -> float:
    weight = number_or_nan(text)
    if not 0 < weight < np.inf:
        raise InputError(f"--class-weights {item}: expected a weight above 0, not {text!r}")
    return weight


def _balanced(data: SequenceSet) -> NDArray[np.float32]:
    task = data.layout.task
    counts, total = np.zeros(task.size), 0
    for targets in data.scan():
        known = targets[labelled(targets)]
        counts += task.encode(known).sum(0)
        total += len(known)
    occurs = counts > 0
    share = total - counts if isinstance(task, Multilabel) else total / max(occurs.sum(), 1)
    weights = np.where(occurs, share / np.maximum(counts, 1), 1.0)
    return np.where(weights > 0, weights, 1.0).astype("float32")

"""Tasks: how targets are stored, and how a model answers them and is scored.

                    targets                     outputs of the model
    classification  <int32>[..., ]  -1: none    probabilities <float32>[..., C], sum 1
    multilabel      <float32>[..., C] 0 or 1    probabilities <float32>[..., C], each 0 to 1
    regression      <float32>[..., C]           numbers       <float32>[..., C]

Where there is no label, a target is -1 or a row of NaN.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.base import UNLABELLED

THRESHOLD = 0.5
FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Task(ABC):
    """One of the three tasks.

    Attributes:
        classes: names of the classes, or of the columns of a regression.
    """

    classes: tuple[str, ...]
    # As --task spells it, and what the column beside the loss in history.csv is called.
    name: ClassVar[str]
    score_name: ClassVar[str] = "accuracy"

    @property
    def size(self) -> int:
        """C, the number of classes or columns."""
        return len(self.classes)

    @property
    def unknown(self) -> FloatArray:
        """The input for an unknown label, ``<float32>[C]``."""
        return np.zeros(self.size, "float32")

    @abstractmethod
    def no_targets(self, shape: tuple[int, ...]) -> NDArray[Any]:
        """Returns targets of a shape, all without a label."""

    @abstractmethod
    def encode(self, targets: NDArray[Any]) -> FloatArray:
        """Encodes labels as inputs of the model, ``<float32>[n, C]``."""

    @abstractmethod
    def predicted(self, outputs: FloatArray) -> NDArray[Any]:
        """Returns the answers that follow from outputs ``<float32>[n, C]``."""

    @abstractmethod
    def head(self, x: Any, dtype: str) -> Any:
        """Adds the last layers of a model: from ``[B, T, U]`` to outputs ``<float32>[B, T, C]``.

        Args:
            x: the output of the layers before.
            dtype: the Keras dtype policy to compute in.
        """

    @abstractmethod
    def loss(self, targets: Any, outputs: Any, training: bool) -> Any:
        """Returns the loss of each step, ``<float32>[B, T]``; any finite number without a label.

        Args:
            targets: the targets of the steps.
            outputs: ``<float32>[B, T, C]``.
            training: True for the loss of training, which may weigh classes.
        """

    @abstractmethod
    def score(self, targets: Any, outputs: Any) -> Any:
        """Returns the score of each step, whose mean is ``score_name``, ``<float32>[B, T]``.

        Args:
            targets: the targets of the steps.
            outputs: ``<float32>[B, T, C]``.
        """

    @abstractmethod
    def fed(self, outputs: Any) -> Any:
        """Encodes outputs ``[B, C]`` as inputs in place of labels, ``<float32>[B, C]``."""


@dataclass(frozen=True)
class Classification(Task):
    """One of C classes."""

    name = "classification"

    def no_targets(self, shape: tuple[int, ...]) -> NDArray[Any]:
        return np.full(shape, UNLABELLED, np.int32)

    def encode(self, targets: NDArray[Any]) -> FloatArray:
        encoded: FloatArray = (targets[..., None] == np.arange(self.size)).astype("float32")
        return encoded

    def predicted(self, outputs: FloatArray) -> NDArray[Any]:
        return np.asarray(outputs.argmax(-1), "int32")

    def head(self, x: Any, dtype: str) -> Any:
        from keras import layers

        x = layers.Dense(self.size, dtype=dtype, name="logits")(x)
        return layers.Softmax(dtype="float32", name="probabilities")(x)

    def loss(self, targets: Any, outputs: Any, training: bool) -> Any:
        from keras import ops

        return ops.sparse_categorical_crossentropy(ops.maximum(targets, 0), outputs)

    def score(self, targets: Any, outputs: Any) -> Any:
        from keras import ops

        return ops.cast(ops.equal(targets, ops.argmax(outputs, -1)), "float32")

    def fed(self, outputs: Any) -> Any:
        from keras import ops

        return ops.one_hot(ops.argmax(outputs, -1), self.size, dtype="float32")


@dataclass(frozen=True)
class Multilabel(Task):
    """Any number of C classes.

    Attributes:
        positive_weights: for each class, the weight of a step of that class in the training loss.
    """

    name = "multilabel"
    positive_weights: tuple[float, ...] | None = None

    def no_targets(self, shape: tuple[int, ...]) -> NDArray[Any]:
        return np.full((*shape, self.size), np.nan, np.float32)

    def encode(self, targets: NDArray[Any]) -> FloatArray:
        return np.where(np.isfinite(targets), targets, 0).astype("float32")

    def predicted(self, outputs: FloatArray) -> NDArray[Any]:
        return (outputs >= THRESHOLD).astype("int8")

    def head(self, x: Any, dtype: str) -> Any:
        from keras import layers

        x = layers.Dense(self.size, dtype=dtype, name="logits")(x)
        return layers.Activation("sigmoid", dtype="float32", name="probabilities")(x)

    def loss(self, targets: Any, outputs: Any, training: bool) -> Any:
        from keras import ops

        targets = ops.where(ops.isfinite(targets), targets, 0.0)
        losses = ops.binary_crossentropy(targets, outputs)
        if training and self.positive_weights is not None:
            weights = np.array(self.positive_weights, "float32")
            losses = losses * (1.0 + targets * (weights - 1.0))
        return ops.mean(losses, -1)

    def score(self, targets: Any, outputs: Any) -> Any:
        from keras import ops

        right = ops.equal(targets >= THRESHOLD, outputs >= THRESHOLD)
        return ops.cast(ops.all(right, -1), "float32")

    def fed(self, outputs: Any) -> Any:
        from keras import ops

        return ops.cast(outputs >= THRESHOLD, "float32")


@dataclass(frozen=True)
class Regression(Task):
    """C numbers.

    Attributes:
        mean: the mean of each column over the training split.
        variance: its variance. The loss is the squared error in units of the variance, so that
            columns count alike and 1 is no better than the mean.
    """

    name = "regression"
    score_name = "mae"
    mean: tuple[float, ...] = ()
    variance: tuple[float, ...] = ()

    @property
    def unknown(self) -> FloatArray:
        return np.array(self.mean, "float32")

    def no_targets(self, shape: tuple[int, ...]) -> NDArray[Any]:
        return np.full((*shape, self.size), np.nan, np.float32)

    def encode(self, targets: NDArray[Any]) -> FloatArray:
        known = np.isfinite(targets)
        return np.where(known, targets, self.unknown).astype("float32")

    def predicted(self, outputs: FloatArray) -> NDArray[Any]:
        return outputs

    def head(self, x: Any, dtype: str) -> Any:
        from keras import layers

        x = layers.Dense(self.size, dtype="float32", name="deviations")(x)
        scale = layers.Normalization(
            mean=self.mean, variance=self.variance, invert=True, dtype="float32", name="numbers"
        )
        return scale(x)

    def loss(self, targets: Any, outputs: Any, training: bool) -> Any:
        from keras import ops

        error = self._known(targets, outputs) - outputs
        return ops.mean(ops.square(error) / np.array(self.variance, "float32"), -1)

    def score(self, targets: Any, outputs: Any) -> Any:
        from keras import ops

        return ops.mean(ops.abs(self._known(targets, outputs) - outputs), -1)

    def fed(self, outputs: Any) -> Any:
        return outputs

    def _known(self, targets: Any, outputs: Any) -> Any:
        from keras import ops

        return ops.where(ops.isfinite(targets), targets, outputs)


def make_task(name: str, classes: Sequence[str], moments: Sequence[Sequence[float]] = ()) -> Task:
    """Makes the task of that name.

    Args:
        name: ``classification``, ``multilabel`` or ``regression``.
        classes: names of classes or columns.
        moments: mean and variance of each column, for a regression.
    """
    names = tuple(classes)
    if name == "classification":
        return Classification(names)
    if name == "multilabel":
        return Multilabel(names)
    mean, variance = moments or (np.zeros(len(names)), np.ones(len(names)))
    return Regression(names, tuple(map(float, mean)), tuple(map(float, variance)))

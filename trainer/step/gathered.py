"""Gradients of several batches that will make one update."""

from collections.abc import Sequence
from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.model.carry import Tensor
from trainer.step.gradients import GATHERED_SHARE
from trainer.step.totals import TINY

tf = import_tensorflow()


class Gathered:
    """Sums of gradients, and of the weights of the loss, in the memory of the device.

    Args:
        variables: by which the loss is differentiated.
    """

    def __init__(self, variables: Sequence[Any]):
        self.variables = variables
        self.totals: list[Any] = []

    def prepare(self) -> None:
        """Takes the memory, before the first gradients are added; later it does nothing."""
        if not self.totals:
            zeros = [tf.zeros(variable.shape) for variable in self.variables]
            self.totals = [tf.Variable(zero) for zero in [*zeros, tf.zeros(())]]

    def add(self, gradients: list[Tensor], weight: Tensor) -> None:
        """Adds the gradients of a batch.

        Args:
            gradients: of ``GATHERED_SHARE`` of its loss, by each variable, or by the first ones.
            weight: the sum of its weights.
        """
        for total, value in zip(self.totals, gradients, strict=False):
            total.assign_add(value)
        self.totals[-1].assign_add(weight * GATHERED_SHARE)

    def add_some(self, gradients: list[Tensor], first: int) -> None:
        """Adds gradients by some variables, whose weights were added with those by others.

        Args:
            gradients: of ``GATHERED_SHARE`` of the loss.
            first: the number of the first of these variables.
        """
        for total, value in zip(self.totals[first:-1], gradients, strict=True):
            total.assign_add(value)

    def mean(self) -> list[Tensor]:
        """Returns the gradients of the mean loss of all that was added."""
        *totals, weight = self.totals
        return [total / tf.maximum(weight, TINY) for total in totals]

    def forget(self) -> None:
        """Makes all sums 0 again."""
        for total in self.totals:
            total.assign(tf.zeros_like(total))

"""The work of a device on its own lanes: sums, the carry, and the gradients of the loss."""

from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.model.carry import Carry, Tensor
from trainer.step.batch_tensors import BatchTensors
from trainer.step.forward import apply_model
from trainer.step.smoothing import Smoothing
from trainer.step.totals import TINY, sums_of
from trainer.task import Task

tf = import_tensorflow()

# Sums over many steps are kept small while they are gathered, for gradients in half precision.
GATHERED_SHARE = 1.0 / 1024

Found = tuple[tuple[Tensor, list[Tensor]], Carry]


class Gradients:
    """Derivatives of the loss of one batch by the weights of a model.

    The first of the two that a method returns is what several devices add up.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        optimizer: a Keras optimizer, which may scale the loss for half precision.
        task: what the loss is.
        smoothing: a loss beside it, whose carry comes behind that of the model; None for none.
    """

    def __init__(self, model: Any, optimizer: Any, task: Task, smoothing: Smoothing | None = None):
        self.model, self.optimizer, self.task = model, optimizer, task
        self.smoothing = smoothing
        self.variables = model.trainable_variables

    def forward(self, batch: BatchTensors, carry: Carry) -> tuple[Tensor, Carry]:
        """Resets the rows whose sequence begins, then passes a chunk of each lane.

        Args:
            batch: a chunk a lane.
            carry: before it, ``<float32>[B, ...]`` each.

        Returns:
            Sums ``<float32>[4]``, see ``TrainStep``, and the carry.
        """
        sums, _, carry = self._with_loss(batch, carry)
        return sums, carry

    def _with_loss(self, batch: BatchTensors, carry: Carry) -> tuple[Tensor, Tensor, Carry]:
        """Returns sums, the summed loss that is made less, which may be more than theirs; carry."""
        count = len(self.model.inputs) - 1
        outputs, after = apply_model(
            self.model, batch.features, batch.past, batch.reset, carry[:count], training=True
        )
        sums = sums_of(self.task, batch.targets, outputs, batch.weights, training=True)
        if self.smoothing is None:
            return sums, sums[0], after
        more, last = self.smoothing.total(outputs, batch.weights, batch.reset, carry[count:])
        return sums, sums[0] + more, (*after, *last)

    def of_mean(self, batch: BatchTensors, carry: Carry) -> Found:
        """Returns sums and the gradients of the mean loss; and the carry.

        Args:
            batch: a chunk a lane.
            carry: before it, ``<float32>[B, ...]`` each.
        """
        with tf.GradientTape() as tape:
            sums, total, carry = self._with_loss(batch, carry)
            loss = self.optimizer.scale_loss(total / tf.maximum(sums[1], TINY))
        return (sums, _gradient(tape, loss, self.variables)), carry

    def of_share(self, batch: BatchTensors, carry: Carry) -> Found:
        """Returns sums and the gradients of ``GATHERED_SHARE`` of the summed loss; and the carry.

        Args:
            batch: a chunk a lane.
            carry: before it, ``<float32>[B, ...]`` each.
        """
        with tf.GradientTape() as tape:
            sums, total, carry = self._with_loss(batch, carry)
            loss = self.optimizer.scale_loss(total * GATHERED_SHARE)
        return (sums, _gradient(tape, loss, self.variables)), carry

    def of_share_and_later(self, batch: BatchTensors, carry: Carry, gradient: Carry) -> Found:
        """Returns weights and gradients as ``of_share``, with those of all that comes later.

        Args:
            batch: a chunk a lane.
            carry: before it.
            gradient: of the loss of all later chunks, by the carry after this one.

        Returns:
            The sum of the weights and the gradients; and the gradient by the carry before.
        """
        with tf.GradientTape() as tape:
            tape.watch(carry)
            weight, loss = self._with_later(batch, carry, gradient)
        gradients = _gradient(tape, loss, [*self.variables, *carry])
        count = len(self.variables)
        return (weight, gradients[:count]), tuple(gradients[count:])

    def of_share_by_features(self, batch: BatchTensors, carry: Carry) -> Found:
        """Returns what ``of_share`` does, and with the carry the slope by each feature.

        Args:
            batch: a chunk a lane, with features ``<float32>[B, T, F]``.
            carry: before it, ``<float32>[B, ...]`` each.
        """
        with tf.GradientTape() as tape:
            tape.watch(batch.features)
            sums, total, after = self._with_loss(batch, carry)
            loss = self.optimizer.scale_loss(total * GATHERED_SHARE)
        *gradients, slope = _gradient(tape, loss, [*self.variables, batch.features])
        return (sums, gradients), (slope, *after)

    def of_share_and_later_by_features(
        self, batch: BatchTensors, carry: Carry, gradient: Carry
    ) -> Found:
        """Returns what ``of_share_and_later`` does, and with its gradients the slope by features.

        Args:
            batch: a chunk a lane, with features ``<float32>[B, T, F]``.
            carry: before it.
            gradient: of the loss of all later chunks, by the carry after this one.

        Returns:
            The sum of the weights and the gradients; the slope and the gradient by the carry.
        """
        with tf.GradientTape() as tape:
            tape.watch((batch.features, *carry))
            weight, loss = self._with_later(batch, carry, gradient)
        gradients = _gradient(tape, loss, [*self.variables, batch.features, *carry])
        count = len(self.variables)
        return (weight, gradients[:count]), tuple(gradients[count:])

    def _with_later(
        self, batch: BatchTensors, carry: Carry, gradient: Carry
    ) -> tuple[Tensor, Tensor]:
        """Returns weights, and the loss whose gradient is that of this chunk and all later ones."""
        sums, total, after = self._with_loss(batch, carry)
        later = [
            tf.reduce_sum(state * by_state) for state, by_state in zip(after, gradient, strict=True)
        ]
        here = self.optimizer.scale_loss(total * GATHERED_SHARE)
        return sums[1], here + tf.add_n([tf.zeros(()), *later])


def _gradient(tape: Any, loss: Tensor, of: list[Any]) -> list[Tensor]:
    gradients: list[Tensor] = tape.gradient(
        loss, of, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    return gradients

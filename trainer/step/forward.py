"""A chunk through the model, and what comes of it: inference, and sums of losses and scores.

Everything is compiled once for its fixed B and T. XLA is left out where there is a GPU, so that
recurrent layers find their cuDNN kernel.
"""

from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches.chunk_batch import ChunkBatch
from trainer.config import TrainConfig
from trainer.devices.one_device import OneDevice
from trainer.devices.replicas import Devices
from trainer.kernels.accelerate import accelerate
from trainer.model.carry import Carry, Tensor, call_model, reset_rows, zero_carry
from trainer.step.batch_tensors import BatchTensors, arrays_of
from trainer.step.totals import sums_of
from trainer.task import Task

tf = import_tensorflow()


class ForwardStep:
    """Inference: outputs ``<float32>[B, T, C]`` of a batch, and the carry.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        devices: that share each batch; one by default.
    """

    def __init__(self, model: Any, devices: Devices | None = None):
        self.model, self.devices = model, devices or OneDevice()
        accelerate(model)
        self._forward = self.devices.program(self.body)

    def initial_carry(self, lanes: int) -> Carry:
        """Returns the carry before anything."""
        return self.devices.split_all(self.zero_carry(lanes))

    def zero_carry(self, lanes: int) -> Carry:
        """Returns the carry before anything, of all lanes in one place."""
        return zero_carry(self.model, lanes)

    def __call__(self, batch: ChunkBatch, carry: Carry) -> tuple[Tensor, Carry]:
        """Resets rows, then answers; on one device."""
        outputs, carry = self._forward(batch.features, batch.past, batch.reset, carry)
        return outputs, carry

    def body(
        self, features: Tensor, past: Tensor, reset: Tensor, carry: Carry
    ) -> tuple[Tensor, Carry]:
        """Answers the lanes of one device; this is compiled.

        Args:
            features: ``<float16 or float32>[B, T, F]``.
            past: ``<float32>[B, T, P]``; see ``ChunkBatch``.
            reset: ``<bool>[B]``, True for rows whose sequence begins.
            carry: before the chunk, ``<float32>[B, ...]`` each.

        Returns:
            Outputs ``<float32>[B, T, C]``, and the carry after the chunk.
        """
        return apply_model(self.model, features, past, reset, carry, training=False)


class FeedbackStep(ForwardStep):
    """Inference in which the model's own answers stand for the labels that it takes as inputs.

        step        0     1     2     3           horizon 1: the answer of step t is about t + 1
        past        -     -     a0    a1          what is known of step t - 1
        answer      a0    a1    a2    a3

    The carry has one part more: the answers that later steps will need, as differences from
    nothing known, so that zeros are right after a reset too.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        task: what the answers are.
        horizon: steps that the answer lies ahead.
        devices: that share each batch; one by default.
    """

    def __init__(self, model: Any, task: Task, horizon: int, devices: Devices | None = None):
        super().__init__(model, devices)
        self.task, self.horizon = task, horizon

    def zero_carry(self, lanes: int) -> Carry:
        waiting = tf.zeros((lanes, self.horizon + 1, self.task.size))
        return (*super().zero_carry(lanes), waiting)

    def body(
        self, features: Tensor, past: Tensor, reset: Tensor, carry: Carry
    ) -> tuple[Tensor, Carry]:
        *states, waiting = reset_rows(carry, reset)
        lanes, steps = features.shape[0], features.shape[1] or tf.shape(features)[1]
        unknown = tf.constant(self.task.unknown)
        outputs = tf.TensorArray(tf.float32, steps, element_shape=(lanes, self.task.size))

        def one(t: Tensor, outputs: Any, states: list[Tensor], waiting: Tensor) -> Any:
            seen = tf.cast(features[:, t], tf.float32)
            inputs = tf.concat([seen, waiting[:, 0] + unknown], -1)[:, None]
            answer, after = call_model(self.model, inputs, states, training=False)
            answer = tf.cast(answer[:, 0], tf.float32)
            known = self.task.fed(answer) - unknown
            waiting = tf.concat([waiting[:, 1:], known[:, None]], 1)
            states = [tf.cast(state, tf.float32) for state in after]
            return t + 1, outputs.write(t, answer), states, waiting

        begin = (tf.constant(0), outputs, list(states), waiting)
        _, outputs, states, waiting = tf.while_loop(
            lambda t, *_: t < steps, one, begin, maximum_iterations=steps
        )
        return tf.transpose(outputs.stack(), (1, 0, 2)), (*states, waiting)


class EvaluationStep:
    """Sums as ``TrainStep`` returns them, of the answers of inference.

    Args:
        forward: what answers.
        task: what the loss is.
    """

    def __init__(self, forward: ForwardStep, task: Task):
        self.forward, self.task, self.devices = forward, task, forward.devices
        self._sums = self.devices.program(self._sums_of)
        self._own_answer = self.devices.own_program(self._answer)
        self._answer_all = self.devices.program(
            lambda batch, carry: self.devices.add_up(self._own_answer, batch, carry)
        )

    def initial_carry(self, lanes: int) -> Carry:
        """Returns the carry before anything."""
        return self.forward.initial_carry(lanes)

    def __call__(self, batch: ChunkBatch, carry: Carry) -> tuple[Tensor, Carry]:
        """Returns the sums of a batch, ``<float32>[4]``, and the carry after it."""
        if self.devices.replicated:
            split = BatchTensors(*self.devices.split_all(arrays_of(batch)))
            sums, carry = self._answer_all(split, carry)
            return sums, carry
        outputs, carry = self.forward(batch, carry)
        return self._sums(batch.targets, outputs, batch.weights), carry

    def _answer(self, batch: BatchTensors, carry: Carry) -> tuple[Tensor, Carry]:
        outputs, carry = self.forward.body(batch.features, batch.past, batch.reset, carry)
        return self._sums_of(batch.targets, outputs, batch.weights), carry

    def _sums_of(self, targets: Tensor, outputs: Tensor, weights: Tensor) -> Tensor:
        return sums_of(self.task, targets, outputs, weights, training=False)


def apply_model(
    model: Any, features: Tensor, past: Tensor, reset: Tensor, carry: Carry, training: bool
) -> tuple[Tensor, Carry]:
    """Resets rows, then passes a chunk of features beside past labels through a model.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        features: ``<float16 or float32>[B, T, F]``.
        past: ``<float32>[B, T, P]``; see ``ChunkBatch``.
        reset: ``<bool>[B]``, True for rows whose sequence begins.
        carry: before the chunk, ``<float32>[B, ...]`` each.
        training: True for a pass as training makes it, with dropout.

    Returns:
        Outputs ``[B, T, C]``, and the carry after the chunk in float32.
    """
    inputs = tf.concat([tf.cast(features, tf.float32), past], -1)
    outputs, after = call_model(model, inputs, reset_rows(carry, reset), training=training)
    return outputs, tuple(tf.cast(state, tf.float32) for state in after)


def forward_step(
    model: Any, config: TrainConfig, task: Task, devices: Devices | None = None
) -> ForwardStep:
    """Makes the inference that a configuration asks for: by true labels, its own answers, or none.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        config: of the training.
        task: what the answers are.
        devices: that share each batch; one by default.
    """
    if config.inputs == "features" or config.feed == "truth":
        return ForwardStep(model, devices)
    return FeedbackStep(model, task, config.horizon, devices)

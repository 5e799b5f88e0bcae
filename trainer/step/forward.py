"""A chunk through the model, and what comes of it: inference, and sums of losses and scores.

Everything is compiled once for its fixed B and T. XLA is left out where there is a GPU, so that
recurrent layers find their cuDNN kernel.
"""

from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches.chunk_batch import ChunkBatch
from trainer.config import TrainConfig
from trainer.kernels.accelerate import accelerate
from trainer.kernels.xla import compiled
from trainer.model.carry import Carry, call_model, reset_rows, zero_carry
from trainer.step.totals import sums_of
from trainer.task import Task

tf = import_tensorflow()


class ForwardStep:
    """Inference: outputs ``<float32>[B, T, C]`` of a batch, and the carry.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        any_length: whether T may differ from batch to batch; slower.
        plain: without XLA.
    """

    def __init__(self, model: Any, any_length: bool = False, plain: bool = False):
        self.model = model
        accelerate(model)
        self._forward = compiled(self.body, any_length, plain)

    def initial(self, lanes: int) -> Carry:
        """The carry before anything."""
        return zero_carry(self.model, lanes)

    def __call__(self, batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        """Resets rows, then answers."""
        outputs, carry = self._forward(batch.features, batch.past, batch.reset, carry)
        return outputs, carry

    def body(self, features: Any, past: Any, reset: Any, carry: Carry) -> Any:
        """What is compiled."""
        return apply_model(self.model, features, past, reset, carry, training=False)


class FeedbackStep(ForwardStep):
    """Inference in which the model's own answers stand for the labels that it takes as inputs.

        step        0     1     2     3           horizon 1: the answer of step t is about t + 1
        past        -     -     a0    a1          what is known of step t - 1
        answer      a0    a1    a2    a3

    The carry has one part more: the answers that later steps will need, as differences from
    nothing known, so that zeros are right after a reset too.
    """

    def __init__(
        self, model: Any, task: Task, horizon: int, any_length: bool = False, plain: bool = False
    ):
        super().__init__(model, any_length, plain)
        self.task, self.horizon = task, horizon

    def initial(self, lanes: int) -> Carry:
        waiting = tf.zeros((lanes, self.horizon + 1, self.task.size))
        return (*super().initial(lanes), waiting)

    def body(self, features: Any, past: Any, reset: Any, carry: Carry) -> Any:
        *states, waiting = reset_rows(carry, reset)
        lanes, steps = features.shape[0], features.shape[1] or tf.shape(features)[1]
        unknown = tf.constant(self.task.unknown)
        outputs = tf.TensorArray(tf.float32, steps, element_shape=(lanes, self.task.size))

        def one(t: Any, outputs: Any, states: Any, waiting: Any) -> Any:
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
        self.forward = forward
        self._sums = compiled(
            lambda targets, outputs, weights: sums_of(task, targets, outputs, weights, False)
        )

    def initial(self, lanes: int) -> Carry:
        """The carry before anything."""
        return self.forward.initial(lanes)

    def __call__(self, batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        """Sums of a batch, ``<float32>[4]``, and the carry after it."""
        outputs, carry = self.forward(batch, carry)
        return self._sums(batch.targets, outputs, batch.weights), carry


def apply_model(
    model: Any, features: Any, past: Any, reset: Any, carry: Carry, training: bool
) -> tuple[Any, Carry]:
    """Resets rows, then passes a chunk of features beside past labels through a model."""
    inputs = tf.concat([tf.cast(features, tf.float32), past], -1)
    outputs, after = call_model(model, inputs, reset_rows(carry, reset), training=training)
    return outputs, tuple(tf.cast(state, tf.float32) for state in after)


def forward_step(
    model: Any, config: TrainConfig, task: Task, any_length: bool = False, plain: bool = False
) -> ForwardStep:
    """Inference as a configuration asks for: with true labels as inputs, its own, or none.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        config: of the training.
        task: what the answers are.
        any_length: whether T may differ from batch to batch.
        plain: without XLA.
    """
    if config.inputs == "features" or config.feed == "truth":
        return ForwardStep(model, any_length, plain)
    return FeedbackStep(model, task, config.horizon, any_length, plain)

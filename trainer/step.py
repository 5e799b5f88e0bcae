"""One chunk through the model: the only module that knows how Keras' backend computes gradients.

Everything is compiled once for its fixed B and T. XLA is left out where there is a GPU, so that
recurrent layers find their cuDNN kernel.
"""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.quiet import import_tensorflow
from trainer.acceleration import accelerate, compiled_by_xla
from trainer.batches import ChunkBatch, ChunkBatches
from trainer.carry import Carry, call_model, reset_rows, zero_carry
from trainer.task import Task

tf = import_tensorflow()

Loaded = tuple[Any, ...]  # What ``ChunkBatches`` holds, or a ``ChunkBatch``, in that order.
TINY = 1e-7
# Sums over many steps are kept small while they are gathered, for gradients in half precision.
GATHERED_SHARE = 1.0 / 1024


class TrainStep:
    """Gradients and updates.

    Sums are ``<float32>[4]``: the weighted loss, its weights, the score (``Task.score``) of the
    steps that have a weight, their number. An update is that of the gradient of the weighted loss
    over its weights, summed over all batches that make it.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        optimizer: a Keras optimizer.
        task: what the loss is.
        any_length: whether T may differ from batch to batch; slower.
    """

    def __init__(self, model: Any, optimizer: Any, task: Task, any_length: bool = False):
        self.model, self.optimizer, self.task = model, optimizer, task
        self.variables = model.trainable_variables
        # What a pass in training mode changes besides the carry, such as random generators.
        self.passing = list(model.non_trainable_variables)
        accelerate(model)
        optimizer.build(self.variables)
        self._gathered: list[Any] = []
        self._updates = _compile(self._updates_body, any_length)
        self._gather = _compile(self._gather_body, any_length)
        self._go_back = _compile(self._go_back_body, any_length)
        self._go_on = _compile(self._go_on_body, any_length)
        self._apply = _compile(self._apply_body, any_length)

    @property
    def traces(self) -> dict[str, int]:
        """How often each call was compiled, of those that were."""
        names = ("updates", "gather", "go_back", "go_on", "apply")
        counts = {
            name: getattr(self, f"_{name}").experimental_get_tracing_count() for name in names
        }
        return {name: count for name, count in counts.items() if count}

    def initial(self, lanes: int) -> Carry:
        """The carry before anything."""
        return zero_carry(self.model, lanes)

    def load(self, batches: ChunkBatches) -> Loaded:
        """Brings batches to where they are computed."""
        return tuple(map(tf.convert_to_tensor, _arrays(batches)))

    def updates(
        self,
        loaded: Loaded,
        first: int,
        stop: int,
        carry: Carry,
        rates: NDArray[np.float32] | None = None,
    ) -> tuple[Any, Carry]:
        """Makes one update of each of some batches, none of whose weights are all 0.

        It is the same program, and the same result bit for bit, whether they come in one call or in
        several.

        Args:
            loaded: K batches.
            first: the first that is asked for.
            stop: the one after the last.
            carry: before the first.
            rates: ``<float32>[K]``, the learning rate of each; None leaves it as it is.

        Returns:
            Sums ``<float32>[K, 4]``, 0 for batches not asked for, and the carry. Gradients end at
            each chunk's first step.
        """
        places = np.array(first, "int32"), np.array(stop, "int32")
        sums, carry = self._updates(loaded, *places, carry, rates)
        return sums, carry

    def update(self, batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        """Makes one update of one batch; see ``updates``."""
        *arrays, reset = _arrays(batch)
        sums, carry = self.updates((*arrays, reset[None]), 0, 1, carry)
        return sums[0], carry

    def gather(self, batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        """Adds the gradient of a batch to those that ``apply`` makes an update of."""
        self._make_room()
        sums, carry = self._gather(_arrays(batch), carry)
        return sums, carry

    def go_on(self, batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        """Passes a batch as training does, without a gradient."""
        sums, carry = self._go_on(_arrays(batch), carry)
        return sums, carry

    def go_back(self, batch: ChunkBatch, carry: Carry, gradient: Carry) -> Carry:
        """Adds the gradient of a batch and of all that came after it.

        Args:
            batch: a chunk a lane.
            carry: the carry before it.
            gradient: of the loss of all later batches, by the carry after this one.

        Returns:
            The gradient by the carry before it; 0 where a lane was reset.
        """
        self._make_room()
        before: Carry = self._go_back(_arrays(batch), carry, gradient)
        return before

    def apply(self, rates: NDArray[np.float32] | None = None) -> None:
        """Makes one update of what was gathered, and forgets it.

        Args:
            rates: ``<float32>[1]``, its learning rate; None leaves it as it is.
        """
        self._apply(rates)

    def forget(self) -> None:
        """Forgets what was gathered."""
        for total in self._gathered:
            total.assign(tf.zeros_like(total))

    def _make_room(self) -> None:
        """A sum for the gradient of each variable, and one for the weights of the loss."""
        if not self._gathered:
            zeros = [tf.zeros(variable.shape) for variable in self.variables]
            self._gathered = [tf.Variable(zero) for zero in [*zeros, tf.zeros(())]]

    def _updates_body(self, loaded: Loaded, first: Any, stop: Any, carry: Carry, rates: Any) -> Any:
        room = loaded[-1].shape[0]
        if room == 1:
            sums, carry = self._update(_batch(loaded, 0), carry, rates, 0)
            return sums[None], carry

        def one(k: Any, sums: Any, carry: Carry) -> Any:
            row, carry = self._update(_batch(loaded, k), carry, rates, k)
            return k + 1, tf.tensor_scatter_nd_update(sums, [[k]], row[None]), carry

        begin = (first, tf.zeros((room, 4)), carry)
        _, sums, carry = tf.while_loop(
            lambda k, *_: k < stop, one, begin, maximum_iterations=room, parallel_iterations=1
        )
        return sums, carry

    def _update(self, batch: Any, carry: Carry, rates: Any, k: Any) -> Any:
        self._set_rate(rates, k)
        with tf.GradientTape() as tape:
            sums, carry = self._pass(batch, carry)
            loss = self.optimizer.scale_loss(sums[0] / tf.maximum(sums[1], TINY))
        self.optimizer.apply(self._gradient(tape, loss, self.variables), self.variables)
        return sums, carry

    def _set_rate(self, rates: Any, k: Any) -> None:
        if rates is not None:
            self.optimizer.learning_rate.assign(rates[k])

    def _gather_body(self, batch: Any, carry: Carry) -> Any:
        with tf.GradientTape() as tape:
            sums, carry = self._pass(batch, carry)
            loss = self.optimizer.scale_loss(sums[0] * GATHERED_SHARE)
        self._add(self._gradient(tape, loss, self.variables), sums[1])
        return sums, carry

    def _go_on_body(self, batch: Any, carry: Carry) -> Any:
        return self._pass(batch, carry)

    def _go_back_body(self, batch: Any, carry: Carry, gradient: Carry) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(carry)
            sums, after = self._pass(batch, carry)
            later = [
                tf.reduce_sum(state * slope) for state, slope in zip(after, gradient, strict=True)
            ]
            here = self.optimizer.scale_loss(sums[0] * GATHERED_SHARE)
            loss = here + tf.add_n([tf.zeros(()), *later])
        slopes = self._gradient(tape, loss, [*self.variables, *carry])
        count = len(self.variables)
        self._add(slopes[:count], sums[1])
        return tuple(slopes[count:])

    def _apply_body(self, rates: Any) -> None:
        self._set_rate(rates, 0)
        *totals, weight = self._gathered
        mean = [total / tf.maximum(weight, TINY) for total in totals]
        self.optimizer.apply(mean, self.variables)
        self.forget()

    def _pass(self, batch: Any, carry: Carry) -> tuple[Any, Carry]:
        features, past, targets, weights, reset = batch
        outputs, carry = _apply(self.model, features, past, reset, carry, training=True)
        return _sums(self.task, targets, outputs, weights, training=True), carry

    def _gradient(self, tape: Any, loss: Any, of: Any) -> Any:
        return tape.gradient(loss, of, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    def _add(self, slopes: Any, weight: Any) -> None:
        for total, value in zip(self._gathered, [*slopes, weight * GATHERED_SHARE], strict=True):
            total.assign_add(value)


class ForwardStep:
    """Inference: outputs ``<float32>[B, T, C]`` of a batch, and the carry.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        any_length: whether T may differ from batch to batch; slower.
    """

    def __init__(self, model: Any, any_length: bool = False):
        self.model = model
        accelerate(model)
        self._forward = _compile(self._body, any_length)

    def initial(self, lanes: int) -> Carry:
        """The carry before anything."""
        return zero_carry(self.model, lanes)

    def __call__(self, batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        """Resets rows, then answers."""
        outputs, carry = self._forward(batch.features, batch.past, batch.reset, carry)
        return outputs, carry

    def _body(self, features: Any, past: Any, reset: Any, carry: Carry) -> Any:
        return _apply(self.model, features, past, reset, carry, training=False)


class FeedbackStep(ForwardStep):
    """Inference in which the model's own answers stand for the labels that it takes as inputs.

        step        0     1     2     3           horizon 1: the answer of step t is about t + 1
        past        -     -     a0    a1          what is known of step t - 1
        answer      a0    a1    a2    a3

    The carry has one part more: the answers that later steps will need, as differences from
    nothing known, so that zeros are right after a reset too.
    """

    def __init__(self, model: Any, task: Task, horizon: int, any_length: bool = False):
        super().__init__(model, any_length)
        self.task, self.horizon = task, horizon

    def initial(self, lanes: int) -> Carry:
        waiting = tf.zeros((lanes, self.horizon + 1, self.task.size))
        return (*super().initial(lanes), waiting)

    def _body(self, features: Any, past: Any, reset: Any, carry: Carry) -> Any:
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


def compile_evaluation(task: Task) -> Callable[[ChunkBatch, Any], Any]:
    """Compiles sums as ``TrainStep`` returns them, of the outputs of inference."""

    def sums(targets: Any, outputs: Any, weights: Any) -> Any:
        return _sums(task, targets, outputs, weights, training=False)

    compiled = _compile(sums)
    return lambda batch, outputs: compiled(batch.targets, outputs, batch.weights)


def _arrays(batch: ChunkBatch | ChunkBatches) -> Loaded:
    return batch.features, batch.past, batch.targets, batch.weights, batch.reset


def _batch(loaded: Loaded, k: Any) -> Loaded:
    """Batch ``k`` of K."""
    *arrays, reset = loaded
    room = reset.shape[0]
    if room == 1:
        return (*arrays, reset[0])
    length = arrays[0].shape[1] // room

    def steps(array: Any) -> Any:
        begin = [0, k * length, *[0] * (len(array.shape) - 2)]
        return tf.slice(array, begin, [array.shape[0], length, *array.shape[2:]])

    return (*map(steps, arrays), reset[k])


def _apply(
    model: Any, features: Any, past: Any, reset: Any, carry: Carry, training: bool
) -> tuple[Any, Carry]:
    inputs = tf.concat([tf.cast(features, tf.float32), past], -1)
    outputs, after = call_model(model, inputs, reset_rows(carry, reset), training=training)
    return outputs, tuple(tf.cast(state, tf.float32) for state in after)


def _sums(task: Task, targets: Any, outputs: Any, weights: Any, training: bool) -> Any:
    losses = task.loss(targets, outputs, training)
    counts = tf.cast(weights > 0, tf.float32)
    return tf.stack(
        [
            tf.reduce_sum(losses * weights),
            tf.reduce_sum(weights),
            tf.reduce_sum(task.score(targets, outputs) * counts),
            tf.reduce_sum(counts),
        ]
    )


def _compile(function: Callable[..., Any], any_length: bool = False) -> Callable[..., Any]:
    """Compiles, by XLA where that is right: it needs fixed shapes, and would keep cuDNN out."""
    by_xla = not (any_length or tf.config.list_physical_devices("GPU"))

    def traced(*arguments: Any) -> Any:
        with compiled_by_xla() if by_xla else nullcontext():
            return function(*arguments)

    compiled: Callable[..., Any] = tf.function(
        traced, jit_compile=by_xla, reduce_retracing=any_length
    )
    return compiled

"""Training step by step: the only module that knows how Keras' backend computes gradients."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches.chunk_batch import ChunkBatch, ChunkBatches
from trainer.kernels.accelerate import accelerate
from trainer.kernels.xla import compiled
from trainer.model.carry import Carry, zero_carry
from trainer.step.forward import apply_model
from trainer.step.totals import TINY, sums_of
from trainer.task import Task

tf = import_tensorflow()

Loaded = tuple[Any, ...]  # What ``ChunkBatches`` holds, or a ``ChunkBatch``, in that order.
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
        plain: without XLA.
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        task: Task,
        any_length: bool = False,
        plain: bool = False,
    ):
        self.model, self.optimizer, self.task = model, optimizer, task
        self.variables = model.trainable_variables
        # What a pass in training mode changes besides the carry, such as random generators.
        self.passing = list(model.non_trainable_variables)
        accelerate(model)
        optimizer.build(self.variables)
        self._gathered: list[Any] = []
        self._updates = compiled(self._updates_body, any_length, plain)
        self._gather = compiled(self._gather_body, any_length, plain)
        self._go_back = compiled(self._go_back_body, any_length, plain)
        self._go_on = compiled(self._go_on_body, any_length, plain)
        self._apply = compiled(self._apply_body, any_length, plain)

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
        return self._bring(*arrays_of(batches))

    def _bring(self, *arrays: Any) -> Loaded:
        return tuple(map(tf.convert_to_tensor, arrays))

    def state(self) -> list[Any]:
        """What a pass in training mode changes besides the carry, on the first device."""
        return [variable.numpy() for variable in self.passing]

    def set_state(self, values: list[Any]) -> None:
        """Makes it what ``state`` returned."""
        for variable, value in zip(self.passing, values, strict=True):
            variable.assign(value)
        self.part_devices()

    def part_devices(self) -> None:
        """Lets devices, if there are several, draw different random numbers from now on."""

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
        *arrays, reset = arrays_of(batch)
        sums, carry = self.updates(self._bring(*arrays, reset[None]), 0, 1, carry)
        return sums[0], carry

    def gather(self, batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        """Adds the gradient of a batch to those that ``apply`` makes an update of."""
        self._make_room()
        sums, carry = self._gather(arrays_of(batch), carry)
        return sums, carry

    def go_on(self, batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        """Passes a batch as training does, without a gradient."""
        sums, carry = self._go_on(arrays_of(batch), carry)
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
        before: Carry = self._go_back(arrays_of(batch), carry, gradient)
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
            sums, carry = self._update(batch_of(loaded, 0), carry, rates, 0)
            return sums[None], carry

        def one(k: Any, sums: Any, carry: Carry) -> Any:
            row, carry = self._update(batch_of(loaded, k), carry, rates, k)
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
        weight, *slopes = self._slopes_back(batch, carry, gradient)
        count = len(self.variables)
        self._add(slopes[:count], weight)
        return tuple(slopes[count:])

    def _slopes_back(self, batch: Any, carry: Carry, gradient: Carry) -> Any:
        """The weights of the loss, and the slopes of all variables and of the carry."""
        with tf.GradientTape() as tape:
            tape.watch(carry)
            sums, after = self._pass(batch, carry)
            later = [
                tf.reduce_sum(state * slope) for state, slope in zip(after, gradient, strict=True)
            ]
            here = self.optimizer.scale_loss(sums[0] * GATHERED_SHARE)
            loss = here + tf.add_n([tf.zeros(()), *later])
        return sums[1], *self._gradient(tape, loss, [*self.variables, *carry])

    def _apply_body(self, rates: Any) -> None:
        self._set_rate(rates, 0)
        *totals, weight = self._gathered
        mean = [total / tf.maximum(weight, TINY) for total in totals]
        self.optimizer.apply(mean, self.variables)
        self.forget()

    def _pass(self, batch: Any, carry: Carry) -> tuple[Any, Carry]:
        features, past, targets, weights, reset = batch
        outputs, carry = apply_model(self.model, features, past, reset, carry, training=True)
        return sums_of(self.task, targets, outputs, weights, training=True), carry

    def _gradient(self, tape: Any, loss: Any, of: Any) -> Any:
        return tape.gradient(loss, of, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    def _add(self, slopes: Any, weight: Any) -> None:
        for total, value in zip(self._gathered, [*slopes, weight * GATHERED_SHARE], strict=True):
            total.assign_add(value)


def arrays_of(batch: ChunkBatch | ChunkBatches) -> Loaded:
    """What is computed with."""
    return batch.features, batch.past, batch.targets, batch.weights, batch.reset


def batch_of(loaded: Loaded, k: Any) -> Loaded:
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

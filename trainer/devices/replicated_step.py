"""Steps on several devices: each computes its own lanes, sums and gradients are added up.

    replica 0   lanes 0 .. B-1    ▶chunk◀ ─ gradient ─┐
    replica 1   lanes B .. 2B-1   ▶chunk◀ ─ gradient ─┴─ sum / weights of all ─ update of all copies

So an update is that of one device with all lanes, to rounding, whatever lanes are idle or padded.
XLA compiles what a device does by itself, where it can (see ``Replicas.compiled``); the rest is
TensorFlow's.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches.chunk_batch import ChunkBatch
from trainer.devices.replicas import Replicas
from trainer.kernels.xla import compiled
from trainer.model.carry import Carry
from trainer.step.forward import EvaluationStep, ForwardStep
from trainer.step.totals import TINY, sums_of
from trainer.step.train_step import GATHERED_SHARE, Loaded, TrainStep, arrays_of, batch_of
from trainer.task import Task

tf = import_tensorflow()

GENERATOR = "seed_generator_state"  # How Keras names what its random generators remember.
SEEDS_APART = 1_000_003  # Layers have seeds that follow one another.


class ReplicatedStep(TrainStep):
    """``TrainStep`` on several devices; batches are of the lanes of all.

    Args:
        model: made in the replicas' scope.
        optimizer: likewise.
        task: what the loss is.
        replicas: the devices.
    """

    def __init__(self, model: Any, optimizer: Any, task: Task, replicas: Replicas):
        self.replicas = replicas
        with replicas.scope():
            super().__init__(model, optimizer, task, plain=True)
        generators = [each for each in self.passing if each.path.endswith(GENERATOR)]
        self._seeds = [(each, int(each.numpy()[0])) for each in generators]
        self._part = compiled(lambda: replicas.run(self._part_body), plain=True)
        self.part_devices()
        self._own_slopes = replicas.compiled(self._slopes)
        self._own_pass = replicas.compiled(self._pass)
        self._own_slopes_back = replicas.compiled(self._slopes_back)

    def initial(self, lanes: int) -> Carry:
        return self.replicas.split_all(super().initial(lanes))

    def _bring(self, *arrays: Any) -> Loaded:
        *arrays_of_lanes, reset = arrays
        return (*self.replicas.split_all(arrays_of_lanes), self.replicas.split(reset, axis=1))

    def part_devices(self) -> None:
        """Gives the random generators of each replica a seed of its own; the first keeps its."""
        self._part()

    def _part_body(self) -> None:
        number = tf.distribute.get_replica_context().replica_id_in_sync_group
        for variable, seed in self._seeds:
            state = tf.convert_to_tensor(variable)
            own = tf.cast(seed, state.dtype) + tf.cast(number * SEEDS_APART, state.dtype)
            variable.assign(tf.stack([own, state[1]]))

    def updates(
        self,
        loaded: Loaded,
        first: int,
        stop: int,
        carry: Carry,
        rates: NDArray[np.float32] | None = None,
    ) -> tuple[Any, Carry]:
        sums = np.zeros((stop, 4), "float32")
        for k in range(first, stop):
            places = np.array(k, "int32"), np.array(k + 1, "int32")
            sums[k], carry = self._updates(loaded, *places, carry, rates)
        return sums, carry

    def gather(self, batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        self._make_room()
        sums, carry = self._gather(self.replicas.split_all(arrays_of(batch)), carry)
        return sums, carry

    def go_on(self, batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        sums, carry = self._go_on(self.replicas.split_all(arrays_of(batch)), carry)
        return sums, carry

    def go_back(self, batch: ChunkBatch, carry: Carry, gradient: Carry) -> Carry:
        self._make_room()
        split = self.replicas.split_all(arrays_of(batch))
        before: Carry = self._go_back(split, carry, gradient)
        return before

    def _updates_body(self, loaded: Loaded, first: Any, stop: Any, carry: Carry, rates: Any) -> Any:
        """One update a call."""

        def slopes(loaded: Loaded, carry: Carry) -> Any:
            return self._own_slopes(batch_of(loaded, first), carry)

        (sums, found), carry = self.replicas.add_up(slopes, loaded, carry)
        weight = tf.maximum(sums[1] * GATHERED_SHARE, TINY)
        self._set_rate(rates, first)
        mean = [tf.convert_to_tensor(slope) / weight for slope in found]
        self.optimizer.apply(mean, self.variables)
        return sums, carry

    def _gather_body(self, batch: Any, carry: Carry) -> Any:
        (sums, found), carry = self.replicas.add_up(self._own_slopes, batch, carry)
        self._add(found, sums[1])
        return sums, carry

    def _go_on_body(self, batch: Any, carry: Carry) -> Any:
        return self.replicas.add_up(self._own_pass, batch, carry)

    def _go_back_body(self, batch: Any, carry: Carry, gradient: Carry) -> Any:
        def slopes(batch: Any, carry: Carry, gradient: Carry) -> Any:
            weight, *found = self._own_slopes_back(batch, carry, gradient)
            count = len(self.variables)
            return (weight, found[:count]), tuple(found[count:])

        (weight, found), before = self.replicas.add_up(slopes, batch, carry, gradient)
        self._add(found, weight)
        return before

    def _slopes(self, batch: Any, carry: Carry) -> Any:
        with tf.GradientTape() as tape:
            sums, carry = self._pass(batch, carry)
            loss = self.optimizer.scale_loss(sums[0] * GATHERED_SHARE)
        return (sums, self._gradient(tape, loss, self.variables)), carry


class ReplicatedEvaluationStep(EvaluationStep):
    """``EvaluationStep`` on several devices.

    Args:
        forward: what answers.
        task: what the loss is.
        replicas: the devices.
    """

    def __init__(self, forward: ForwardStep, task: Task, replicas: Replicas):
        super().__init__(forward, task)
        self.task, self.replicas = task, replicas
        self._own_sums = replicas.compiled(self._answer)
        self._evaluate = compiled(self._body, plain=True)

    def initial(self, lanes: int) -> Carry:
        return self.replicas.split_all(super().initial(lanes))

    def __call__(self, batch: ChunkBatch, carry: Carry) -> tuple[Any, Carry]:
        sums, carry = self._evaluate(self.replicas.split_all(arrays_of(batch)), carry)
        return sums, carry

    def _body(self, batch: Any, carry: Carry) -> Any:
        return self.replicas.add_up(self._own_sums, batch, carry)

    def _answer(self, batch: Any, carry: Carry) -> Any:
        features, past, targets, weights, reset = batch
        outputs, carry = self.forward.body(features, past, reset, carry)
        return sums_of(self.task, targets, outputs, weights, training=False), carry

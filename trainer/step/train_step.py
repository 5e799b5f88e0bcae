"""Updates, step by step, on one device or several.

load ─▶ update_many        truncated: each chunk's gradient is an update at once
gather, gather, ─▶ apply   accumulated: gradients of several chunks are one update
forward_only, go_back ─▶ apply   full: chunks in reverse, then one update
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches.chunk_batch import ChunkBatch, ChunkBatches
from trainer.devices.one_device import OneDevice
from trainer.devices.replicas import Devices
from trainer.kernels.accelerate import accelerate
from trainer.model.carry import Carry, Tensor, zero_carry
from trainer.step.batch_tensors import BatchTensors, arrays_of
from trainer.step.gathered import Gathered
from trainer.step.gradients import GATHERED_SHARE, Found, Gradients
from trainer.step.smoothing import smoothing_of
from trainer.step.totals import TINY
from trainer.task import Task

tf = import_tensorflow()


class TrainStep:
    """Gradients and updates, on one device or several.

    Sums are ``<float32>[4]``: the weighted loss, its weights, the score (``Task.score``) of the
    steps that have a weight, their number. An update is that of the gradient of the weighted loss
    over its weights, summed over all batches that make it.

    What ``devices`` adds up is computed on each of them from its own lanes; see ``Gradients``.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``, made in the devices' scope.
        optimizer: a Keras optimizer, likewise.
        task: what the loss is.
        devices: that share each batch; one by default.
        smooth: weight of a loss against flicker; it is no part of the sums.
        more: variables that updates change besides those of the model.

    Attributes:
        variables: that updates change.
        passing: what a pass in training mode changes besides the carry, such as random generators.
        seed_devices_apart: lets devices, if there are several, draw different random numbers from
            now on.
    """

    def __init__(
        self,
        model: Any,
        optimizer: Any,
        task: Task,
        devices: Devices | None = None,
        smooth: float = 0.0,
        more: Sequence[Any] = (),
    ):
        self.devices = devices = devices or OneDevice()
        self.model, self.optimizer = model, optimizer
        self.smoothing = smoothing_of(task, smooth)
        self.gradients = Gradients(model, optimizer, task, self.smoothing)
        self.variables = [*self.gradients.variables, *more]
        self.passing = list(model.non_trainable_variables)
        accelerate(model)
        with devices.scope():
            optimizer.build(self.variables)
        self.seed_devices_apart = devices.seeding(self.passing)
        self.seed_devices_apart()
        self._gathered = Gathered(self.variables)
        self._own_forward = devices.own_program(self.gradients.forward)
        self._own_gradients = devices.own_program(self.gradients.of_share)
        self._own_gradients_back = devices.own_program(self.gradients.of_share_and_later)
        self._programs = {
            "update_many": devices.program(self._update_many),
            "update_one": devices.program(self._update_one),
            "gather": devices.program(self._gather),
            "go_back": devices.program(self._go_back),
            "forward_only": devices.program(self._forward_only),
            "apply": devices.program(self._apply),
        }

    @property
    def traces(self) -> dict[str, int]:
        """The number of times that each method was compiled, of those that were."""
        counts = {
            name: program.experimental_get_tracing_count()  # type: ignore[attr-defined]
            for name, program in self._programs.items()
        }
        return {name: count for name, count in counts.items() if count}

    def initial_carry(self, lanes: int) -> Carry:
        """Returns the carry before anything."""
        last = self.smoothing.zero_carry(lanes) if self.smoothing else ()
        return self.devices.split_all((*zero_carry(self.model, lanes), *last))

    def load(self, batches: ChunkBatches) -> BatchTensors:
        """Brings batches to where they are computed."""
        return self._brought(arrays_of(batches))

    def _brought(self, arrays: BatchTensors) -> BatchTensors:
        """Gives each device its lanes of K batches."""
        split = self.devices.split
        return BatchTensors(
            features=split(arrays.features),
            past=split(arrays.past),
            targets=split(arrays.targets),
            weights=split(arrays.weights),
            reset=split(arrays.reset, axis=1),
        )

    def state(self) -> list[NDArray[Any]]:
        """Returns what a pass in training mode changes besides the carry, on the first device."""
        return [variable.numpy() for variable in self.passing]

    def set_state(self, values: list[NDArray[Any]]) -> None:
        """Makes it what ``state`` returned."""
        for variable, value in zip(self.passing, values, strict=True):
            variable.assign(value)
        self.seed_devices_apart()

    def update_many(
        self,
        loaded: BatchTensors,
        first: int,
        stop: int,
        carry: Carry,
        rates: NDArray[np.float32] | None = None,
    ) -> tuple[Tensor, Carry]:
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
        if not self.devices.replicated:
            places = np.array(first, "int32"), np.array(stop, "int32")
            sums, carry = self._programs["update_many"](loaded, *places, carry, rates)
            return sums, carry
        sums = np.zeros((stop, 4), "float32")
        for number in range(first, stop):
            place = np.array(number, "int32")
            sums[number], carry = self._programs["update_one"](loaded, place, carry, rates)
        return sums, carry

    def update(self, batch: ChunkBatch, carry: Carry) -> tuple[Tensor, Carry]:
        """Makes one update of one batch; see ``update_many``.

        Args:
            batch: a chunk a lane.
            carry: before it.
        """
        arrays = arrays_of(batch)
        loaded = self._brought(arrays._replace(reset=arrays.reset[None]))
        sums, carry = self.update_many(loaded, 0, 1, carry)
        return sums[0], carry

    def gather(self, batch: ChunkBatch, carry: Carry) -> tuple[Tensor, Carry]:
        """Adds the gradient of a batch to those that ``apply`` makes an update of.

        Args:
            batch: a chunk a lane.
            carry: before it.
        """
        self._gathered.prepare()
        sums, carry = self._programs["gather"](self._brought_one(batch), carry)
        return sums, carry

    def forward_only(self, batch: ChunkBatch, carry: Carry) -> tuple[Tensor, Carry]:
        """Passes a batch as training does, without a gradient.

        Args:
            batch: a chunk a lane.
            carry: before it.
        """
        sums, carry = self._programs["forward_only"](self._brought_one(batch), carry)
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
        self._gathered.prepare()
        before: Carry = self._programs["go_back"](self._brought_one(batch), carry, gradient)
        return before

    def apply(self, rates: NDArray[np.float32] | None = None) -> None:
        """Makes one update of what was gathered, and forgets it.

        Args:
            rates: ``<float32>[1]``, its learning rate; None leaves it as it is.
        """
        self._programs["apply"](rates)

    def take_waited(self) -> float:
        """Returns how many seconds it waited for data by itself since it was asked before."""
        return 0.0

    def forget(self) -> None:
        """Forgets what was gathered."""
        self._gathered.forget()

    def _brought_one(self, batch: ChunkBatch) -> BatchTensors:
        """Gives each device its lanes of a batch."""
        return BatchTensors(*self.devices.split_all(arrays_of(batch)))

    def _update_many(
        self, loaded: BatchTensors, first: Tensor, stop: Tensor, carry: Carry, rates: Tensor
    ) -> tuple[Tensor, Carry]:
        count = loaded.reset.shape[0]
        if count == 1:
            sums, carry = self._update_one(loaded, 0, carry, rates)
            return sums[None], carry

        def one(k: Tensor, sums: Tensor, carry: Carry) -> tuple[Tensor, Tensor, Carry]:
            row, carry = self._update_one(loaded, k, carry, rates)
            return k + 1, tf.tensor_scatter_nd_update(sums, [[k]], row[None]), carry

        begin = (first, tf.zeros((count, 4)), carry)
        _, sums, carry = tf.while_loop(
            lambda k, *_: k < stop, one, begin, maximum_iterations=count, parallel_iterations=1
        )
        return sums, carry

    def _update_one(
        self, loaded: BatchTensors, k: Tensor, carry: Carry, rates: Tensor
    ) -> tuple[Tensor, Carry]:
        self._set_rate(rates, k)
        if self.devices.replicated:
            (sums, gradients), carry = self._added_gradients(loaded, k, carry)
        else:
            (sums, gradients), carry = self.gradients.of_mean(loaded.batch(k), carry)
        self.optimizer.apply(gradients, self.variables)
        return sums, carry

    def _added_gradients(self, loaded: BatchTensors, k: Tensor, carry: Carry) -> Found:
        """Returns what ``Gradients.of_mean`` does; no device knows before what all weights are."""

        def own(loaded: BatchTensors, carry: Carry) -> Found:
            found: Found = self._own_gradients(loaded.batch(k), carry)
            return found

        (sums, gradients), carry = self.devices.add_up(own, loaded, carry)
        weight = tf.maximum(sums[1] * GATHERED_SHARE, TINY)
        return (sums, [tf.convert_to_tensor(gradient) / weight for gradient in gradients]), carry

    def _set_rate(self, rates: Tensor, k: Tensor) -> None:
        if rates is not None:
            self.optimizer.learning_rate.assign(rates[k])

    def _gather(self, batch: BatchTensors, carry: Carry) -> tuple[Tensor, Carry]:
        (sums, gradients), carry = self.devices.add_up(self._own_gradients, batch, carry)
        self._gathered.add(gradients, sums[1])
        return sums, carry

    def _forward_only(self, batch: BatchTensors, carry: Carry) -> tuple[Tensor, Carry]:
        return self.devices.add_up(self._own_forward, batch, carry)

    def _go_back(self, batch: BatchTensors, carry: Carry, gradient: Carry) -> Carry:
        (weight, gradients), before = self.devices.add_up(
            self._own_gradients_back, batch, carry, gradient
        )
        self._gathered.add(gradients, weight)
        return tuple(before)

    def _apply(self, rates: Tensor) -> None:
        self._set_rate(rates, 0)
        self.optimizer.apply(self._gathered.mean(), self.variables)
        self._gathered.forget()

"""The devices that share each batch: B lanes on each, with a carry of their own.

    replica 0   lanes 0 .. B-1    ▶chunk◀ ─ gradient ─┐
    replica 1   lanes B .. 2B-1   ▶chunk◀ ─ gradient ─┴─ sum / weights of all ─ update of all copies

So an update is that of one device with all lanes, to rounding, whatever lanes are idle or padded.
Some of the devices may be those of other processes; see ``Processes``.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from preprocessing.terminal.quiet import import_tensorflow
from trainer.devices.one_device import OneDevice
from trainer.kernels.xla import compiled
from trainer.model.carry import Carry, Tensor

tf = import_tensorflow()

GENERATOR = "seed_generator_state"  # How Keras names what its random generators remember.
SEEDS_APART = 1_000_003  # Layers have seeds that follow one another.


class Replicas:
    """Devices under one ``tf.distribute`` strategy; ``OneDevice`` says what the methods are for.

    XLA compiles what a device does by itself, where it can; the rest is TensorFlow's.

    Args:
        strategy: of TensorFlow.

    Attributes:
        count: N, in all processes together.
        own: the numbers of those of this process, one after the other.
        replicated: whether each device has a copy of all variables.
        names: of the devices of this process.
    """

    replicated = True

    def __init__(self, strategy: Any):
        self.strategy = strategy
        self.count: int = strategy.num_replicas_in_sync
        self.names: tuple[str, ...] = strategy.extended.worker_devices
        self.own: list[int] = []

        def remember(context: Any) -> Tensor:
            self.own.append(context.replica_id_in_sync_group)
            return tf.zeros(())

        strategy.experimental_distribute_values_from_function(remember)

    def scope(self) -> AbstractContextManager[Any]:
        """Returns a context in which variables are made that all devices have a copy of."""
        scope: AbstractContextManager[Any] = self.strategy.scope()
        return scope

    def rows_for(self, lanes: int) -> int:
        """Counts the rows of a batch of so many lanes: as many on each device, idle ones behind."""
        return -(-lanes // self.count) * self.count

    def rows_of(self, replica: int, rows: int) -> slice:
        """Returns the rows of a batch that a replica computes.

        Args:
            replica: its number, from 0.
            rows: how many all devices have together.
        """
        each = rows // self.count
        return slice(replica * each, (replica + 1) * each)

    def own_rows(self, rows: int) -> slice:
        """Returns the rows that the devices of this process have, of that many in all."""
        first, last = self.rows_of(self.own[0], rows), self.rows_of(self.own[-1], rows)
        return slice(first.start, last.stop)

    def split(self, array: Any, axis: int = 0) -> Tensor:
        """Gives each device its rows of an array.

        Args:
            array: with a row for each lane of all devices, idle ones included.
            axis: the axis that counts the lanes.
        """

        def own(context: Any) -> Tensor:
            replica = context.replica_id_in_sync_group
            rows = self.rows_of(replica, array.shape[axis])
            place = (*[slice(None)] * axis, rows)
            with tf.device(self.names[self.own.index(replica)]):
                return tf.convert_to_tensor(array[place])

        return self.strategy.experimental_distribute_values_from_function(own)

    def split_all(self, arrays: Iterable[Any]) -> tuple[Tensor, ...]:
        """Gives each device its rows of arrays that begin with the lanes."""
        return tuple(map(self.split, arrays))

    def place(self, carry: Carry) -> Carry:
        """Gives each device its rows of the carry of all lanes, with idle ones behind them."""
        states = [np.asarray(state) for state in carry]
        idle = [self.rows_for(len(state)) - len(state) for state in states]
        return self.split_all(
            np.pad(state, ((0, rows), *[(0, 0)] * (state.ndim - 1)))
            for state, rows in zip(states, idle, strict=True)
        )

    def join(self, carry: Carry, lanes: int) -> Carry:
        """Returns the carry of all lanes in all processes, without idle rows.

        Args:
            carry: rows on each device, ``<float32>[B, ...]`` each.
            lanes: the number of lanes of all devices; rows behind them are idle.
        """
        if len(self.own) == self.count:
            local = (self.strategy.experimental_local_results(state) for state in carry)
            joined = [tf.concat(rows, 0) for rows in local]
        else:
            joined = [self.strategy.gather(state, axis=0) for state in carry]
        return tuple(rows[:lanes] for rows in joined)

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls a function on each device, with what is its own of the arguments."""
        return self.strategy.run(function, args=arguments)

    def one(self, value: Any) -> Any:
        """Returns what the first device of this process has, of what is the same on all."""
        return tf.nest.map_structure(
            lambda part: self.strategy.experimental_local_results(part)[0], value
        )

    def add_up(self, function: Callable[..., Any], *arguments: Any) -> tuple[Any, Any]:
        """Calls a function on each device, and adds up the first of the two that it returns.

        Returns:
            The sum over all devices, and what each returned besides, left on it.
        """

        def each(*own: Any) -> tuple[Any, Any]:
            summed, kept = function(*own)
            return total(summed), kept

        summed, kept = self.run(each, *arguments)
        return self.one(summed), kept

    def seeding(self, variables: Iterable[Any]) -> Callable[[], None]:
        """Returns a call that lets devices draw different random numbers from then on.

        The first device draws those of one device alone.

        Args:
            variables: of a model; those of random generators are among them.
        """
        generators = [each for each in variables if each.path.endswith(GENERATOR)]
        seeds = [int(each.numpy()[0]) for each in generators]

        def seed_one() -> None:
            number = tf.distribute.get_replica_context().replica_id_in_sync_group
            for generator, seed in zip(generators, seeds, strict=True):
                state = tf.convert_to_tensor(generator)
                own = tf.cast(seed, state.dtype) + tf.cast(number * SEEDS_APART, state.dtype)
                generator.assign(tf.stack([own, state[1]]))

        return self.program(lambda: self.run(seed_one))

    def program(self, function: Callable[..., Any], plain: bool = True) -> Callable[..., Any]:
        """Compiles a function that spans all devices, without XLA in any case.

        Args:
            function: of tensors.
            plain: for ``OneDevice``; here it changes nothing.
        """
        return compiled(function, plain=True)

    def own_program(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Compiles what a device does by itself, where XLA can: alone in its process, on a CPU."""
        return compiled(function) if len(self.own) == 1 else function


Devices = OneDevice | Replicas


def total(value: Any) -> Any:
    """Adds up, on each device, what every device has; called by what ``Replicas.run`` runs."""
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, value)

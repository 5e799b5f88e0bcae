"""The devices that share each batch: B lanes on each, with a carry of their own.

    rows of a batch     0 .. B-1     B .. 2B-1     ...            N replicas, N B lanes
    replica             0            1             ...

Some of them may be those of other processes; see ``Processes``.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from preprocessing.terminal.quiet import import_tensorflow
from trainer.kernels.xla import compiled
from trainer.model.carry import Carry

tf = import_tensorflow()


class Replicas:
    """Devices under one ``tf.distribute`` strategy.

    Args:
        strategy: of TensorFlow.

    Attributes:
        count: N, in all processes together.
        own: numbers of those of this process, one after the other.
        devices: their names.
    """

    def __init__(self, strategy: Any):
        self.strategy = strategy
        self.count: int = strategy.num_replicas_in_sync
        self.devices: tuple[str, ...] = strategy.extended.worker_devices
        self.own: list[int] = []

        def remember(context: Any) -> Any:
            self.own.append(context.replica_id_in_sync_group)
            return tf.zeros(())

        strategy.experimental_distribute_values_from_function(remember)

    def scope(self) -> AbstractContextManager[Any]:
        """Where variables are made that all devices have a copy of."""
        scope: AbstractContextManager[Any] = self.strategy.scope()
        return scope

    def room(self, lanes: int) -> int:
        """Rows of a batch with that many lanes: as many on each device."""
        return -(-lanes // self.count) * self.count

    def rows(self, room: int, replica: int) -> slice:
        """The rows of a replica, of that many in all."""
        each = room // self.count
        return slice(replica * each, (replica + 1) * each)

    def own_rows(self, room: int) -> slice:
        """The rows of the devices of this process."""
        first, last = self.rows(room, self.own[0]), self.rows(room, self.own[-1])
        return slice(first.start, last.stop)

    def split(self, array: Any, axis: int = 0) -> Any:
        """Gives each replica its rows of an array; ``axis`` is that of the lanes."""

        def own(context: Any) -> Any:
            replica = context.replica_id_in_sync_group
            rows = self.rows(array.shape[axis], replica)
            place = (*[slice(None)] * axis, rows)
            with tf.device(self.devices[self.own.index(replica)]):
                return tf.convert_to_tensor(array[place])

        return self.strategy.experimental_distribute_values_from_function(own)

    def split_all(self, arrays: Iterable[Any]) -> tuple[Any, ...]:
        """Gives each replica its rows of arrays that begin with the lanes."""
        return tuple(map(self.split, arrays))

    def join(self, carry: Carry) -> Carry:
        """The rows of all replicas, in all processes."""
        if len(self.own) == self.count:
            local = (self.strategy.experimental_local_results(state) for state in carry)
            return tuple(tf.concat(rows, 0) for rows in local)
        return tuple(self.strategy.gather(state, axis=0) for state in carry)

    def place(self, carry: Carry) -> Carry:
        """Gives each replica its rows of the carry of all lanes, with idle ones behind them."""
        states = [np.asarray(state) for state in carry]
        rows = [(0, self.room(len(state)) - len(state)) for state in states]
        return self.split_all(
            np.pad(state, (idle, *[(0, 0)] * (state.ndim - 1)))
            for state, idle in zip(states, rows, strict=True)
        )

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls a function on each device, with what is its own of the arguments."""
        return self.strategy.run(function, args=arguments)

    def one(self, value: Any) -> Any:
        """What the first device of this process has, of something that is the same on all."""
        return tf.nest.map_structure(
            lambda part: self.strategy.experimental_local_results(part)[0], value
        )

    def add_up(self, function: Callable[..., Any], *arguments: Any) -> tuple[Any, Any]:
        """Calls a function on each device, and adds up the first of the two that it returns.

        Returns:
            The sum over all devices, and what each returned besides, left on it.
        """

        def each(*own: Any) -> Any:
            summed, kept = function(*own)
            return total(summed), kept

        summed, kept = self.run(each, *arguments)
        return self.one(summed), kept

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Compiles what a device does by itself, where XLA can: alone in its process, on a CPU."""
        return compiled(function) if len(self.own) == 1 else function


def total(value: Any) -> Any:
    """Adds up, on each device, what every device has; called by what ``Replicas.run`` runs."""
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, value)

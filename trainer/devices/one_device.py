"""One device, which has all lanes: what ``Replicas`` splits, joins and adds up is itself here."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.kernels.xla import compiled
from trainer.model.carry import Carry, Tensor

tf = import_tensorflow()


class OneDevice:
    """One device in one process; the methods say what they do for several.

    Args:
        any_length: whether T may differ from batch to batch. Then XLA, which needs fixed shapes, is
            left out, and each step is slower.

    Attributes:
        count: how many devices there are, in all processes together.
        own: the numbers of those of this process, one after the other.
        replicated: whether each device has a copy of all variables.
    """

    count = 1
    own: Sequence[int] = (0,)
    replicated = False

    def __init__(self, any_length: bool = False):
        self.any_length = any_length

    def scope(self) -> AbstractContextManager[Any]:
        """Returns a context in which variables are made that all devices have a copy of."""
        return nullcontext()

    def rows_for(self, lanes: int) -> int:
        """Counts the rows of a batch of so many lanes: as many on each device, idle ones behind."""
        return lanes

    def own_rows(self, rows: int) -> slice:
        """Returns the rows that the devices of this process have, of that many in all."""
        return slice(rows)

    def split(self, array: Any, axis: int = 0) -> Tensor:
        """Gives each device its rows of an array.

        Args:
            array: with a row for each lane of all devices, idle ones included.
            axis: the axis that counts the lanes.
        """
        return tf.convert_to_tensor(array)

    def split_all(self, arrays: Iterable[Any]) -> tuple[Tensor, ...]:
        """Gives each device its rows of arrays that begin with the lanes."""
        return tuple(map(self.split, arrays))

    def place(self, carry: Carry) -> Carry:
        """Gives each device its rows of the carry of all lanes, with idle ones behind them."""
        return carry

    def join(self, carry: Carry, lanes: int) -> Carry:
        """Returns the carry of all lanes in all processes, without idle rows.

        Args:
            carry: rows on each device, ``<float32>[B, ...]`` each.
            lanes: the number of lanes of all devices; rows behind them are idle.
        """
        return carry

    def add_up(self, function: Callable[..., Any], *arguments: Any) -> tuple[Any, Any]:
        """Calls a function on each device, and adds up the first of the two that it returns.

        Returns:
            The sum over all devices, and what each returned besides, left on it.
        """
        summed, kept = function(*arguments)
        return summed, kept

    def seeding(self, variables: Iterable[Any]) -> Callable[[], None]:
        """Returns a call that lets devices draw different random numbers from then on."""
        return lambda: None

    def program(self, function: Callable[..., Any], plain: bool = False) -> Callable[..., Any]:
        """Compiles a function that spans all devices.

        Args:
            function: of tensors.
            plain: whether XLA is to be left out.
        """
        return compiled(function, self.any_length, plain)

    def own_program(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Compiles what a device does by itself, as a part of a ``program``."""
        return function

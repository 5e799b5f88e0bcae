"""Arrays in files, whatever the format: which axis is time, and blocks of steps along it.

[steps, features]          time first
[features, steps]          time last
[steps, features, 1, 1]    axes of size 1 go, from the last on, until two are left
[1, steps, features]       the same; that the first one went is said, since it may count steps
[steps]                    one feature
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.importing.feature_files.base import (
    Block,
    Selection,
    Table,
    block_steps,
    no_column,
)
from preprocessing.terminal.console import note

MOST_COLUMNS = 1_000_000
# No packing makes numbers this much smaller; an array that says so is mostly not there.
MOST_PACKED = 10_000

Read = Callable[[int, int], NDArray[Any]]


@dataclass(frozen=True)
class Array:
    """An array in a file, not read yet.

    Attributes:
        where: the array's file and name, for messages.
        shape: its shape.
        dtype: its dtype.
        reader: opens the array for reads along an axis: returns a function from ``start, stop`` to
            the part of the array between them on that axis.
        obstacle: why the array cannot be used, or empty.
    """

    where: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    reader: Callable[[int], AbstractContextManager[Read]]
    obstacle: str = ""

    @property
    def is_numeric(self) -> bool:
        """True if the array holds real numbers."""
        return not self.obstacle and self.dtype.kind in "iuf"

    @property
    def wide_axes(self) -> int:
        """The number of axes longer than 1."""
        return sum(size > 1 for size in self.shape)

    def __str__(self) -> str:
        return self.obstacle or f"{self.dtype} {list(self.shape)}"


@dataclass(frozen=True)
class Steps:
    """An array as ``<number>[steps, width]``."""

    array: Array
    axis: int

    @property
    def count(self) -> int:
        """The number of steps."""
        return self.array.shape[self.axis]

    @property
    def width(self) -> int:
        """The number of numbers in a step."""
        return prod(size for axis, size in enumerate(self.array.shape) if axis != self.axis)


def table_of(arrays: Mapping[str, Array], selection: Selection, times: Array | None) -> Table:
    """Makes a table of arrays that lie side by side.

    Args:
        arrays: each with what its columns' numbers are led by.
        selection: the columns to take.
        times: the times of the steps, if they are an array of their own.

    Raises:
        InputError: an array is not numbers [steps, features], lengths differ, or a column lacks.
    """
    parts = [_steps(array, selection.time_last) for array in arrays.values()]
    where, count = parts[0].array.where, parts[0].count
    for other in parts[1:]:
        _require_length(other.array, other.count, count)
    names = [
        f"{lead}{number}"
        for lead, part in zip(arrays, parts, strict=True)
        for number in range(part.width)
    ]
    in_column = selection.time_column is not None and times is None
    if in_column and selection.time_column not in names:
        raise no_column(where, str(selection.time_column), names)
    chosen = selection.choose(where, names)
    blocks = _blocks(
        parts,
        _pick(names, chosen),
        names.index(str(selection.time_column)) if in_column else None,
        _times(times, count) if times else None,
    )
    return Table(where, chosen, blocks, (count, len(names)), in_column or times is not None)


def _steps(array: Array, time_last: bool) -> Steps:
    axes = list(range(len(array.shape)))
    for axis in reversed(axes.copy()):
        if len(axes) > 2 and array.shape[axis] == 1:
            axes.remove(axis)
    if axes and axes[0] != 0 and not array.obstacle and len(axes) < 3:
        note(
            f"{array.where} is {list(array.shape)}: its first axis is left out; if the next one "
            "is of crops, and not of steps, average them first"
        )
    if array.obstacle:
        raise InputError(f"{array.where} is {array.obstacle}")
    if not array.is_numeric or len(axes) not in (1, 2):
        crops = "; average crops first" if array.is_numeric and len(axes) > 2 else ""
        raise InputError(
            f"{array.where} holds {array.dtype} of shape {array.shape}; expected numbers "
            f"[steps, features]{crops}"
        )
    steps = Steps(array, axes[-1] if time_last else axes[0])
    if steps.width > MOST_COLUMNS:
        raise InputError(
            f"{array.where} has {steps.width} numbers in a step; expected fewer than "
            f"{MOST_COLUMNS}. Is time its other axis (--time-axis)?"
        )
    return steps


def unusable(where: str, obstacle: str) -> Array:
    """Returns an array that cannot be used; its reader raises an InputError.

    Args:
        where: the array's file and name, for messages.
        obstacle: why it cannot be used.
    """

    def reader(axis: int) -> AbstractContextManager[Read]:
        raise InputError(f"{where} is {obstacle}")

    return Array(where, (), np.dtype("V"), reader, obstacle)


def unwritten(shape: tuple[int, ...], itemsize: int, stored: int) -> str:
    """Returns why an array was hardly written, so that it would unpack into far more; else empty.

    Args:
        shape: the declared shape.
        itemsize: bytes per number.
        stored: bytes that the array takes in the file.
    """
    if prod(shape) * itemsize <= MOST_PACKED * stored:
        return ""
    return f"said to be {list(shape)}, but was hardly written: it takes {stored} bytes"


def _times(array: Array, count: int) -> Steps:
    """Returns the array of times, which may be a column or a row of its own."""
    if not array.is_numeric or array.wide_axes > 1:
        raise InputError(f"{array.where} is {array}; expected a time for each step")
    axis = max(range(len(array.shape)), key=lambda axis: array.shape[axis], default=0)
    times = Steps(array, axis)
    _require_length(array, times.count if array.shape else 0, count)
    return times


def _require_length(array: Array, length: int, expected: int) -> None:
    if length != expected:
        raise InputError(
            f"{array.where} has {length} steps, what it goes with has {expected}; expected as many"
        )


def _pick(names: list[str], chosen: list[str]) -> Any:
    """Returns an index for the chosen columns; for all of them a slice, which copies nothing."""
    if chosen == names:
        return slice(None)
    numbers = {name: number for number, name in enumerate(names)}
    return [numbers[name] for name in chosen]


def _blocks(
    parts: list[Steps], pick: Any, time_column: int | None, times: Steps | None
) -> Iterator[Block]:
    count = parts[0].count
    size = block_steps(sum(part.width * part.array.dtype.itemsize for part in parts))
    with ExitStack() as opened:
        readers = [opened.enter_context(part.array.reader(part.axis)) for part in parts]
        clock = opened.enter_context(times.array.reader(times.axis)) if times else None
        for start in range(0, count, size):
            stop = min(start + size, count)
            rows = _rows(parts, readers, start, stop)
            seconds = None
            if time_column is not None:
                seconds = rows[:, time_column].astype("float64")
            if clock is not None:
                seconds = clock(start, stop).reshape(-1).astype("float64")
            yield Block(rows[:, pick], range(start, stop), seconds)


def _rows(parts: list[Steps], readers: list[Read], start: int, stop: int) -> NDArray[Any]:
    rows = [
        np.moveaxis(read(start, stop), part.axis, 0).reshape(stop - start, part.width)
        for part, read in zip(parts, readers, strict=True)
    ]
    return rows[0] if len(rows) == 1 else np.hstack(rows)

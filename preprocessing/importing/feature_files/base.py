"""The importer's view of every feature file: named columns, and blocks of steps."""

import difflib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, OptionError, shorten

BLOCK_STEPS = 4096
BLOCK_BYTES = 1 << 21
LISTED = 12
LOOKED_AT = 1000  # Columns among which one is looked for that is spelled alike.


@dataclass(frozen=True)
class Selection:
    """The part of a file that is wanted.

    Attributes:
        columns: names of the feature columns; empty for all that are nothing else.
        label_column: name of the column that holds a class name for each step.
        time_column: name of the column that holds the steps' times, or, in a file of arrays, the
            number of that column or the name of another array.
        dataset: pattern of the names of the wanted arrays, in a file that holds several.
        time_last: True if arrays are [features, steps].
    """

    columns: tuple[str, ...]
    label_column: str | None
    time_column: str | None
    dataset: str | None
    time_last: bool

    def choose(self, where: str, names: Sequence[str]) -> list[str]:
        """Returns the feature columns.

        Args:
            where: the file, for messages.
            names: all columns of the file.

        Raises:
            InputError: a column is missing, or none is left.
        """
        known = set(names)
        for name in self.columns:
            if name not in known:
                raise no_column(where, name, names)
        others = {self.label_column, self.time_column}
        chosen = list(self.columns) or [name for name in names if name not in others]
        if not chosen:
            raise InputError(f"{where} has no feature column")
        return chosen


@dataclass(frozen=True)
class Block:
    """Consecutive steps.

    Attributes:
        features: ``<number>[n, F]``.
        numbers: the numbers of the n steps, or of their lines, for messages.
        times: ``<float64>[n]`` in the file's unit; None if the file has no times.
        labels: a class name for each step, ``''`` for none; empty if the file has no labels.
    """

    features: NDArray[Any]
    numbers: Sequence[int]
    times: NDArray[np.float64] | None = None
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class Table:
    """One sequence in a feature file, read in blocks.

    Attributes:
        where: the file, for messages.
        columns: names of the F feature columns.
        blocks: the steps, which can be read once.
        shape: steps and columns of an array, whose axes could have been mistaken; else None.
        timed: True if the blocks have times.
        row: the word for what ``Block.numbers`` count.
    """

    where: str
    columns: list[str]
    blocks: Iterator[Block]
    shape: tuple[int, int] | None = None
    timed: bool = False
    row: str = "step"


def block_steps(step_bytes: int) -> int:
    """Returns the number of steps to read at once."""
    return min(max(BLOCK_BYTES // max(step_bytes, 1), 1), BLOCK_STEPS)


def listed(names: Sequence[str]) -> str:
    """Returns names for a message: all of a few, the first and the last of many."""
    if len(names) <= LISTED:
        return ", ".join(map(shorten, names))
    return f"{', '.join(map(shorten, names[:3]))}, ... {shorten(names[-1])} ({len(names)} in all)"


def no_column(where: str, name: str, names: Sequence[str]) -> OptionError:
    """Returns the error that a column is not in a file, with the name that was probably meant.

    Args:
        where: the file.
        name: the missing column.
        names: the file's columns.
    """
    alike = {other.strip().casefold(): other for other in names}
    near = difflib.get_close_matches(name.strip().casefold(), list(alike)[:LOOKED_AT], 1)
    meant = f" (did you mean {shorten(alike[near[0]])}?)" if near else ""
    return OptionError(
        f"{where} has no column {shorten(name)!r}{meant}; its columns are {listed(names)}"
    )


@contextmanager
def refusing(where: str, *kinds: type[Exception]) -> Iterator[None]:
    """Turns errors of a library that cannot read a file into one line that names the file.

    Args:
        where: the file.
        *kinds: the library's exceptions.

    Raises:
        InputError: the block raised one of them.
    """
    try:
        yield
    except InputError:
        raise
    except kinds as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{where} cannot be read: {reason}") from None

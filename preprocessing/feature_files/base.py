"""What every feature file is to the importer: named columns, and blocks of steps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from preprocessing.errors import InputError

BLOCK_STEPS = 4096


@dataclass(frozen=True)
class Selection:
    """What of a file is wanted.

    Attributes:
        columns: names of the feature columns; empty for all that are nothing else.
        label_column: name of the column that holds a class name for each step.
    """

    columns: tuple[str, ...]
    label_column: str | None

    def choose(self, path: Path, names: Sequence[str]) -> list[str]:
        """The feature columns among ``names``, all columns of a file.

        Raises:
            InputError: a column is not there, or none is left.
        """
        if unknown := [name for name in self.columns if name not in names]:
            raise InputError(
                f"{path} has no column {unknown[0]!r}; its columns are {', '.join(names)}"
            )
        chosen = list(self.columns) or [name for name in names if name != self.label_column]
        if not chosen:
            raise InputError(f"{path} has no feature column")
        return chosen


@dataclass(frozen=True)
class Block:
    """Consecutive steps.

    Attributes:
        features: ``<number>[n, F]``.
        labels: a class name for each step, ``''`` for none; empty if the file has no labels.
    """

    features: NDArray[Any]
    labels: Sequence[str] = ()


@dataclass(frozen=True)
class Table:
    """One feature file, read in blocks.

    Attributes:
        path: for messages.
        columns: names of the F feature columns.
        blocks: the steps, once.
    """

    path: Path
    columns: list[str]
    blocks: Iterator[Block]

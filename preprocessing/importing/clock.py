"""The times of the steps of imported features: at a fixed rate, or read from the file."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.importing.feature_files import Block, Table

PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "min": 1 / 60}


@dataclass(frozen=True)
class Clock:
    """The source of the steps' times.

    Attributes:
        fps: steps per second of files that have no times.
        unit: unit of the times in files that have them: ``s``, ``ms``, ``us`` or ``min``.
    """

    fps: float | None
    unit: str

    def tell(self, table: Table) -> Iterator[tuple[NDArray[np.float64], Block]]:
        """Yields a table's blocks, each with the times of its n steps, ``<float64>[n]`` seconds.

        Raises:
            InputError: times do not increase.
        """
        steps, before = 0, (-np.inf, 0)
        for block in table.blocks:
            if block.times is None:
                yield (steps + np.arange(len(block.features))) / self._fps(table), block
            else:
                seconds = block.times / PER_SECOND[self.unit]
                _require_increase(table, block, seconds, before)
                yield seconds, block
                before = seconds[-1], block.numbers[-1]
            steps += len(block.features)

    def rate(self, table: Table) -> str:
        """Returns the steps per second, or ``native`` for a table with times.

        Raises:
            InputError: the table has no times, and no rate was given.
        """
        return "native" if table.timed else str(self._fps(table))

    def step_seconds(self, table: Table) -> float:
        """Returns how long a step lasts in seconds; 0 if only the times tell."""
        return 0.0 if table.timed else 1 / self._fps(table)

    def _fps(self, table: Table) -> float:
        if self.fps is None:
            raise InputError(f"{table.where} has no times; say with --fps how many steps a second")
        return float(self.fps)


def _require_increase(
    table: Table, block: Block, seconds: NDArray[np.float64], before: tuple[float, int]
) -> None:
    """Checks that times increase, and names the first that does not."""
    previous = np.concatenate([[before[0]], seconds[:-1]])
    wrong = ~(np.isfinite(seconds) & (seconds > previous))
    if not wrong.any():
        return
    step = int(wrong.argmax())
    numbers = [before[1], *block.numbers]
    said = f"{table.where} {table.row} {numbers[step + 1]}: the time {seconds[step]:.15g} s"
    if not np.isfinite(seconds[step]):
        raise InputError(f"{said} is not finite; mend the file")
    raise InputError(
        f"{said} does not come after {previous[step]:.15g} s of {table.row} {numbers[step]}; times "
        "must increase, mend the file"
    )

"""Signs that an imported table is probably a mistake, though it can be read."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import counted, shorten

# In fewer rows a feature may rise by chance.
FEWEST_ROWS = 10
SPARSE_SECONDS = 5.0
MOST_NAMED = 3


class Rises:
    """Finds the columns of a table that are larger in each row than in the one before."""

    def __init__(self) -> None:
        self._rising: NDArray[np.bool_] | None = None
        self._last: NDArray[Any] | None = None
        self._rows = 0

    def add(self, block: NDArray[Any]) -> None:
        """Takes in ``<number>[n, F]``."""
        rows = block if self._last is None else np.concatenate([self._last, block])
        rising = np.all(rows[1:] > rows[:-1], axis=0)
        self._rising = rising if self._rising is None else self._rising & rising
        self._last, self._rows = block[-1:], self._rows + len(block)

    def named(self, columns: Sequence[str]) -> frozenset[str]:
        """Names of those columns; none of a table that is too short to tell."""
        if self._rising is None or self._rows < FEWEST_ROWS:
            return frozenset()
        return frozenset(name for name, rises in zip(columns, self._rising, strict=True) if rises)


class Suspicions:
    """Gathers over tables what would be no chance in all of them."""

    def __init__(self) -> None:
        self._tables = 0
        self._rising: frozenset[str] = frozenset()
        self._seconds: list[float] = []

    def add(self, rising: frozenset[str], step_seconds: float) -> None:
        """Takes in a table.

        Args:
            rising: its columns that rise in every row.
            step_seconds: median time between steps that the table itself has; 0 if it has none.
        """
        self._rising = self._rising & rising if self._tables else rising
        self._tables += 1
        if step_seconds:
            self._seconds.append(step_seconds)

    def notes(self, timed: bool, unit: str | None) -> Iterator[str]:
        """Says what to do about them.

        Args:
            timed: whether a column of times was named.
            unit: that was given for them, if one was.
        """
        for name in map(shorten, sorted(self._rising)[:MOST_NAMED]):
            time = "" if timed else f"is it the time? give --time-column {name}, or "
            yield (
                f"column {name!r} rises in every row of {counted(self._tables, 'file')}; as a "
                f"feature it tells when, not what: {time}leave it out with --columns"
            )
        median = float(np.median(self._seconds)) if self._seconds else 0.0
        if timed and unit is None and median > SPARSE_SECONDS:
            small = "ms" if median < 1e3 * SPARSE_SECONDS else "us"
            asked = f"are the times in {small}? give --time-unit {small}"
            yield f"steps are {median:g} s apart; {asked}"

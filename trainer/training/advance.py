"""A training moved on by some updates: their sums, the carry, how much of the plan is done."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from trainer.model.carry import Carry
from trainer.step.totals import Totals

# Called with a number of updates before they begin; gives the learning rate of each, or None to
# leave it as it is.
Begin = Callable[[int], "NDArray[np.float32] | None"]
Item = TypeVar("Item")


@dataclass
class Advance:
    """Some updates, or a pass that needed none, after which training can pause.

    Attributes:
        totals: of each update.
        items: how many lineups, or groups of sequences, they took from the plan.
        carry: after them; none between groups.
    """

    totals: list[Totals]
    items: int
    carry: Carry = ()


def timed(items: Iterable[Item]) -> Iterator[tuple[Item, float]]:
    """Yields items, and the seconds that each was waited for."""
    begun = time.perf_counter()
    for item in items:
        yield item, time.perf_counter() - begun
        begun = time.perf_counter()

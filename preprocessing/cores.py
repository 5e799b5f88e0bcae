"""The processor cores that a process may use."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = "TF_NUM_INTRAOP_THREADS"


def share_of_cores() -> int:
    """Returns the number of threads that this process may use for a backbone."""
    import joblib

    return int(os.environ.get(THREADS) or joblib.cpu_count())


def on_all_cores(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Calls a function of each item, in threads; it must let go of Python's lock to gain by that.

    Args:
        function: of an item.
        items: the items.

    Returns:
        Its results, in the order of the items.
    """
    if len(items) <= 1:
        return list(map(function, items))
    return list(_threads().map(function, items))


@lru_cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(share_of_cores(), "on_all_cores")

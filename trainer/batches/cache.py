"""Decides whether features stay in memory once they are read."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from preprocessing.errors import InputError
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.console import note

SMALL_BYTES = 16 << 20
MEMORY = Path("/proc/meminfo")
LIMITS = Path("/sys/fs/cgroup")


def stays_in_memory(cache: str, infos: Iterable[SequenceInfo]) -> bool:
    """Decides what ``--cache`` comes to.

    Args:
        cache: ``auto``, ``none`` or ``memory``.
        infos: the sequences that will be read again and again.

    Raises:
        InputError: they were to stay in memory, and there is too little of it.
    """
    size = sum(i.steps * i.dimension * np.dtype(i.dtype).itemsize for i in infos)
    if cache != "memory":
        return cache == "auto" and size <= SMALL_BYTES
    free = free_bytes()
    if free is not None and size > free:
        raise InputError(
            f"--cache memory: the features take {size / 1e9:.1f} GB and {free / 1e9:.1f} GB of "
            "memory are free; give --cache none"
        )
    note(f"features stay in memory once they are read: {size / 1e6:,.0f} MB")
    return True


def free_bytes() -> int | None:
    """Returns the memory that is free, in a container of what it may take; None if unknown."""
    known = [free for free in (_machine_free(), _container_free()) if free is not None]
    return min(known, default=None)


def _machine_free() -> int | None:
    try:
        _, _, rest = MEMORY.read_text().partition("MemAvailable:")
        return int(rest.split()[0]) << 10
    except (OSError, ValueError, IndexError):
        return None


def _container_free() -> int | None:
    try:
        limit, used = ((LIMITS / f"memory.{name}").read_text() for name in ("max", "current"))
        return max(0, int(limit) - int(used))
    except (OSError, ValueError):
        return None

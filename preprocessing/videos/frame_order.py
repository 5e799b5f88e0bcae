"""Frames in the order of their times, where a decoder gives one of them too soon.

as decoded      0.00  0.067  0.033  0.10
in order        0.00  0.033  0.067  0.10
"""

import math
from collections.abc import Iterable, Iterator
from typing import TypeVar

MOST_EARLY = 1.0  # Seconds by which a frame may come before one that is shown earlier.

Shown = TypeVar("Shown")


def in_order(
    frames: Iterable[tuple[float | None, float, Shown]], as_given: bool
) -> Iterator[tuple[tuple[float | None, float, Shown], float | None]]:
    """Puts a frame that comes one too late before the one that came too early.

    A decoder learns only from the first pictures how many it must hold back to give them in order.

    Args:
        frames: (time, seconds, frame); the time is None if the file does not say.
        as_given: leaves their order as it is.

    Yields:
        Each, with the time of the one that came after it.
    """
    latest = -math.inf
    held: tuple[float | None, float, Shown] | None = None
    for frame in frames:
        if held is not None:
            if not as_given and _is_late(frame[0], held[0], latest):
                held, frame = frame, held
            yield held, frame[0]
            latest = latest if held[0] is None else held[0]
        held = frame
    if held is not None:
        yield held, None


def _is_late(time: float | None, before: float | None, latest: float) -> bool:
    if time is None or before is None:
        return False
    return latest <= time < before < time + MOST_EARLY

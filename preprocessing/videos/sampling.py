"""Sampling: the frame that is shown at each instant of an even rate."""

import math
from collections.abc import Iterable, Iterator
from typing import TypeVar

from preprocessing.videos.timeline import (
    held_until,
)

INSTANT_TOLERANCE = 1e-6


Shown = TypeVar("Shown")


def sample(
    frames: Iterable[tuple[float, float, Shown]], fps: float | None, end: float = 0.0
) -> Iterator[tuple[float, Shown]]:
    """Picks the frame shown at each instant, ``fps`` of them a second from the first frame on.

    A frame that is on screen for several instants is picked for each: the first time with its
    own presentation time, then with the instant's, so that the times of what is picked always
    increase.

    Args:
        frames: (shown from, shown until, frame) in seconds, in time order; the second number
            counts only for the last frame.
        fps: instants per second; None picks every frame once.
        end: when the video ends by its header; a frame that is shown for longer than that, than
            it says itself and than ``LONGEST_HOLD``, is not picked for the rest of the gap.

    Yields:
        (timestamp in seconds, frame).
    """
    if fps is None:
        yield from ((begin, frame) for begin, _, frame in frames)
        return
    instant = _Instants(fps)
    shown: tuple[float, float, Shown] | None = None
    for frame in frames:
        if shown is None:
            instant.origin = frame[0]
        else:
            yield from instant.until(min(frame[0], held_until(shown[0], shown[1], end)), shown)
            instant.go_on_at(frame[0])
        shown = frame
    if shown is not None:
        yield from instant.until(shown[1], shown)


class _Instants:
    """Counts instants ``origin + k / fps``."""

    def __init__(self, fps: float):
        self.fps = fps
        self.origin = 0.0
        self.count = 0

    def go_on_at(self, time: float) -> None:
        """Skips instants before ``time``, for which nothing was picked."""
        self.count = max(self.count, math.ceil((time - self.origin - INSTANT_TOLERANCE) * self.fps))

    def until(self, end: float, shown: tuple[float, float, Shown]) -> Iterator[tuple[float, Shown]]:
        begin, _, frame = shown
        first = True
        while (now := self.origin + self.count / self.fps) < end - INSTANT_TOLERANCE:
            self.count += 1
            yield (begin if first else now), frame
            first = False

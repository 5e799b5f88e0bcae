"""Views of a video: the picture of each step, or the clip that ends there, for each backbone.

A frame that clips hold is resized once, when it comes, and all clips that it is in share it:

    frames    0  1  2  3  4  5  6  7  8                  (4 frames, stride 2; steps at 4, 6 and 8)
    kept            2  3  4  5  6  7  8                  as many as a clip spans
    clips     (0, 0, 2, 4), (0, 2, 4, 6), (2, 4, 6, 8)   7 pictures of 9 frames
"""

from collections import deque
from collections.abc import Sequence
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from preprocessing.videos.clip import Clip

Picture = NDArray[np.uint8]


class Views:
    """Frames of one video, in time order, as each of several backbones sees them.

    Args:
        sizes: for each backbone (height, width) of its pictures; their aspect is ignored.
        clips: for each backbone its clips, or None where it sees single frames; nobody sees clips
            if there are none at all.
    """

    def __init__(self, sizes: Sequence[tuple[int, int]], clips: Sequence[Clip | None] = ()):
        self._sizes, self._clips = tuple(sizes), tuple(clips) or (None,) * len(sizes)
        spans: dict[tuple[int, int], int] = {}
        for size, clip in zip(self._sizes, self._clips, strict=True):
            if clip:
                spans[size] = max(clip.span, spans.get(size, 0))
        self._kept = {size: deque[Picture](maxlen=span) for size, span in spans.items()}

    @property
    def needs_all(self) -> bool:
        """True if frames count between those that are sampled."""
        return bool(self._kept)

    def see(self, frame: av.VideoFrame) -> "View":
        """Takes the next frame.

        Args:
            frame: the decoded frame, one after the other without a gap.
        """
        for size, kept in self._kept.items():
            kept.append(resized(frame, size))
        clips = [
            clip and _clip(self._kept[size], clip)
            for size, clip in zip(self._sizes, self._clips, strict=True)
        ]
        return View(frame, self._sizes, clips)


class View:
    """One frame as each backbone sees it.

    Args:
        frame: the decoded frame.
        sizes: (height, width) for each backbone.
        clips: for each backbone its clip, or None where it sees the frame alone.
    """

    def __init__(
        self,
        frame: av.VideoFrame,
        sizes: Sequence[tuple[int, int]],
        clips: Sequence[tuple[Picture, ...] | None],
    ):
        self._frame, self._sizes, self._clips = frame, sizes, clips

    def pixels(self) -> tuple[Any, ...]:
        """Returns for each backbone ``<uint8>[H, W, 3]``, RGB, or T of them, the oldest first."""
        return tuple(
            resized(self._frame, size) if clip is None else clip
            for size, clip in zip(self._sizes, self._clips, strict=True)
        )


def _clip(kept: deque[Picture], clip: Clip) -> tuple[Picture, ...]:
    """Returns the pictures of the clip that ends with the last one; the first stands in."""
    last = len(kept) - 1
    places = range(last - clip.span + 1, last + 1, clip.stride)
    return tuple(kept[max(0, place)] for place in places)


def resized(frame: av.VideoFrame, size: tuple[int, int]) -> Picture:
    """Returns the pixels of a frame, upright: ``<uint8>[H, W, 3]``, RGB.

    Args:
        frame: the decoded frame.
        size: (height, width) of the result.
    """
    height, width = size
    turns = round(frame.rotation / 90) % 4
    if turns % 2:
        height, width = width, height
    pixels = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
    return np.ascontiguousarray(np.rot90(pixels, turns))

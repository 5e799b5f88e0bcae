"""Clips: for networks that see motion, the frames up to and with a step's own.

frames of the video   0  1  2  3  4  5  6  7  8  9 10 11 12
clip of frame 12                        6     8    10    12      (4 frames, stride 2)
clip of frame 4       0     0     2     4                        the first stands for those before
"""

from typing import NamedTuple


class Clip(NamedTuple):
    """The frames that a network sees of each step.

    Attributes:
        length: T, the number of frames.
        stride: the number of frames of the video from each of them to the next.
    """

    length: int
    stride: int = 1

    @property
    def span(self) -> int:
        """The number of frames of the video from the first to the last, with both."""
        return (self.length - 1) * self.stride + 1


class AskedClip(NamedTuple):
    """The clips that a user asks for; see ``Clip``.

    Attributes:
        length: T; None leaves it to the network.
        stride: as in ``Clip``.
    """

    length: int | None = None
    stride: int = 1


NOT_ASKED = AskedClip()

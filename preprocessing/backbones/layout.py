"""The order of the axes in which a network takes frames, or clips of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones.base import ANY_SIZE, require_reasonable, require_room
from preprocessing.errors import InputError
from preprocessing.videos.clip import AskedClip, Clip

# Where red, green and blue may lie, by the number of axes.
CHANNELS = {4: (1, 3), 5: (1, 2, 4)}
CLIPS = "[N, T, H, W, 3], [N, 3, T, H, W] or [N, T, 3, H, W]"


class Layout(NamedTuple):
    """The axes of a network's input.

    Attributes:
        channels: the axis of red, green and blue.
        axes: the number of axes: 4 of pictures, 5 of clips.
        batch: N where it is fixed, else None.
        length: T where the network takes clips and it is fixed, else None.
        size: (height, width); ``ANY_SIZE`` where it is open.
    """

    channels: int
    axes: int
    batch: int | None
    length: int | None
    size: tuple[int, int]

    @property
    def order(self) -> tuple[int, ...]:
        """The axes of ``[N, T, H, W, 3]`` or ``[N, H, W, 3]`` in the order of the network."""
        first = list(range(self.axes - 1))
        first.insert(self.channels, self.axes - 1)
        return tuple(first)

    @property
    def places(self) -> tuple[int, ...]:
        """The axes over which a map of features is averaged: all but N and F."""
        return tuple(axis for axis in range(1, self.axes) if axis != self.channels)

    def laid_out(self, frames: NDArray[np.generic]) -> NDArray[np.generic]:
        """Returns frames, which have their colours last, in the order of the network."""
        return np.ascontiguousarray(frames.transpose(self.order))

    def clip(self, where: object, asked: AskedClip) -> Clip | None:
        """Returns the clips that the network sees; None if it takes pictures.

        Args:
            where: the network's file, for the message.
            asked: what the user says of them.

        Raises:
            InputError: the file and the user disagree, or neither says how long they are, or they
                do not fit in memory.
        """
        if self.axes == 4:
            require_reasonable(where, self.size, self.batch or 1)
            return None
        if self.length and asked.length not in (None, self.length):
            raise InputError(
                f"{where} takes clips of {self.length} frames, --clip {asked.length} asks for "
                "others; leave --clip out"
            )
        length = self.length or asked.length
        if length is None:
            raise InputError(
                f"{where} takes clips of any length; say how many frames with --clip, such as "
                "--clip 16"
            )
        clip = Clip(length, asked.stride)
        require_reasonable(where, self.size, (self.batch or 1) * length)
        require_room(where, self.size, clip)
        return clip


def layout_of(shape: Sequence[int | None]) -> Layout | None:
    """Reads the layout off the shape of a network's input.

    Args:
        shape: the length of each axis; None where it is open.

    Returns:
        The layout; None if it is not one of pictures or clips, or may be read in two ways.
    """
    places = CHANNELS.get(len(shape), ())
    coloured = [axis for axis in places if shape[axis] == 3]
    if len(coloured) != 1:
        return None
    rest = [length for axis, length in enumerate(shape) if axis not in (0, coloured[0])]
    length = rest.pop(0) if len(rest) == 3 else None
    size = rest[0] or ANY_SIZE, rest[1] or ANY_SIZE
    return Layout(coloured[0], len(shape), shape[0], length, size)


def told(size: tuple[int, int], clip: Clip | None) -> str:
    """Returns in words what a network takes.

    Args:
        size: (height, width) of the frames in pixels.
        clip: the clips that it sees; None if it sees single frames.
    """
    clips = f"clips of {clip.length} " if clip else ""
    return f"{clips}frames of {size[0]} x {size[1]}"

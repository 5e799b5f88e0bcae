"""The frames themselves, kept as JPEG for a network that is trained on them."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones.base import Backbone, require_reasonable
from preprocessing.errors import InputError
from preprocessing.files.jpeg_header import COLOURS

PREFIX = "frames"
SMALLEST = 16
QUALITY = 90


class KeptFrames(Backbone):
    """Stands where a backbone stands, and makes of each frame its JPEG.

    Args:
        name: ``frames:SIZE``, of square frames of so many pixels, or ``frames:HEIGHTxWIDTH``.
        quality: of JPEG, 1 to 100.

    Raises:
        InputError: the name says no size that frames can have.
    """

    encodes = True

    def __init__(self, name: str, quality: int = QUALITY):
        self.name, self.quality = name, quality
        self.size = _size(name)
        self.dimension = self.size[0] * self.size[1] * COLOURS
        self.settings: Mapping[str, Any] = {"color": "rgb", "resize": "area", "quality": quality}

    def __call__(self, frames: NDArray[np.uint8]) -> NDArray[Any]:
        """Returns the JPEG of each frame, ``<object>[N, 1]`` of bytes."""
        # Names of options need none of its libraries.
        from preprocessing.files.jpeg import encoded

        contents = np.empty((len(frames), 1), object)
        contents[:, 0] = [encoded(frame, self.quality) for frame in frames]
        return contents


def keeps_frames(name: str) -> bool:
    """Returns True if the name of a backbone asks for the frames themselves."""
    return name.lower().partition(":")[0] == PREFIX


def _size(name: str) -> tuple[int, int]:
    found = re.fullmatch(rf"{PREFIX}:([0-9]{{1,5}})(?:x([0-9]{{1,5}}))?", name.lower())
    size = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if min(size) < SMALLEST:
        raise InputError(
            f"--backbone {name}: expected the size at which frames are kept, of {SMALLEST} pixels "
            f"or more, such as {PREFIX}:224, or {PREFIX}:HEIGHTxWIDTH"
        )
    require_reasonable(name, size)
    return size

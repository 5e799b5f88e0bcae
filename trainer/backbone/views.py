"""Views: how the frames of a sequence are shown in an epoch of training, so that none is learnt.

crop     a part of the frame, of at least 70 % of its sides, at its full size
mirror   left and right exchanged, of every other sequence
colour   brightness, contrast and saturation up to a fifth more or less

A view is drawn for a sequence and an epoch, and is the same for all of its frames: what moves in a
video is what moved, and not the view.
"""

import zlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.config import Augmentation

SMALLEST_SIDE = 0.7
MOST_CHANGE = 0.2
# Of red, green and blue in brightness; ITU-R BT.601.
BRIGHTNESS = np.array([0.299, 0.587, 0.114])
GREY = 128.0


@dataclass(frozen=True)
class View:
    """One way to show frames; by default as they are.

    Attributes:
        box: top, left, height and width of the part that is shown, as shares of the frame.
        mirrored: whether left and right are exchanged.
        brightness, contrast, saturation: factors.
    """

    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    mirrored: bool = False
    brightness: float = 1.0
    contrast: float = 1.0
    saturation: float = 1.0

    def __call__(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Returns how a frame is shown, ``<uint8>[H, W, 3]``.

        Args:
            frame: ``<uint8>[H, W, 3]``, RGB.
        """
        height, width = frame.shape[:2]
        if self.box != View.box:
            top, left, tall, wide = (
                round(share * side)
                for share, side in zip(self.box, (height, width) * 2, strict=True)
            )
            part = frame[top : top + max(1, tall), left : left + max(1, wide)]
            frame = cast("NDArray[np.uint8]", cv2.resize(part, (width, height)))
        if self.mirrored:
            frame = cast("NDArray[np.uint8]", cv2.flip(frame, 1))
        if (self.brightness, self.contrast, self.saturation) != (1.0, 1.0, 1.0):
            frame = cast("NDArray[np.uint8]", cv2.transform(frame, self._colours()))
        return frame

    def _colours(self) -> NDArray[np.float64]:
        """Returns the affine map of a pixel, ``<float64>[3, 4]``: saturation, contrast, light."""
        grey = np.tile(BRIGHTNESS, (3, 1))
        mixed = self.saturation * np.eye(3) + (1 - self.saturation) * grey
        shift = np.full((3, 1), GREY * (1 - self.contrast))
        return self.brightness * np.hstack([self.contrast * mixed, shift])


def draw_view(kinds: Collection[Augmentation], seed: int, epoch: int, sequence_id: str) -> View:
    """Draws the view of a sequence in an epoch, the same whenever and wherever it is asked for.

    Args:
        kinds: what may differ from the frames as they are.
        seed: of the training.
        epoch: from 0.
        sequence_id: of the sequence.
    """
    chance = np.random.default_rng([seed, epoch, zlib.crc32(sequence_id.encode())])
    # All are drawn, so that one does not depend on which others are asked for.
    side, top, left, turn = chance.random(4).tolist()
    light = (1 + MOST_CHANGE * chance.uniform(-1, 1, 3)).tolist()
    length = SMALLEST_SIDE + (1 - SMALLEST_SIDE) * side
    box = ((1 - length) * top, (1 - length) * left, length, length)
    colours = light if "colour" in kinds else [1.0] * 3
    return View(box if "crop" in kinds else View.box, "mirror" in kinds and turn < 0.5, *colours)

"""The scale of the pixels that a user's own network takes, since its file does not say."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

PixelScale = Literal["0-255", "0-1", "-1-1", "imagenet"]
AS_THEY_ARE: PixelScale = "0-255"
SCALES: tuple[PixelScale, ...] = get_args(PixelScale)
# Of ImageNet's training pictures, red, green and blue in 0 to 1; what torchvision's models expect.
MEAN = np.array([0.485, 0.456, 0.406])
DEVIATION = np.array([0.229, 0.224, 0.225])


def affine(scale: PixelScale) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns a factor and an offset for pixels in 0 to 255: ``<float32>[3]`` each."""
    factor, offset = {
        "0-255": (np.ones(3), np.zeros(3)),
        "0-1": (np.full(3, 1 / 255), np.zeros(3)),
        "-1-1": (np.full(3, 2 / 255), np.full(3, -1.0)),
        "imagenet": (1 / (255 * DEVIATION), -MEAN / DEVIATION),
    }[scale]
    return factor.astype("float32"), offset.astype("float32")

"""Descriptors of single frames, made by OpenCV and NumPy: nothing learned, nothing downloaded.

Each frame is worked on by itself, so that its features are the same in any batch.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones.base import Backbone

EPSILON = 1e-6
CLIP = 0.2

Image = NDArray[np.uint8]
Features = NDArray[np.float32]


class Descriptor(Backbone):
    """Computes the features of one frame at a time."""

    settings: Mapping[str, Any] = {"color": "rgb", "resize": "area"}

    def __call__(self, frames: Image) -> Features:
        return np.stack([self.describe(frame) for frame in frames])

    @abstractmethod
    def describe(self, image: Image) -> Features:
        """Computes ``<float32>[F]`` of ``<uint8>[H, W, 3]``."""


class Pixels(Descriptor):
    """A small picture itself: red, green and blue in 0 to 1, row by row."""

    name = "pixels"
    digest = "1"
    size = (32, 32)
    dimension = 32 * 32 * 3

    def describe(self, image: Image) -> Features:
        scaled: Features = image.reshape(-1) / np.float32(255)
        return scaled


class Histogram(Descriptor):
    """Histograms of the colours in each quarter of the picture.

    Hue, saturation and value are counted together, in 8 × 4 × 4 colours; the shares of a quarter
    add up to 1. Quarters from left to right and from top to bottom.
    """

    name = "histogram"
    digest = "1"
    size = (96, 96)
    bins = (8, 4, 4)
    dimension = 4 * 8 * 4 * 4

    def describe(self, image: Image) -> Features:
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
        # OpenCV's hue of a byte picture goes up to 180, so that it fits into a byte.
        hue, saturation, value = (
            hsv[..., channel].astype(np.intp) * bins // span
            for channel, (bins, span) in enumerate(zip(self.bins, (180, 256, 256), strict=True))
        )
        colours = np.ravel_multi_index((hue, saturation, value), self.bins)
        counts = [
            np.bincount(quarter.ravel(), minlength=self.dimension // 4) / quarter.size
            for half in np.split(colours, 2)
            for quarter in np.split(half, 2, axis=1)
        ]
        return np.concatenate(counts).astype(np.float32)


class Hog(Descriptor):
    """Histograms of oriented gradients: shapes, independent of colour and brightness.

    Dalal and Triggs 2005, section 6: gradients by [-1, 0, 1], nine orientations over 180 degrees,
    each pixel's vote shared by the two nearest; cells of 16 × 16 pixels, blocks of 2 × 2 cells that
    overlap by half, each normalised, clipped at 0.2 and normalised again. Votes are not shared by
    neighbouring cells.
    """

    name = "hog"
    digest = "1"
    size = (128, 128)
    cell = 16
    orientations = 9
    dimension = 7 * 7 * 4 * 9

    def describe(self, image: Image) -> Features:
        cells = self._cells(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32))
        corners = [cells[:-1, :-1], cells[:-1, 1:], cells[1:, :-1], cells[1:, 1:]]
        blocks = _normalised(np.concatenate(corners, axis=2))
        return _normalised(np.minimum(blocks, CLIP)).ravel().astype(np.float32)

    def _cells(self, grey: NDArray[np.float32]) -> NDArray[np.float64]:
        """Counts the votes for each orientation in each cell, ``<float64>[8, 8, 9]``."""
        padded = np.pad(grey, 1, mode="reflect")
        across = padded[1:-1, 2:] - padded[1:-1, :-2]
        down = padded[2:, 1:-1] - padded[:-2, 1:-1]
        strength = np.hypot(across, down)
        position = np.arctan2(down, across) / np.float32(np.pi) * self.orientations - 0.5
        lower = np.floor(position)
        upper_share = position - lower
        rows, columns = np.indices(grey.shape) // self.cell
        height, width = (length // self.cell for length in grey.shape)
        votes = np.zeros(height * width * self.orientations)
        for nearest, share in ((lower, 1 - upper_share), (lower + 1, upper_share)):
            orientation = nearest.astype(np.intp) % self.orientations
            place = (rows * width + columns) * self.orientations + orientation
            votes += np.bincount(place.ravel(), (strength * share).ravel(), len(votes))
        return votes.reshape(height, width, self.orientations)


def _normalised(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divides each block by its length; one without any gradient stays 0."""
    length = np.sqrt((blocks * blocks).sum(axis=2, keepdims=True) + EPSILON)
    divided: NDArray[np.float64] = blocks / length
    return divided

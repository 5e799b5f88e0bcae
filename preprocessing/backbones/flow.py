"""Motion from each frame to the next, by dense optical flow: nothing learned."""

import itertools
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones.base import Backbone

MOVING = 0.5


class Flow(Backbone):
    """The motion of each part of the picture since the step before.

    Dense inverse search (Kroeger et al. 2016) as OpenCV has it, on small grey pictures. For each of
    4 × 4 cells, from left to right and from top to bottom: the means of the motion to the right, of
    the motion down and of the speed, their deviations, and the share of pixels that moved by more
    than half a pixel. Pixels are those of the small picture, 128 wide. The first step has zeros.
    """

    name = "flow"
    digest = "1"
    size = (96, 128)
    grid = (4, 4)
    dimension = 4 * 4 * 7
    context = 1

    settings: Mapping[str, Any] = {"color": "grey", "resize": "area"}

    def __call__(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
        # It keeps buffers of its own, which two threads must not share.
        flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        motions = [flow.calc(*pair, None) for pair in itertools.pairwise(grey)]
        return np.stack([self._describe(motion) for motion in motions])

    def _describe(self, motion: NDArray[np.float32]) -> NDArray[np.float32]:
        """Computes ``<float32>[F]`` of ``<float32>[H, W, 2]``, pixels to the right and down."""
        speed = np.hypot(motion[..., 0], motion[..., 1])
        measured = np.dstack([motion, speed])
        rows, columns = self.grid
        cells = [
            cell.reshape(-1, 3)
            for row in np.split(measured, rows)
            for cell in np.split(row, columns, axis=1)
        ]
        return np.concatenate([_statistics(cell) for cell in cells]).astype(np.float32)


def _statistics(cell: NDArray[np.float32]) -> NDArray[np.float64]:
    """Describes ``<float32>[n, 3]`` (right, down, speed) by seven numbers."""
    moving = (cell[:, 2] > MOVING).mean(keepdims=True)
    mean, deviation = cell.mean(0, dtype=np.float64), cell.std(0, dtype=np.float64)
    return np.concatenate([mean, deviation, moving])

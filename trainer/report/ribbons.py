"""Ribbons, which are labels of a sequence as thin pictures: one pixel per step."""

import base64
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.class_colours import rgb

MAX_PIXELS = 2400
UNLABELLED_COLOUR = "#d0d3d8"
CONFIDENCE_COLOUR, CONFIDENCE_HEIGHT = "#7d8896", 12
# A pixel with a single wrong step among many is still seen.
FAINTEST = 0.4


def shown_steps(steps: int) -> NDArray[np.int64]:
    """Returns the steps of a sequence to draw: all, or one of each of ``MAX_PIXELS`` stretches."""
    return np.linspace(0, steps - 1, min(steps, MAX_PIXELS)).astype(np.int64)


def ribbon(labels: NDArray[np.int32], colours: Sequence[str]) -> str:
    """Draws labels as a data URI of a PNG one pixel high.

    Args:
        labels: ``<int>[N]``; negative labels are grey.
        colours: the colour of each class.
    """
    labels = labels[shown_steps(len(labels))]
    palette = np.array([bgr(colour) for colour in (*colours, UNLABELLED_COLOUR)], np.uint8)
    return png(palette[np.where(labels < 0, len(colours), labels)][None])


def paired_ribbon(marks: NDArray[np.int8], colour: str) -> str:
    """Draws rows of one class, the truth above the prediction, as a data URI of a PNG.

    Args:
        marks: ``<int8>[2, M]``, with decoded answers 3 rows: 1 in colour, 0 transparent, -1 grey
            for no label.
        colour: ``#rrggbb``.
    """
    inks = [(0, 0, 0, 0), (*bgr(colour), 255), (*bgr(UNLABELLED_COLOUR), 255)]
    return png(np.array(inks, np.uint8)[marks])


def wrong_ribbon(shares: NDArray[np.float64]) -> str:
    """Draws ``<float64>[M]``, the share of wrong steps, in black, one pixel high.

    Transparent where nothing is wrong; a page with a dark background turns it white.
    """
    inks = np.zeros((1, len(shares), 4), np.uint8)
    inks[..., 3] = np.where(shares > 0, 255 * (FAINTEST + (1 - FAINTEST) * shares), 0)
    return png(inks)


def confidence_ribbon(shares: NDArray[np.float64]) -> str:
    """Draws ``<float64>[M]`` from 0 to 1 as a filled curve; nothing where NaN."""
    heights = (np.arange(CONFIDENCE_HEIGHT, 0, -1) - 0.5) / CONFIDENCE_HEIGHT
    inks = np.array([(0, 0, 0, 0), (*bgr(CONFIDENCE_COLOUR), 255)], np.uint8)
    return png(inks[(heights[:, None] <= shares).astype(int)])


def png(picture: NDArray[Any]) -> str:
    """Encodes ``<uint8>[height, width, 3 or 4]``, blue first, as the data URI of a PNG."""
    _, encoded = cv2.imencode(".png", picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return "data:image/png;base64," + base64.b64encode(encoded.tobytes()).decode()


def bgr(colour: str) -> tuple[int, int, int]:
    """Returns blue, green and red of ``#rrggbb``."""
    red, green, blue = rgb(colour)
    return blue, green, red

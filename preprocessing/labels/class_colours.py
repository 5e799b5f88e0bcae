"""Colours of classes, the same wherever classes are drawn."""

from collections.abc import Sequence

import cv2
import numpy as np

# Eight that stay apart for people who cannot tell red from green (Okabe and Ito 2008,
# https://jfly.uni-koeln.de/color/), then darker ones for more classes.
COLOURS = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#cc79a7",
    "#56b4e9",
    "#d55e00",
    "#f0e442",
    "#555555",
)
GOLDEN_ANGLE = 137.508


def class_colours(classes: Sequence[str]) -> list[str]:
    """Returns a ``#rrggbb`` for each class; the first eight are the easiest to tell apart."""
    more = [_spread(number) for number in range(max(0, len(classes) - len(COLOURS)))]
    return [*COLOURS, *more][: len(classes)]


def rgb(colour: str) -> tuple[int, int, int]:
    """Returns red, green and blue of ``#rrggbb``."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def _spread(number: int) -> str:
    """Returns a hue a golden angle from the one before, so that all keep some distance."""
    hue = int(number * GOLDEN_ANGLE % 360) // 2
    shade = np.array([[[hue, 150, 130 + 45 * (number % 3)]]], np.uint8)
    blue, green, red = cv2.cvtColor(shade, cv2.COLOR_HSV2BGR)[0, 0].tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"

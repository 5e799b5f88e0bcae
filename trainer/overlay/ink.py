"""Small pictures that are laid over the frames of a video."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from preprocessing.terminal.streams import printable

Colour = tuple[int, int, int]
WHITE, GREY, BLACK = (255, 255, 255), (212, 215, 220), (0, 0, 0)
SHADE = 168  # Of 255, how much of a frame the ground under letters hides.
FONT = "fonts/ttf/DejaVuSans.ttf"
MORE = "…"


@dataclass(frozen=True)
class Ink:
    """A picture with transparency.

    Attributes:
        added: ``<uint8>[h, w, 3]``, RGB, already multiplied by its opacity.
        kept: ``<uint16>[h, w, 1]``, how much of 256 is kept of the frame below.
    """

    added: NDArray[np.uint8]
    kept: NDArray[np.uint16]

    @classmethod
    def of(cls, picture: NDArray[np.uint8]) -> "Ink":
        """Makes ink of ``<uint8>[h, w, 4]``, RGBA."""
        opacity = picture[..., 3:].astype(np.uint16)
        added = (picture[..., :3] * opacity // 255).astype(np.uint8)
        return cls(added, (255 - opacity) * 256 // 255)

    def over(self, frame: NDArray[np.uint8], top: int, left: int) -> None:
        """Draws on a frame; parts beyond its edges are left out.

        Args:
            frame: ``<uint8>[H, W, 3]``.
            top: the row of the picture's upper edge.
            left: the column of its left edge.
        """
        below = frame[top : top + self.added.shape[0], left : left + self.added.shape[1]]
        rows, columns = below.shape[:2]
        kept, added = self.kept[:rows, :columns], self.added[:rows, :columns]
        below[:] = ((below * kept) >> 8).astype(np.uint8) + added


@dataclass(frozen=True)
class Row:
    """A line of a panel.

    Attributes:
        colour: the colour of the square before it.
        name: such as a class.
        value: such as its probability.
    """

    colour: Colour
    name: str
    value: str


class Panels:
    """Panels of rows, with letters that suit a frame. Each panel is drawn once.

    Args:
        size: height and width of the frame.
    """

    def __init__(self, size: tuple[int, int]):
        height, width = size
        self.letters = max(12, min(height, width) // 18)
        self.margin = self.letters // 2
        self._font = _font(self.letters)
        self._square = round(0.72 * self.letters)
        self._row_height = round(1.5 * self.letters)
        self._widest = max(1, width - 2 * self.margin)
        self.panel = lru_cache(maxsize=32)(self._panel)

    def most_rows(self, height: int) -> int:
        """Returns the number of rows that fit."""
        return max(1, (height - 3 * self.margin) // self._row_height)

    def _panel(self, rows: tuple[Row, ...]) -> Ink:
        values = max(self._width(row.value) for row in rows)
        around = 6 * self.margin + self._square + values
        names = [self._fitted(row.name, self._widest - around) for row in rows]
        width = min(around + max(map(self._width, names)), self._widest)
        height = len(rows) * self._row_height + self.margin
        picture = Image.new("RGBA", (width, height))
        draw = ImageDraw.Draw(picture)
        draw.rounded_rectangle((0, 0, width - 1, height - 1), self.margin, (*BLACK, SHADE))
        for number, (row, name) in enumerate(zip(rows, names, strict=True)):
            middle = self.margin // 2 + (2 * number + 1) * self._row_height // 2
            self._draw(draw, row, name, middle, width - 3 * self.margin // 2)
        return Ink.of(np.asarray(picture))

    def _draw(self, draw: Any, row: Row, name: str, middle: int, right: int) -> None:
        left, top = 3 * self.margin // 2, middle - self._square // 2
        draw.rectangle((left, top, left + self._square, top + self._square), row.colour, WHITE)
        place = (left + self._square + self.margin, middle)
        draw.text(place, name, WHITE, self._font, "lm")
        draw.text((right, middle), row.value, GREY, self._font, "rm")

    def _fitted(self, name: str, widest: int) -> str:
        """Returns a name in one line, cut where it would be wider than ``widest`` pixels."""
        name = printable(name)
        if self._width(name) <= widest:
            return name
        while name and self._width(name + MORE) > widest:
            name = name[:-1]
        return name + MORE

    def _width(self, text: str) -> int:
        return round(self._font.getlength(text) + 0.5)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Returns the font that comes with matplotlib; it has the letters of most alphabets."""
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / FONT), size)


def playhead(height: int, thickness: int) -> Ink:
    """Draws a white line between two dark ones, ``[height, 3 thickness]``.

    Args:
        height: its height in pixels.
        thickness: the thickness of each line in pixels.
    """
    picture = np.zeros((height, 3 * thickness, 4), np.uint8)
    picture[..., 3] = SHADE
    picture[:, thickness : 2 * thickness] = 255
    return Ink.of(picture)


def curves(values: NDArray[np.float32], colours: Sequence[Colour], height: int) -> Ink:
    """Draws curves side by side in one picture, each over its whole height.

    Args:
        values: ``<float32>[W, K]``; NaN leaves a gap.
        colours: the colours of the K curves.
        height: the picture's height.
    """
    width = len(values)
    picture = np.zeros((height, width, 4), np.uint8)
    picture[..., 3] = SHADE
    thickness, margin = max(1, height // 40), max(2, height // 10)
    for column, colour in zip(values.T, colours, strict=True):
        known = np.flatnonzero(np.isfinite(column))
        if not len(known):
            continue
        low, high = float(column[known].min()), float(column[known].max())
        share = (column[known] - low) / ((high - low) or 1.0)
        rows = np.round(height - margin - share * (height - 2 * margin)).astype(np.int32)
        points = np.stack([known.astype(np.int32), rows], -1)[:, None]
        cv2.polylines(picture, [points], False, (*colour, 255), thickness, cv2.LINE_AA)
    return Ink.of(picture)

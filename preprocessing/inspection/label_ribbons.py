"""Labels on a contact sheet, in colours.

1 2 3 4 5 6 7 8
  +-----------+        ribbons of the labels lie along both axes of the similarity, and what is
 a|           |        labelled as one thing should be a bright square above and beside its colour
 a|           |
 b|           |
  +-----------+
   aaaaa  bbbb
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from preprocessing.inspection.labelled_time import LabelledTime
from preprocessing.inspection.page import EDGE, GREY, MARGIN, WIDTH, Page
from preprocessing.labels.class_colours import rgb

# Pixels.
GAP, LINE, PATCH, ABOVE = 3, 18, 12, 24
# Of a column of the legend: as wide as its longest name, within these.
NARROWEST, WIDEST, LETTER = 140, 460, 7
# A row for each class where several are shown at once: so many at most, of so many pixels.
MOST_ROWS, WIDE, NARROW = 8, 14, 4
MOST_NAMED = 60
BLANK = (255, 255, 255)
EXPLAINED = (
    "Colours: the labels, along the similarity and under each picture; white has none. Where "
    "squares and colours agree, features tell the labels apart."
)
Pixels = NDArray[np.uint8]


def ribbon(
    time: LabelledTime, colours: Sequence[str], within: tuple[float, float], length: int
) -> Pixels:
    """Draws labels from left to right; the shortest is a pixel long, on top of longer ones.

    Args:
        time: the labels.
        colours: the colour of each class.
        within: the seconds at which it begins and ends.
        length: its length in pixels.

    Returns:
        ``<uint8>[height, length, 3]``.
    """
    row_of = _rows(time)
    count = max(row_of.values(), default=0) + 1
    drawn = np.full((count, length), -1)
    begin, end = within
    places = ((time.edges - begin) / (end - begin) * length).round().astype(int)
    for span in np.argsort(-np.diff(time.edges), kind="stable").tolist():
        start = min(places[span], length - 1)
        for number in filter(row_of.__contains__, time.shown[span]):
            drawn[row_of[number], start : max(places[span + 1], start + 1)] = number
    inks = np.array([*map(rgb, colours), BLANK], np.uint8)
    pixels: Pixels = inks[drawn].repeat(max(NARROW, WIDE // count), axis=0)
    return pixels


def _rows(time: LabelledTime) -> dict[int, int]:
    """Returns the row of each class that is drawn: one for all, or one each if they overlap."""
    if not time.overlaps:
        return dict.fromkeys(time.seconds, 0)
    return {number: row for row, number in enumerate(sorted([*time.seconds][:MOST_ROWS]))}


def in_words(time: LabelledTime | None) -> str:
    """Says how much of a sequence is labelled, and of how many classes that is drawn.

    Args:
        time: its labels; None if it has none.
    """
    if time is None:
        return "no labels"
    there, drawn = len(time.seconds), len(_rows(time))
    more = "" if drawn == there else f", of {there} classes the {drawn} shown longest drawn"
    return f"{time.share:.0%} labelled{more}"


def draw_ribbons(page: Page, pixels: Pixels, left: int, top: int) -> int:
    """Lays a ribbon below a square picture, and one to its left.

    Args:
        page: the page.
        pixels: the ribbon, as long as the square is wide.
        left: of the square, in pixels.
        top: of the square.

    Returns:
        How many pixels away from the square they reach.
    """
    height, length = len(pixels), len(pixels[0])
    framed = np.full((height + 2, length + 2, 3), EDGE, np.uint8)
    framed[1:-1, 1:-1] = pixels
    page.picture(framed, left - 1, top + length + GAP)
    page.picture(framed.transpose(1, 0, 2)[:, ::-1], left - GAP - len(framed), top - 1)
    return len(framed) + GAP


def draw_legend(page: Page, top: int, classes: Sequence[str], colours: Sequence[str]) -> None:
    """Names the colours.

    Args:
        page: the page.
        top: where it begins, in pixels.
        classes: names of the classes.
        colours: their colours.
    """
    page.text(MARGIN, top + 6, EXPLAINED, size=8, color=GREY, va="top")
    wide, columns = _columns(classes)
    for place, (name, colour) in enumerate(zip(classes, colours, strict=True)):
        left = MARGIN + place % columns * wide
        base = top + ABOVE + (place // columns + 1) * LINE - 3
        if place == MOST_NAMED:
            rest = f"and {len(classes) - MOST_NAMED} more classes"
            page.line(left, base, rest, wide, size=8, color=GREY)
            return
        page.picture(np.full((PATCH, PATCH, 3), rgb(colour), np.uint8), left, base - PATCH + 1)
        page.line(left + PATCH + 6, base, name, wide - PATCH - 18, size=8)


def legend_height(classes: Sequence[str]) -> int:
    """Returns the pixels that a legend needs.

    Args:
        classes: names of the classes.
    """
    _, columns = _columns(classes)
    return ABOVE + LINE * math.ceil(min(len(classes), MOST_NAMED + 1) / columns)


def _columns(classes: Sequence[str]) -> tuple[int, int]:
    """Returns how wide a column of a legend is, and how many there are."""
    longest = max(map(len, classes), default=0)
    wide = min(max(NARROWEST, LETTER * longest + PATCH + 24), WIDEST)
    return wide, (WIDTH - 2 * MARGIN) // wide


def mark(pixels: Pixels, classes: Sequence[int], colours: Sequence[str], high: int) -> None:
    """Marks a picture, in place, by the colours of what is labelled there, at its lower edge.

    Args:
        pixels: ``<uint8>[H, W, 3]``.
        classes: the numbers of the classes.
        colours: the colour of each class.
        high: how high the mark is, in pixels.
    """
    for columns, number in zip(
        np.array_split(np.arange(pixels.shape[1]), len(classes)) if classes else (),
        classes,
        strict=True,
    ):
        pixels[-high:, columns] = rgb(colours[number])

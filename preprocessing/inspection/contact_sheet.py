"""Contact sheets: pictures of videos, beside the similarity of their moments by their features.

day1/camera3
2:05 · 500 steps of 1,280 features · 4 a second · efficientnet-lite0
+------+ +------+ +------+ +------+            1 2 3 4 5 6 7 8
|      | |      | |      | |      |       0:00 +-------------+  :
+-1 0:07 +-2 0:23 +-3 0:39 +-4 0:54            |             |  :
+------+ +------+ +------+ +------+       1:00 |             |  : -1 to 1
|      | |      | |      | |      |            |             |  :
+-5 1:10 +-6 1:26 +-7 1:41 +-8 1:57       2:00 +-------------+  :
"""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from preprocessing.files.whole_file import whole_file
from preprocessing.inspection.label_ribbons import (
    draw_legend,
    draw_ribbons,
    in_words,
    legend_height,
    mark,
    ribbon,
)
from preprocessing.inspection.labelled_time import labelled_times
from preprocessing.inspection.page import DPI, EDGE, GREY, MARGIN, WIDTH, Page, own_style
from preprocessing.inspection.sheet_entry import Entry, read_entry, shown_time
from preprocessing.labels.base import Labels
from preprocessing.labels.class_colours import class_colours
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.commands import PATIENCE
from preprocessing.terminal.console import progress, say

ENTRIES_PER_PAGE = 8
FEWEST_PLACES = 8  # so that a video of one step is not drawn huge
# Pixels.
HEADER = 70
TITLE, STRIP_WIDTH, SIDE, BELOW = 64, 960, 340, 56
ENTRY = TITLE + SIDE + BELOW
MATRIX_LEFT, BAR_LEFT = 1066, 1432
GAP, CAPTION, CAPTION_WIDTH, MARK = 6, 18, 80, 7
COLOURS = "viridis"
MISSING = (225, 225, 228)
TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
MOST_TICKS, MOST_NUMBERS = 6, 12
REASON_WIDTH = 120
LEGEND = (
    "Left: what is on screen, numbered in time order. Right: how alike the features of any two "
    "moments are, once their mean over the sequence is taken away: 1 the same, 0 unrelated, "
    "-1 opposite.\nBright squares along the diagonal are stretches that the features tell apart "
    "from the rest; the numbers above them say which pictures lie in them."
)
Box = tuple[int, int, int, int]


def draw_sheet(
    store: FeatureStore, ids: Sequence[str], path: Path, labels: Labels | None = None
) -> int:
    """Draws sequences of a store, a page at a time, and prints the pages' names.

    Args:
        store: the store.
        ids: the sequences.
        path: the first page's file, a PNG.
        labels: of classes, which are drawn beside the similarity.

    Returns:
        How many sequences could not be read; their place on the sheet says why.

    Raises:
        InputError: labels and a sequence differ in length.
    """
    times = labelled_times(labels, store, ids) if labels else {}
    classes = labels.classes if labels else None
    starts = range(0, len(ids), ENTRIES_PER_PAGE)
    pages = [page_path(path, number) for number in range(1, len(starts) + 1)]
    unreadable = 0
    options = {"total": len(ids), "unit": "sequence", "desc": "sheet", "delay": PATIENCE}
    with progress(**options) as bar:
        for number, (start, page) in enumerate(zip(starts, pages, strict=True), 1):
            entries = []
            for sequence_id in ids[start : start + ENTRIES_PER_PAGE]:
                entry = read_entry(store, sequence_id)
                entries.append(replace(entry, labels=times.get(sequence_id)))
                bar.update()
            heading = f"{store.root} · page {number} of {len(pages)}"
            draw_page(entries, heading, page, classes)
            unreadable += sum(entry.alike is None for entry in entries)
    say(*map(str, pages))
    return unreadable


def page_path(path: Path, number: int) -> Path:
    """Returns the file of a page: ``out.png``, ``out-2.png`` and so on.

    Args:
        path: the first page's file.
        number: the page's number, from 1.
    """
    return path if number == 1 else path.with_stem(f"{path.stem}-{number}")


def draw_page(
    entries: Sequence[Entry], heading: str, path: Path, classes: Sequence[str] | None = None
) -> None:
    """Draws a page of the sheet as a PNG, whole or not at all.

    Args:
        entries: the sequences on the page.
        heading: the line at its top.
        path: the PNG.
        classes: names of the classes of labels; None if there are no labels.
    """
    colours = None if classes is None else class_colours(classes)
    shown = sorted({number for one in entries if one.labels for number in one.labels.seconds})
    named = [[of[number] for number in shown] for of in (classes or (), colours or ())]
    header = HEADER if classes is None else HEADER + legend_height(named[0])
    with own_style():
        page = Page(header + len(entries) * ENTRY)
        page.line(MARGIN, 26, heading, WIDTH - 2 * MARGIN, size=12, weight="bold")
        page.text(MARGIN, 40, LEGEND, size=8, color=GREY, va="top", linespacing=1.5)
        if classes is not None:
            draw_legend(page, HEADER, *named)
        for number, entry in enumerate(entries):
            _draw_entry(page, entry, header + number * ENTRY, colours)
        with whole_file(path) as partial:
            page.figure.savefig(partial, format="png", dpi=DPI)


def boxes(count: int, aspect: float) -> list[Box]:
    """Places pictures in the strip, in the grid in which they are largest.

    Args:
        count: the number of pictures.
        aspect: width / height of a picture.

    Returns:
        (left, top, width, height) in pixels for each picture, row by row.
    """
    places = max(count, FEWEST_PLACES)

    def width(columns: int) -> float:
        height = SIDE / math.ceil(places / columns) - CAPTION - GAP
        return min(STRIP_WIDTH / columns - GAP, height * aspect)

    columns = max(range(1, min(places, STRIP_WIDTH // CAPTION_WIDTH) + 1), key=width)
    wide, high = (max(1, round(side)) for side in (width(columns), width(columns) / aspect))
    across, down = STRIP_WIDTH / columns, SIDE / math.ceil(places / columns)
    aside = (across - GAP - wide) / 2
    return [
        (round(place % columns * across + aside), round(place // columns * down), wide, high)
        for place in range(count)
    ]


def tick_times(begin: float, end: float) -> tuple[float, list[float]]:
    """Returns the distance between round times, and the round times, in seconds.

    Args:
        begin: the earliest time in seconds.
        end: the latest time in seconds.
    """
    span = end - begin
    apart = next((tick for tick in TICKS if span / tick <= MOST_TICKS), 0.0)
    apart = apart or 3600.0 * math.ceil(span / 3600 / MOST_TICKS)
    first = math.ceil(begin / apart - 1e-9)
    last = math.floor(end / apart + 1e-9)
    return apart, [number * apart for number in range(first, last + 1)]


def _draw_entry(page: Page, entry: Entry, top: int, colours: Sequence[str] | None) -> None:
    width = WIDTH - 2 * MARGIN
    page.line(MARGIN, top + 26, entry.sequence_id, width, size=11, weight="bold")
    strip = top + TITLE
    said = "" if colours is None or entry.alike is None else in_words(entry.labels)
    if any(picture is not None for picture in entry.pictures):
        facts = [entry.facts, said, entry.trouble]
        _draw_pictures(page, entry, strip, colours)
    else:
        facts = [entry.facts, said]
        reason = textwrap.fill(entry.trouble, REASON_WIDTH)
        page.text(MARGIN, strip, reason, size=9, color=GREY, va="top", linespacing=1.5)
    page.line(MARGIN, top + 46, " · ".join(filter(None, facts)), STRIP_WIDTH, size=8.5, color=GREY)
    if entry.alike is not None:
        _draw_similarity(page, entry, strip, colours)


def _draw_pictures(page: Page, entry: Entry, top: int, colours: Sequence[str] | None) -> None:
    """Draws the pictures, each with its number and its time below."""
    height, width, _ = next(picture.shape for picture in entry.pictures if picture is not None)
    apart = min(np.diff(entry.times), default=1.0)
    places = boxes(len(entry.pictures), width / height)
    pairs = zip(entry.pictures, entry.times, places, strict=True)
    for number, (picture, time, (x, y, wide, high)) in enumerate(pairs, 1):
        pixels = np.full((high, wide, 3), MISSING, np.uint8)
        if picture is not None:
            pixels = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA)
        pixels[[0, -1]] = pixels[:, [0, -1]] = EDGE
        if entry.labels and colours:
            (classes,) = entry.labels.at(np.array([time + entry.step_seconds / 2]))
            mark(pixels, classes, colours, MARK)
        page.picture(pixels, MARGIN + x, top + y)
        caption = f"{number} · {shown_time(time, entry.end, apart)}"
        page.text(MARGIN + x + wide / 2, top + y + high + 13, caption, size=7.5, ha="center")


def _draw_similarity(page: Page, entry: Entry, top: int, colours: Sequence[str] | None) -> None:
    """Draws the matrix, with times to the left and below, and the pictures' numbers above."""
    axes = page.axes(MATRIX_LEFT, top, SIDE, SIDE)
    extent = (entry.begin, entry.end, entry.end, entry.begin)
    image = axes.imshow(entry.alike, COLOURS, vmin=-1, vmax=1, extent=extent, aspect="auto")
    apart, ticks = tick_times(entry.begin, entry.end)
    labels = [shown_time(tick, entry.end, apart) for tick in ticks]
    axes.set_xticks(ticks, labels, size=7.5)
    axes.set_yticks(ticks, labels, size=7.5)
    if entry.labels and colours:
        pixels = ribbon(entry.labels, colours, (entry.begin, entry.end), SIDE)
        reach = draw_ribbons(page, pixels, MATRIX_LEFT, top)
        axes.tick_params(length=0, pad=(reach + GAP) * 72 / DPI)
    if entry.pictures:
        _mark_pictures(axes, [time + entry.step_seconds / 2 for time in entry.times])
    bar = page.figure.colorbar(image, cax=page.axes(BAR_LEFT, top, 9, SIDE), ticks=(-1, 0, 1))
    bar.ax.tick_params(labelsize=7.5)


def _mark_pictures(axes: Any, times: Sequence[float]) -> None:
    """Marks the picture's times above and to the right, and numbers them as room allows."""
    every = math.ceil(len(times) / MOST_NUMBERS)
    numbers = [
        str(number) if number % every == 1 % every else "" for number in range(1, len(times) + 1)
    ]
    above, right = axes.secondary_xaxis("top"), axes.secondary_yaxis("right")
    above.set_xticks(times, numbers, size=7.5)
    right.set_yticks(times, [""] * len(times))

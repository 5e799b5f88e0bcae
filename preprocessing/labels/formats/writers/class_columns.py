"""Tables of a column a class and a row a frame, as DeepEthogram reads and writes them."""

import csv
from pathlib import Path

import numpy as np

from preprocessing.errors import InputError, shorten
from preprocessing.labels.formats.writers.base import Writer, frame_count, frame_range, rate
from preprocessing.labels.formats.writing import Annotated

# DeepEthogram's name for frames in which no class is there; always the first column of classes.
NONE = "background"
ROWS_AT_ONCE = 1 << 14
MOST_CELLS = 1 << 29


def write(partial: Path, content: Annotated) -> None:
    """Writes 0 and 1; the first column, which has no name, is the number of the frame.

    Args:
        partial: the CSV file.
        content: one video, and what is said about it, without points.

    Raises:
        InputError: its frame rate is not known, or the table would be too large.
    """
    (video,) = content.videos
    said, fps = content.of(video), rate(video)
    names = [name for name in content.classes if name != NONE]
    column = {name: number for number, name in enumerate(names, 1)}
    frames = frame_count(video, said)
    if frames * len(names) > MOST_CELLS:
        raise InputError(
            f"{shorten(video.sequence)!r} would have {frames:,} lines of {len(names):,} classes; "
            f"expected {MOST_CELLS:,} numbers at most: give another format"
        )
    shown = np.zeros((frames, len(names) + 1), np.uint8)
    for one in said:
        if one.label != NONE:
            first, end = frame_range(one, fps)
            shown[first:end, column[one.label]] = 1
    shown[:, 0] = 1 - shown.max(axis=1, initial=0)
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("", NONE, *names))
        for start in range(0, len(shown), ROWS_AT_ONCE):
            rows = shown[start : start + ROWS_AT_ONCE].tolist()
            writer.writerows((number, *row) for number, row in enumerate(rows, start))


COLUMNS = Writer(
    "class-columns",
    "a column a class, a row a frame (DeepEthogram)",
    ".csv",
    write,
    "files",
    points=False,
    joins=True,
    framed=True,
)

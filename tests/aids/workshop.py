"""A folder with all that the pages of the documentation name, so that their commands can be run."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

CLASSES = ("idle", "welding")
SECONDS, FPS, SIZE = 10, 8, (48, 64)
PEOPLE, TAKES = 6, ("a", "b")
# Seconds at which what is shown changes, of one video after the other.
CHANGES = ((3.0, 7.0), (2.5, 6.0), (4.0, 8.5), (1.5, 5.5))


def names() -> list[str]:
    """Returns the sequences: two takes of each of six people."""
    return [f"P{person:02}_{take}" for person in range(1, PEOPLE + 1) for take in TAKES]


def intervals(number: int) -> Iterator[tuple[float, float, str]]:
    """Yields beginning and end, in seconds, and class of what a video shows.

    Args:
        number: of the video, from 0.
    """
    first, second = CHANGES[number % len(CHANGES)]
    edges = (0.0, first, second, float(SECONDS))
    for place, (start, end) in enumerate(zip(edges, edges[1:], strict=False)):
        yield start, end, CLASSES[(place + number) % 2]


def film(path: Path, number: int, fps: int = FPS) -> Path:
    """Writes a video that is dark where it shows the first class and bright where the second.

    Args:
        path: of the video.
        number: of the video, from 0.
        fps: frames a second.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(number)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), fps, SIZE[::-1])
    for start, end, label in intervals(number):
        level = 160 if label == CLASSES[1] else 60
        for _ in range(round(start * fps), round(end * fps)):
            writer.write(noise.integers(level, level + 40, (*SIZE, 3), dtype=np.uint8))
    writer.release()
    return path


def write_rows(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    """Writes a table.

    Args:
        path: of the CSV file.
        rows: the header among them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    return path


def write_videos(folder: Path) -> None:
    """Writes ``videos/``, ``new-videos/`` and ``labels.csv``.

    Args:
        folder: that gets them.
    """
    for number, name in enumerate(names()):
        film(folder / "videos" / f"{name}.mp4", number)
    for number, take in enumerate(TAKES):
        film(folder / "new-videos" / f"P{PEOPLE + 1:02}_{take}.mp4", number)
    rows = [
        (name, *interval) for number, name in enumerate(names()) for interval in intervals(number)
    ]
    write_rows(folder / "labels.csv", [("sequence", "start", "end", "label"), *rows])

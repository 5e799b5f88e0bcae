"""Aggregated events of BORIS (since version 8): a table of a row a state, or a point."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from preprocessing.labels.formats.writers.base import Writer
from preprocessing.labels.formats.writers.boris_events import (
    BETWEEN,
    KEEPS,
    bouts,
    modifier_places,
    states,
)
from preprocessing.labels.formats.writing import Annotated, Video

FIELDS = (
    *("Observation id", "Observation date", "Description", "Observation type"),
    *("Source", "Time offset (s)", "Coding duration"),
    *("Media duration (s)", "FPS (frame/s)", "Subject"),
    *("Observation duration by subject by observation", "Behavior", "Behavioral category"),
)
MORE = (
    *("Behavior type", "Start (s)", "Stop (s)", "Duration (s)", "Media file name"),
    *("Image index start", "Image index stop", "Image file path start"),
    *("Image file path stop", "Comment start", "Comment stop"),
)
DATE = "1970-01-01 00:00:00"
NOBODY, NONE = "No focal subject", "NA"


def write(partial: Path, content: Annotated) -> None:
    """Writes the table, tab-separated.

    Args:
        partial: the .tsv file.
        content: what it gets.
    """
    lasting, most = states(content), max(map(len, modifier_places(content).values()), default=0)
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, dialect="excel-tab")
        writer.writerow((*FIELDS, *(f"Modifier #{number + 1}" for number in range(most)), *MORE))
        for video in content.videos:
            writer.writerows(_rows(video, partial.parent, content, most, lasting))


def _rows(
    video: Video, folder: Path, content: Annotated, most: int, lasting: dict[str, bool]
) -> Iterator[tuple[Any, ...]]:
    """Yields the rows of a video.

    Args:
        video: the video.
        folder: the folder of the table.
        content: what is said about it.
        most: how many columns there are for modifiers.
        lasting: which classes are states.
    """
    link, said = video.link(folder), content.of(video)
    seconds = f"{video.lasts(said):.3f}"
    fps = f"{video.fps:.3f}" if video.fps else NONE
    begun = (video.sequence, DATE, "", "Media file(s)", f"player #1:{link}", "0.000")
    for bout in bouts(said):
        modifiers = bout.modifiers.split(BETWEEN) if bout.modifiers else []
        kind = "STATE" if lasting[bout.behaviour] else "POINT"
        long = round(bout.end - bout.start, 6) if lasting[bout.behaviour] else NONE
        yield (
            *(*begun, seconds, seconds, fps, bout.subject or NOBODY, seconds, bout.behaviour, ""),
            *(*modifiers, *[""] * (most - len(modifiers)), kind, bout.start, bout.end, long),
            *(link, NONE, NONE, "", "", bout.comment, ""),
        )


BORIS_AGGREGATED = Writer(
    *("boris-aggregated", "aggregated events of BORIS", ".tsv", write),
    keeps=KEEPS,
    joins=True,
)

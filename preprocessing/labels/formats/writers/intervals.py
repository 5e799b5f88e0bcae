"""Our own table of intervals, with columns for what else is said where anything is."""

import csv
from pathlib import Path

from preprocessing.labels.formats.writers.base import Writer
from preprocessing.labels.formats.writing import Annotated
from preprocessing.labels.writing import INTERVAL_FIELDS

MORE = ("subject", "tier", "rater", "modifiers", "confidence")
# As the table calls them.
COLUMNS = {"modifiers": "modifier"}
DIGITS, SHARE_DIGITS = 9, 6


def write(partial: Path, content: Annotated) -> None:
    """Writes ``sequence,start,end,label``, and further columns that are not all empty.

    Args:
        partial: the CSV file.
        content: what it gets, without points.
    """
    told = _told(content)
    with partial.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow((*INTERVAL_FIELDS, *(COLUMNS.get(name, name) for name in told)))
        for video in content.videos:
            for one in content.of(video):
                end = one.start if one.end is None else one.end
                more = (_cell(getattr(one, name)) for name in told)
                times = (round(one.start, DIGITS), round(end, DIGITS))
                writer.writerow((video.sequence, *times, one.label, *more))


def _told(content: Annotated) -> list[str]:
    """Returns which fields are not empty throughout, of those that an interval need not have."""
    left = list(MORE)
    for video in content.videos:
        for one in content.of(video) if left else ():
            left = [name for name in left if not getattr(one, name)]
    return [name for name in MORE if name not in left]


def _cell(value: str | tuple[str, ...] | float | None) -> str | float:
    if value is None:
        return ""
    if isinstance(value, float):
        return round(value, SHARE_DIGITS)
    return "|".join(value) if isinstance(value, tuple) else value


INTERVALS = Writer("intervals", "intervals (CSV)", ".csv", write, keeps=MORE, points=False)

"""WebVTT: labels as subtitles, which any player shows (W3C, WebVTT, section 4)."""

import html
from pathlib import Path

from preprocessing.labels.formats.writers.base import Writer
from preprocessing.labels.formats.writing import Annotated

HEADER = "WEBVTT\n"
MILLISECONDS, MINUTE = 1000, 60


def write(partial: Path, content: Annotated) -> None:
    """Writes a cue for each label.

    Args:
        partial: the text file.
        content: one video, and what is said about it, without points.
    """
    with partial.open("w", encoding="utf-8", newline="\n") as file:
        file.write(HEADER)
        for video in content.videos:
            for one in content.of(video):
                first = round(one.start * MILLISECONDS)
                last = max(round((one.end or 0.0) * MILLISECONDS), first + 1)
                text = html.escape(one.label, quote=False)
                file.write(f"\n{_time(first)} --> {_time(last)}\n{text}\n")


def _time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, MILLISECONDS)
    minutes, seconds = divmod(seconds, MINUTE)
    hours, minutes = divmod(minutes, MINUTE)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{rest:03}"


WEBVTT = Writer("webvtt", "WebVTT subtitles", ".vtt", write, "files", points=False)

"""Subtitles, SRT and WebVTT: a cue is a stretch of time, its text the class.

Read line by line here, since the libraries for it take a cue with a damaged time for text of the
cue before it, or drop it, and say no line.
"""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from preprocessing.errors import InputError
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering, placed, short
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.text_lines import all_lines

ARROW = "-->"
TIME = r"(?:(\d{1,9}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9}))?"
TIMES = re.compile(rf"\s*{TIME}\s*-->\s*{TIME}(?:\s.*)?")
MARK = "WEBVTT"
TAGS = re.compile(r"</?[A-Za-z0-9:.][^<>]*>|\{\\[^{}]*\}")
# So far down stands the first cue of SRT, below empty lines and a number.
FIRST_LINES = 10
MOST_LINES = 1000


class Cue(NamedTuple):
    """A cue: the number of the line of its times, seconds, and lines of text."""

    line: int
    start: float
    end: float
    text: list[str]


def recognises_srt(sample: Sample) -> bool:
    """Returns whether a file begins as SRT does: perhaps a number, then times with an arrow.

    Args:
        sample: its beginning.
    """
    said = [line for line in sample.lines[:FIRST_LINES] if line.strip("\ufeff")]
    first = said[1:2] if said and said[0].strip("\ufeff").isdigit() else said[:1]
    return any(ARROW in line and line.strip("\ufeff")[:1].isdigit() for line in first)


def recognises_vtt(sample: Sample) -> bool:
    """Returns whether a file begins as WebVTT does.

    Args:
        sample: its beginning.
    """
    return sample.text.removeprefix("\ufeff").startswith(MARK)


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads subtitles, SRT or WebVTT.

    Args:
        path: the file.
        choices: how labels are read.

    Raises:
        InputError: the times of a cue cannot be read.
    """
    gathering = Gathering(path)
    for cue in _cues(path, recognises_vtt(Sample(path))):
        text = html.unescape(TAGS.sub("", " ".join(cue.text)))
        said = Annotation("", cue.start, cue.end, " ".join(text.split()))
        gathering.add(said, placed("line", cue.line))
    return Reading(gathering.annotations, remarks=gathering.remarks())


def _cues(path: Path, vtt: bool) -> Iterator[Cue]:
    """Yields the cues of a file.

    Args:
        path: the file.
        vtt: whether a cue ends with the first empty line; in SRT, text may have empty lines.

    Raises:
        InputError: the times of a cue cannot be read, or its text does not end.
    """
    cue, over = None, False
    for number, line in all_lines(path):
        if ARROW in line:
            if cue:
                yield cue if over else _without_number(cue)
            cue, over = _begun(path, number, line), False
        elif vtt and not line.strip():
            over = True
        elif cue and not over:
            cue.text.append(line)
            if len(cue.text) > MOST_LINES:
                raise InputError(
                    f"{path} line {cue.line}: a cue with more than {MOST_LINES} lines of text"
                )
    if cue:
        yield cue


def _without_number(cue: Cue) -> Cue:
    """Takes the number of the next cue, or its name below an empty line, off the text of a cue."""
    last = cue.text[-1].strip() if cue.text else ""
    if last.isdigit() or (last and len(cue.text) > 1 and not cue.text[-2].strip()):
        cue.text.pop()
    return cue


def _begun(path: Path, number: int, line: str) -> Cue:
    """Returns the cue that a line of times begins.

    Raises:
        InputError: its times cannot be read.
    """
    found = TIMES.fullmatch(line.removeprefix("\ufeff"))
    parts = found.groups() if found else ()
    if not found or any(int(part) > 59 for part in (*parts[1:3], *parts[5:7])):
        raise InputError(
            f"{path} line {number}: times {short(line.strip())!r}; expected two such as "
            "00:01:02.500 with --> between them"
        )
    return Cue(number, _seconds(*parts[:4]), _seconds(*parts[4:]), [])


def _seconds(hours: str | None, minutes: str, seconds: str, share: str | None) -> float:
    whole = 3600 * int(hours or 0) + 60 * int(minutes) + int(seconds)
    return float(f"{whole}.{share or 0}")


SRT = Format("srt", "SRT subtitles", recognises_srt, read)
VTT = Format("webvtt", "WebVTT subtitles", recognises_vtt, read)

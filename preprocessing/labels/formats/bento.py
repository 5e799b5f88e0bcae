"""Annotation files of BENTO (.annot): bouts of behaviours, in channels.

A bout is a line ``start stop duration`` below its ``>behaviour``. Times look like seconds, but are
numbers of frames, the first of which is 1, divided by the frame rate, or these numbers themselves;
the last frame belongs to the bout, as its duration shows:

    3.0333  5.2333  2.2333  at 30 frames/s is frames 91 to 157, in the video 3.0000 to 5.2333 s

Where other programs write such files with a duration of stop less start, they mean what they say:
seconds of the video, or frames from 0. (bentoMAT, ``saveAnnot.m`` and ``loadAnnotSheetTxt.m``.)
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from preprocessing.errors import InputError, some
from preprocessing.files.encoding import open_encoded
from preprocessing.files.numerals import number_or_nan
from preprocessing.files.text_files import BoundedLines
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering, placed, short
from preprocessing.labels.formats.sample import Sample

FIRST_LINE = "bento annotation file"
CHANNEL = "-----"
MOST_HEADER = 4096
# A path has spaces too: one ends where there is a suffix before the space.
MOVIE = re.compile(r"\S.*?\.\w{1,5}(?=\s|$)")
TITLES = ("start", "stop")


class _Bout(NamedTuple):
    """A line of a file.

    Attributes:
        line: its number.
        channel: the set of behaviours that it is one of.
        behaviour: the name.
        start: as written, as the two others.
        stop: of the last frame.
        duration: None if the line has none.
    """

    line: int
    channel: str
    behaviour: str
    start: float
    stop: float
    duration: float | None


class _Clock(NamedTuple):
    """How a file counts time.

    Attributes:
        fps: frames a second; None if it does not say.
        counts_frames: whether times are numbers of frames, not seconds.
        inclusive: whether stop is a last frame, and the first frame is 1.
    """

    fps: float | None
    counts_frames: bool
    inclusive: bool

    def times(self, bout: _Bout) -> tuple[float, float]:
        """Returns beginning and end of a bout in seconds, or in frames if no rate is known."""
        start, stop = bout.start, bout.stop
        if not self.counts_frames:
            if self.fps is None:
                return start, stop
            start, stop = start * self.fps, stop * self.fps
        if self.inclusive:
            start, stop = float(round(start) - 1), float(round(stop))
        return start / (self.fps or 1.0), stop / (self.fps or 1.0)


def recognises(sample: Sample) -> bool:
    """Returns whether a file is BENTO's.

    Args:
        sample: its beginning.
    """
    return next((line for line in sample.lines if line), "").lower().startswith(FIRST_LINE)


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads all channels of a file.

    Args:
        path: the file.
        choices: nothing of them matters here.

    Raises:
        InputError: it is damaged.
    """
    header: dict[str, str] = {}
    bouts = list(_bouts(path, header))
    clock = _clock(bouts, header)
    movies = MOVIE.findall(header.get("movie file(s)", ""))
    gathering = Gathering(path)
    for bout in bouts:
        start, end = clock.times(bout)
        annotation = Annotation(movies[0] if movies else "", start, end, bout.behaviour)
        gathering.add(annotation._replace(tier=bout.channel), placed("line", str(bout.line)))
    remarks = gathering.remarks()
    if bouts and clock.fps is None and not clock.counts_frames:
        remarks.append("no frame rate: times are taken as seconds, and may be a frame late")
    if bouts and not clock.inclusive:
        remarks.append("a duration is stop less start: stops are taken as ends, not as last frames")
    if movies[1:]:
        others = some([short(movie) for movie in movies[1:]])
        remarks.append(f"{short(movies[0])} has the labels; not {others}, which show the same")
    unit: Literal["seconds", "frames"] = "seconds"
    if clock.fps is None and clock.counts_frames:
        unit = "frames"
    return Reading(gathering.annotations, unit, clock.fps, tuple(movies[:1]), remarks)


def _clock(bouts: list[_Bout], header: dict[str, str]) -> _Clock:
    """Tells how a file counts time."""
    written = number_or_nan(header.get("annotation framerate", ""))
    fps = written if 0 < written < float("inf") else None
    values = [value for bout in bouts for value in bout[3:] if value is not None]
    counts_frames = all(value == int(value) for value in values)
    frame = 1.0 if counts_frames or fps is None else 1 / fps
    longer = [
        bout.duration - (bout.stop - bout.start) > frame / 2
        for bout in bouts
        if bout.duration is not None
    ]
    return _Clock(fps, counts_frames, inclusive=2 * sum(longer) >= len(longer))


def _bouts(path: Path, header: dict[str, str]) -> Iterator[_Bout]:
    """Yields the bouts of a file, and collects what its header says on the way.

    Raises:
        InputError: a line is none.
    """
    channel = behaviour = waiting = ""
    with open_encoded(path, "labels") as file:
        lines = BoundedLines(file, path)
        for number, line in enumerate(lines, 1):
            lines.taken = 0
            text = line.strip()
            if waiting and text:
                header[waiting], waiting = text[:MOST_HEADER], ""
            elif text.endswith(CHANNEL):
                channel, behaviour = text.rstrip("-").strip(), ""
            elif text.startswith(">") and channel:
                behaviour = text[1:].strip()
            elif behaviour and text and not text.lower().startswith(TITLES):
                yield _bout(path, number, channel, behaviour, text)
            elif not channel and ":" in text:
                key, _, value = text[:MOST_HEADER].partition(":")
                header.setdefault(key.strip().lower(), value.strip())
                waiting = "" if value.strip() or "movie" not in key.lower() else key.strip().lower()
            elif not text:
                waiting = ""


def _bout(path: Path, line: int, channel: str, behaviour: str, text: str) -> _Bout:
    """Reads a line below a behaviour.

    Raises:
        InputError: it has no two numbers.
    """
    cells = text.split()
    values = [number_or_nan(cell) for cell in cells]
    if not 2 <= len(values) <= 3 or not all(abs(value) < float("inf") for value in values):
        raise InputError(f"{path} line {line}: {short(text)}; expected start, stop and duration")
    duration = values[2] if len(values) > 2 else None
    return _Bout(line, channel, behaviour, values[0], values[1], duration)


BENTO = Format("bento", "BENTO annotations", recognises, read)

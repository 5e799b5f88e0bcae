"""Layouts of lines that say when something begins and ends, and what it is.

80 219 G1                              begin, end, class          JIGSAWS, 50 Salads
1-30 SIL                               begin-end, class           Breakfast
<take><cup> (146-231)                  class (begin-end)          GTEA
video_test_0000324  49.2 53.5          video, begin, end          THUMOS: a file a class
video_test_0000324  49.2 53.5 Diving   video, begin, end, class, perhaps a score
"""

import math
import re
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from preprocessing.files.numerals import is_number

CLOCK = re.compile(r"(?:(\d{1,6}):)?(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)")
DASHED = re.compile(r"(\d{1,18})-(\d{1,18})\s+(\S.*)")
BRACKETED = re.compile(r"(\S.*?)\s*\((\d{1,18})-(\d{1,18})\)(?:\s*\[[^\]]*\])?")
MOST_LETTERS = 1000
# Of so many of the first lines all must be of a layout, and most must end after they begin.
LOOKED_AT = 200
FORWARD = 0.9


class Line(NamedTuple):
    """What a line says.

    Attributes:
        media: the video; empty if the line names none.
        start: a number, or a clock in seconds.
        end: the same.
        whole: whether both are whole numbers, such as frames are.
        label: the class; empty if the file's name is the class.
        confidence: a share from 0 to 1, None if there is none.
    """

    media: str
    start: float
    end: float
    whole: bool
    label: str
    confidence: float | None = None


class Layout(NamedTuple):
    """A layout of lines.

    Attributes:
        shown: the layout in words, for messages.
        parse: what a line says, None if it is not laid out so.
    """

    shown: str
    parse: Callable[[str], Line | None]


def _begin_end_class(text: str) -> Line | None:
    begin, end, label = (*text.split(None, 2), "", "", "")[:3]
    if not label or (" " in label and all(map(is_number, label.split()))) or _is_broken(label):
        return None
    return _line("", begin, end, label)


def _video_begin_end(text: str) -> Line | None:
    media, begin, end, *rest = (*text.split(None, 3), "", "")
    if is_number(media) or any(rest):
        return None
    return _line(media, begin, end, "")


def _video_begin_end_class(text: str) -> Line | None:
    media, begin, end, label = (*text.split(None, 3), "", "", "", "")[:4]
    if is_number(media) or not label:
        return None
    line = _line(media, begin, end, label)
    name, _, score = label.rpartition(" ")
    if line and name and is_number(score) and 0 <= float(score) <= 1:
        return line._replace(label=name.strip(), confidence=float(score))
    return line


def _dashed(text: str) -> Line | None:
    found = DASHED.fullmatch(text)
    return _line("", *found.groups()) if found else None


def _bracketed(text: str) -> Line | None:
    found = BRACKETED.fullmatch(text) if len(text) <= MOST_LETTERS else None
    return _line("", found[2], found[3], found[1]) if found else None


LAYOUTS = (
    Layout("a begin, an end and a class, with spaces between them", _begin_end_class),
    Layout("begin-end and a class, such as 1-30 SIL", _dashed),
    Layout("a class and (begin-end)", _bracketed),
    Layout("a video, a begin and an end", _video_begin_end),
    Layout("a video, a begin, an end and a class", _video_begin_end_class),
)


def layout_of(lines: Sequence[str]) -> Layout | None:
    """Returns the layout that lines have; None if they have none.

    Args:
        lines: the first lines of a file that say something. Lines with a tab or a semicolon are
            those of a table, and have none.
    """
    looked_at = lines[:LOOKED_AT]
    if not looked_at or any(mark in line for line in looked_at for mark in "\t;|"):
        return None
    for layout in LAYOUTS:
        found = [line for text in looked_at if (line := layout.parse(text))]
        forward = sum(line.start <= line.end for line in found)
        if len(found) == len(looked_at) and forward >= FORWARD * len(found):
            return layout
    return None


def _line(media: str, begin: str, end: str, label: str) -> Line | None:
    """Returns a line whose begin and end are two numbers, or two clocks."""
    if is_number(begin) and is_number(end) and math.isfinite(float(begin) + float(end)):
        whole = begin.isdigit() and end.isdigit()
        return Line(sys.intern(media), float(begin), float(end), whole, sys.intern(label))
    first, last = CLOCK.fullmatch(begin), CLOCK.fullmatch(end)
    if first and last:
        return Line(media, _seconds(first), _seconds(last), False, label)
    return None


def _seconds(clock: re.Match[str]) -> float:
    return round(3600 * int(clock[1] or 0) + 60 * int(clock[2]) + float(clock[3]), 9)


def _is_broken(label: str) -> bool:
    """Returns whether a name is a number with a point, as in tables of coordinates."""
    return is_number(label) and not label.isdigit()

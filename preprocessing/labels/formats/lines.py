"""Lines of a begin, an end and a class, as data sets have them; a form without a name of its own.

numbers with a point, clocks    seconds
whole numbers                   frames from 1, the last belongs to it: 80 219 is [79, 219)
    one of them is 0            frames from 0
    ends are the next begins    the last does not belong to it
ten million and more            microseconds of the recording's clock (50 Salads)
"""

import re
from collections.abc import Sequence
from pathlib import Path

from preprocessing.errors import InputError, counted
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering, placed, short
from preprocessing.labels.formats.line_layouts import Line, layout_of
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.text_lines import numbered_lines

# 46 hours of 60 frames a second; as microseconds, ten seconds.
MOST_FRAMES = 10_000_000
MICROSECONDS = 1e6
LEVELS = re.compile(r".+_(prep|core|post)")
# THUMOS: Diving_test.txt; what nobody was sure of is no class.
PART = re.compile(r"_(val|validation|test|testing|train|training)$")
NO_CLASS = "Ambiguous"
# 50 Salads: 01-1-activityAnnotation.txt, timestamps-01-1.txt.
RECORDING = re.compile(r"(\d\d-\d)-activityAnnotation")


def recognises(sample: Sample) -> bool:
    """Returns whether a file's first lines are all of one layout.

    Args:
        sample: its beginning.
    """
    return layout_of(_said(sample)) is not None


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads lines of a begin, an end and a class.

    Args:
        path: the file.
        choices: how labels are read.

    Raises:
        InputError: a line is laid out differently from those before it.
    """
    layout = layout_of(_said(Sample(path)))
    if layout is None:
        raise InputError(
            f"{path}: its lines are no begin, end and class with spaces between them, such as "
            "80 219 G1 or 1-30 SIL"
        )
    lines: dict[int, Line] = {}
    for number, text in numbered_lines(path):
        line = layout.parse(text)
        if line is None:
            raise InputError(f"{path} line {number}: {short(text)!r}; expected {layout.shown}")
        lines[number] = line
    return _reading(path, lines)


def _said(sample: Sample) -> list[str]:
    return [line for line in sample.lines if line and not line.startswith("#")]


def _reading(path: Path, lines: dict[int, Line]) -> Reading:
    said = list(lines.values())
    whole = all(line.whole for line in said)
    if whole and max(max(line.start, line.end) for line in said) >= MOST_FRAMES:
        zero, remark = _zero(path)
        reading = _gathered(path, lines, -zero, -zero, MICROSECONDS)
        reading.remarks.append(remark)
        return reading
    if not whole:
        return _gathered(path, lines, 0, 0, 1)
    first, last = _counting(said)
    reading = _gathered(path, lines, -first, 1 - first if last else -first, 1)
    reading.unit = "frames"
    reading.remarks.append(
        f"whole numbers are taken for frames that count from {first}, the last "
        f"{'included' if last else 'left out'}"
    )
    return reading


def _counting(lines: Sequence[Line]) -> tuple[int, bool]:
    """Returns the number of the first frame, and whether last frames belong to what they end."""
    first = 0 if any(line.start == 0 for line in lines) else 1
    ends = {line.end for line in lines}
    touching = sum(line.start in ends for line in lines)
    return first, touching <= (len(lines) - 1) / 2


def _gathered(
    path: Path, lines: dict[int, Line], to_start: float, to_end: float, scale: float
) -> Reading:
    """Returns what lines say.

    Args:
        path: the file.
        lines: by their numbers.
        to_start: is added to each begin, in the unit of the file.
        to_end: is added to each end.
        scale: so many of the file's units are one of ours.
    """
    of_name, remarks = _class_of_name(path, lines)
    gathering = Gathering(path)
    levels = any(LEVELS.fullmatch(line.label) for line in lines.values())
    for number, line in lines.items():
        label = line.label or of_name
        tier = ("low" if LEVELS.fullmatch(label) else "high") if levels else ""
        start, end = (line.start + to_start) / scale, (line.end + to_end) / scale
        said = Annotation(line.media, start, end, label, "", tier, "", (), line.confidence)
        gathering.add(said, placed("line", number))
    media = dict.fromkeys(line.media for line in lines.values() if line.media)
    return Reading(gathering.annotations, media=tuple(media), remarks=remarks + gathering.remarks())


def _class_of_name(path: Path, lines: dict[int, Line]) -> tuple[str, list[str]]:
    """Returns the class that the file's name says where lines say none, and what to know of it."""
    if any(line.label for line in lines.values()):
        return "", []
    name = PART.sub("", path.stem)
    if name == NO_CLASS:
        return "", [f"{NO_CLASS} is no class: {counted(len(lines), 'line')} left out"]
    return name, [f"lines name no class: that of the file's name, {short(name)!r}, is taken"]


def _zero(path: Path) -> tuple[float, str]:
    """Returns the microseconds at which a video of 50 Salads begins, and where that comes from."""
    recording = RECORDING.fullmatch(path.stem)
    clock = f"timestamps-{recording[1] if recording else 'XX-Y'}.txt"
    beside = path.with_name(clock)
    if recording and beside.is_file():
        first = next((text.split()[0] for _, text in numbered_lines(beside)), "")
        if not first.isdigit() or len(first) > len("9" * 18):
            raise InputError(f"{beside}: begins with {short(first)!r}; expected microseconds")
        return float(first), f"microseconds count from the first frame's in {clock}"
    return 0.0, (
        "numbers so large are taken for microseconds, on a clock of the recording that does not "
        f"begin with the video (50 Salads: half a minute apart); {clock} beside the file says "
        "when the first frame was"
    )


LINES = Format("lines", "lines of a begin, an end and a class", recognises, read)

"""Praat's TextGrids: tiers of intervals, which leave no gap, and of points.

Praat reads three forms of text. It looks for texts in quotes, free-standing numbers and the flag
``<exists>``, in their order, and overlooks all else, so that the long form is the short one with
words between (Praat's manual, "TextGrid file formats"):

    long             xmin = 0          short   0          chronological   1 0 0.7
                     xmax = 0.7                0.7                        "word"
                     text = "word"             "word"
"""

from pathlib import Path

from preprocessing.errors import InputError, counted
from preprocessing.files.encoding import open_encoded
from preprocessing.files.text_files import MOST_TEXT
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering
from preprocessing.labels.formats.praat_text import PraatText
from preprocessing.labels.formats.sample import Sample

BINARY = b"ooBinaryFile"
CHRONOLOGICAL = "Praat chronological TextGrid text file"
INTERVALS, POINTS = "IntervalTier", "TextTier"


def recognises(sample: Sample) -> bool:
    """Returns whether a file is a TextGrid, of text or binary.

    Args:
        sample: its beginning.
    """
    first = next((line for line in sample.lines if line), "")
    if CHRONOLOGICAL in first:
        return True
    if sample.head.startswith(BINARY):
        return b"TextGrid" in sample.head[:40]
    return "ooTextFile" in first and any('"TextGrid"' in line for line in sample.lines[:5])


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads all tiers of a file; intervals without text are none.

    Args:
        path: the file.
        choices: nothing of them matters here.

    Raises:
        InputError: it is damaged, or binary.
    """
    with path.open("rb") as file:
        if file.read(len(BINARY)) == BINARY:
            raise InputError(
                f"{path} is a binary TextGrid; open it in Praat and save it as a text file"
            )
    with open_encoded(path, "labels") as text:
        written = text.read(MOST_TEXT + 1)
    if len(written) > MOST_TEXT:
        raise InputError(f"cannot read labels from {path}: longer than {MOST_TEXT:,} letters")
    grid = PraatText(written, path)
    gathering = Gathering(path, points=True)
    if grid.text("the kind of file") == CHRONOLOGICAL:
        _read_chronological(grid, gathering)
    else:
        if grid.text('"TextGrid"') != "TextGrid":
            raise InputError(f"{path} {grid.place()}: expected a TextGrid")
        _read_tiers(grid, gathering)
    return Reading(gathering.annotations, remarks=gathering.remarks())


def _read_tiers(grid: PraatText, gathering: Gathering) -> None:
    """Reads the long or the short form, tier by tier."""
    grid.number("xmin")
    grid.number("xmax")
    if not grid.flag():
        return
    for _ in range(grid.count("the number of tiers")):
        kind, tier = _head(grid)
        for _ in range(grid.count("the number of intervals or points")):
            _read_one(grid, gathering, kind, tier)


def _read_chronological(grid: PraatText, gathering: Gathering) -> None:
    """Reads the form in which intervals and points of all tiers stand in the order of time."""
    grid.number("xmin")
    grid.number("xmax")
    tiers = [_head(grid) for _ in range(grid.count("the number of tiers"))]
    while not grid.over():
        number = grid.count("the number of a tier")
        if not 1 <= number <= len(tiers):
            there = counted(len(tiers), "tier")
            raise InputError(f"{grid.path} {grid.place()}: tier {number}; there are {there}")
        _read_one(grid, gathering, *tiers[number - 1])


def _head(grid: PraatText) -> tuple[str, str]:
    """Reads kind and name of a tier, and passes over its first and last time.

    Raises:
        InputError: it is of no kind that there is.
    """
    kind = grid.text("the kind of a tier")
    if kind not in (INTERVALS, POINTS):
        raise InputError(f"{grid.path} {grid.place()}: expected {INTERVALS} or {POINTS}")
    name = grid.text("the name of a tier").strip()
    grid.number("xmin")
    grid.number("xmax")
    return kind, name


def _read_one(grid: PraatText, gathering: Gathering, kind: str, tier: str) -> None:
    """Reads an interval or a point."""
    start = grid.number("xmin" if kind == INTERVALS else "a time")
    end = grid.number("xmax") if kind == INTERVALS else None
    label = grid.text("a text").strip()
    gathering.add(Annotation("", start, end, label, tier=tier), grid.place)


TEXTGRID = Format("textgrid", "Praat TextGrids", recognises, read)

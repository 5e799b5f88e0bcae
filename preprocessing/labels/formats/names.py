"""A class name a line, in a file that is given by itself: a line a frame."""

import sys
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering, placed
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.suggestion import suggested
from preprocessing.labels.formats.text_lines import all_lines
from preprocessing.labels.name_lines import names_of, why_no_classes, why_no_names

# What other kinds of text begin with, and what stands between columns.
OTHERS = ("{", "[", "<", "WEBVTT", "%", "---")
MARKS = ("\t", ",", ";", "|", "-->")
FEWEST = 2
# So many lines a stretch has at least, on average.
A_STRETCH = 2


def recognises(sample: Sample) -> bool:
    """Returns whether a file may be a class name a line: names that go on for lines, no marks.

    Args:
        sample: its beginning.
    """
    said = [line for line in sample.lines if line]
    if len(said) < FEWEST or sample.text.lstrip("\ufeff \r\n").startswith(OTHERS):
        return False
    if any(mark in line for line in said for mark in MARKS):
        return False
    if sum(1 for _ in groupby(said)) * A_STRETCH > len(said):
        return False
    return not why_no_names(said, many=False)


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads a class name a line, as intervals of frames; lines without a name say nothing.

    Args:
        path: the file.
        choices: how labels are read.

    Raises:
        InputError: it is a table, or has far too many names.
    """
    lines = [(number, sys.intern(line.strip())) for number, line in all_lines(path)]
    texts = [text for _, text in lines]
    why = why_no_names(texts, False) or why_no_classes(names_of(texts, False), len(lines))
    if why:
        raise InputError(f"{path} is {why}; if it is a table, {suggested(path)} may read it")
    gathering = Gathering(path)
    for label, group in groupby(lines, itemgetter(1)):
        run = [number for number, _ in group]
        said = Annotation("", run[0] - 1, run[-1], label)
        gathering.add(said, placed("line", run[0]))
    remarks = ["a class name a line: taken as a line a frame", *gathering.remarks()]
    return Reading(gathering.annotations, "frames", remarks=remarks)


NAMES = Format("names", "a class name a line", recognises, read, alone=True)

"""Files of the Caltech Behavior Annotator (.txt), as CRIM13 and MARS have them.

    S1:     start   end     type
    -----------------------------
            1       943     other        frames from 1; the last one belongs to it
            944     1142    attack

Each stream, S1, S2 and so on, says one behaviour for every frame. (Piotr's toolbox,
``behaviorData.m``.)
"""

import re
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.files.encoding import open_encoded
from preprocessing.files.text_files import BoundedLines
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Format, Reading
from preprocessing.labels.formats.gathering import Gathering, placed, short
from preprocessing.labels.formats.sample import Sample

FIRST_LINE = "caltech behavior annotator"
STREAM = re.compile(r"(S\d+)\s*:.*")
BOUT = re.compile(r"(\d{1,15})\s+(\d{1,15})\s+(\S.*)")


def recognises(sample: Sample) -> bool:
    """Returns whether a file is one of the Caltech Behavior Annotator.

    Args:
        sample: its beginning.
    """
    return next((line for line in sample.lines if line), "").lower().startswith(FIRST_LINE)


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads all streams of a file.

    Args:
        path: the file.
        choices: nothing of them matters here.

    Raises:
        InputError: it is damaged.
    """
    gathering = Gathering(path)
    stream = ""
    with open_encoded(path, "labels") as file:
        lines = BoundedLines(file, path)
        for number, line in enumerate(lines, 1):
            lines.taken = 0
            text = line.strip()
            if found := STREAM.fullmatch(text):
                stream = found[1]
            elif stream and text.strip("-"):
                bout = BOUT.fullmatch(text)
                if bout is None:
                    raise InputError(
                        f"{path} line {number}: {short(text)}; expected first frame, last frame "
                        "and behaviour"
                    )
                annotation = Annotation("", int(bout[1]) - 1, int(bout[2]), bout[3], tier=stream)
                gathering.add(annotation, placed("line", str(number)))
    return Reading(gathering.annotations, "frames", remarks=gathering.remarks())


CALTECH = Format("caltech", "Caltech Behavior Annotator files", recognises, read)

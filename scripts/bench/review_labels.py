"""Labels of which some segments get a wrong class, for ``review.py``."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from preprocessing.labels.stretches import stretches
from preprocessing.labels.writing import write_intervals


class Segment(NamedTuple):
    """A stretch of one class in the labels of a recording.

    Attributes:
        sequence: the recording.
        start: its first step.
        stop: the step after its last.
        label: the class that it shows.
        given: the class that it has in the labels with errors.
    """

    sequence: str
    start: int
    stop: int
    label: str
    given: str

    @property
    def wrong(self) -> bool:
        """Says whether it was given another class."""
        return self.given != self.label


def with_errors(folder: Path, share: float, seed: int) -> list[Segment]:
    """Returns the segments of a folder of labels, of which some are given another class.

    It is none of its neighbours' classes, so that every segment stays one.

    Args:
        folder: a text file for each recording, a name a line.
        share: of the segments, all recordings together.
        seed: of which they are, and of their new classes.
    """
    found = []
    for path in sorted(folder.glob("*.txt")):
        names = np.array(path.read_text("utf-8").splitlines(), object)
        for label, start, stop in zip(*stretches(names), strict=True):
            found.append(Segment(path.stem, int(start), int(stop), label, label))
    classes, chance = sorted({one.label for one in found}), np.random.default_rng(seed)
    for place in sorted(chance.choice(len(found), round(share * len(found)), replace=False)):
        around = found[max(place - 1, 0) : place + 2]
        near = [one for one in around if one.sequence == found[place].sequence]
        taken = {name for one in near for name in (one.label, one.given)}
        others = [name for name in classes if name not in taken]
        found[place] = found[place]._replace(given=str(chance.choice(others)))
    return found


def write(path: Path, segments: list[Segment], fps: float) -> None:
    """Writes labels as intervals.

    Args:
        path: the CSV file.
        segments: of all recordings.
        fps: steps a second.
    """
    rows = [(one.sequence, one.start / fps, one.stop / fps, one.given) for one in segments]
    write_intervals(path, rows)

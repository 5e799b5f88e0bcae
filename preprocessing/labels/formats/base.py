"""Annotations: all that label files of any format say, once they are read."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.sample import Sample

# The end of a state that somebody began and never ended.
OPEN = float("inf")


class Annotation(NamedTuple):
    """Something that somebody said about a stretch, or a point, of a video.

    Attributes:
        media: the video, as the file names it: an id, a name with or without suffix, a path of
            any machine, a URL; empty if the file does not say, and its own name has to do.
        start: seconds of the video, or frames of it, whichever the reading says; the first frame
            is 0.
        end: where it is over, in the same unit: a last frame 7 that belongs to it gives 8. None
            for a point, ``OPEN`` for a state that was never ended.
        label: the name of the class.
        subject: the person or animal that it is about; empty if the file does not tell them apart.
        tier: the set of labels that it is one of; labels of one tier are apart in time, mostly.
        rater: who said so.
        modifiers: what more was said of it, in the order of the file.
        confidence: a share from 0 to 1; None for a person's.
    """

    media: str
    start: float
    end: float | None
    label: str
    subject: str = ""
    tier: str = ""
    rater: str = ""
    modifiers: tuple[str, ...] = ()
    confidence: float | None = None


@dataclass
class Reading:
    """All that a label file says, before anybody chooses among it.

    Attributes:
        annotations: in any order; of two million, each costs about 200 bytes.
        unit: what beginnings and ends count.
        fps: frames a second, where the file says; seconds have been made of frames by it then,
            unless ``unit`` is still frames.
        media: videos that the file is about, with or without annotations, as it names them.
        remarks: what a person should know of how it was read, a line each, without a final stop.
    """

    annotations: list[Annotation]
    unit: Literal["seconds", "frames"] = "seconds"
    fps: float | None = None
    media: tuple[str, ...] = ()
    remarks: list[str] = field(default_factory=list)


class Format(NamedTuple):
    """A format of label files.

    Attributes:
        name: as ``--label-format`` takes it.
        title: as messages and tables call it.
        recognises: whether a file is of this format, by its beginning (never by its name alone).
        read: reads a file; raises ``InputError`` for one that is damaged, with its line or place.
        alone: whether only a file that is given by itself is read so; among the files of a folder
            it is something that lies beside labels, or a list of names as folders always held.
    """

    name: str
    title: str
    recognises: Callable[[Sample], bool]
    read: Callable[[Path, LabelChoices], Reading]
    alone: bool = False

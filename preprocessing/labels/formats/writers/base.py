"""Writers of label files: what each needs and keeps, and the frames of those that count them."""

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from preprocessing.errors import InputError, shorten
from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.formats.writing import Annotated, Annotations, Video

WriterName = Literal[
    "intervals",
    "boris",
    "boris-aggregated",
    "elan",
    "via",
    "label-studio",
    "class-columns",
    "audacity",
    "webvtt",
    "names",
]
# Of one video: 15 days at 25 frames a second.
MOST_FRAMES = 1 << 25
# One file of all videos; a folder with a file a video; a folder with files of all.
Shape = Literal["file", "files", "folder"]


class Writer(NamedTuple):
    """A format that labels are written in.

    Attributes:
        name: as ``--to`` and ``--write`` take it.
        title: as messages and tables call it.
        suffix: of its files; empty for a folder with files of all videos.
        write: writes videos and what is said about them: to a file, or into a folder that is
            there; with a file a video, it gets one video at a time.
        shape: what it writes to.
        keeps: what it has a place for besides times and classes: fields of an annotation.
        points: whether it has a place for labels without length.
        framed: whether it counts frames, so that their rate must be known.
        joins: whether labels of one class become one where they overlap.
        empty: whether there may be a file that says nothing; else there is none of such a video.
    """

    name: str
    title: str
    suffix: str
    write: Callable[[Path, Annotated], None]
    shape: Shape = "file"
    keeps: Collection[str] = ()
    points: bool = True
    framed: bool = False
    joins: bool = False
    empty: bool = True


def frame_range(annotation: Annotation, fps: float) -> tuple[int, int]:
    """Returns the first frame of an annotation, from 0 on, and the one after the last.

    Whatever is shorter than a frame gets one.

    Args:
        annotation: from one second to another, or a point.
        fps: frames a second.
    """
    first = round(annotation.start * fps)
    end = annotation.start if annotation.end is None else annotation.end
    return first, max(round(end * fps), first + 1)


def rate(video: Video) -> float:
    """Returns the frames a second of a video.

    Raises:
        InputError: they are not known.
    """
    if not video.fps:
        raise InputError(
            f"how many frames a second {shorten(video.sequence)!r} has is not known, and this "
            "format counts frames; give --store, or --label-fps"
        )
    return video.fps


def frame_count(video: Video, annotations: Annotations) -> int:
    """Returns how many lines a table of frames of a video has: to its end, or its last label.

    Args:
        video: the video.
        annotations: what is said about it.

    Raises:
        InputError: its frame rate is not known, or there are far too many frames.
    """
    fps = rate(video)
    known = video.frames if video.frames is not None else round((video.seconds or 0.0) * fps)
    frames = max([known, *(frame_range(one, fps)[1] for one in annotations)])
    if frames > MOST_FRAMES:
        raise InputError(
            f"{shorten(video.sequence)!r} would have {frames:,} lines, one a frame; expected "
            f"{MOST_FRAMES:,} at most: does its last label end where it should?"
        )
    return frames


def overlap(annotations: Iterable[Annotation]) -> bool:
    """Says whether any two annotations overlap."""
    end = -1.0
    for one in sorted(annotations, key=lambda one: one.start):
        if one.start < end:
            return True
        end = max(end, one.start if one.end is None else one.end)
    return False

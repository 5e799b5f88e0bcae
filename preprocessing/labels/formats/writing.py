"""The content of files for annotation tools: videos, and what is said about them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from preprocessing.labels.formats.base import Annotation

Annotations = Sequence[Annotation]


@dataclass(frozen=True)
class Video:
    """A sequence as annotation tools know it.

    Attributes:
        sequence: its id.
        path: its video, or its name where the file is not at hand; None if there is none.
        seconds: how long it lasts; None if that is not known.
        fps: frames a second; None if that is not known.
        frames: how many frames it has, where that is known.
    """

    sequence: str
    path: Path | None = None
    seconds: float | None = None
    fps: float | None = None
    frames: int | None = None

    def link(self, folder: Path) -> str:
        """Returns how a file in a folder names the video: by a relative path, if it is there.

        Args:
            folder: the folder of the file.
        """
        if self.path is None:
            return self.sequence
        if not os.path.exists(self.path):  # False also for names that no file can have.
            return self.path.as_posix()
        return Path(os.path.relpath(self.path.resolve(), folder.resolve())).as_posix()

    def lasts(self, annotations: Annotations) -> float:
        """Returns the seconds until its end, or until that of its last label if that is later.

        Args:
            annotations: of the video.
        """
        return max([self.seconds or 0.0, *(last_second(one) for one in annotations)])


@dataclass(frozen=True)
class Annotated:
    """Videos, and all that is said about them.

    Attributes:
        videos: in the order in which they are written.
        annotations: of each sequence, in seconds, in order of time; a mapping may read them when
            they are asked for, so that never those of more than one video are in memory. Tiers
            that differ are kept apart.
        classes: all classes there may be, also those that nobody has seen.
        name: what a file of it all is called, where its format has a place for that.
    """

    videos: tuple[Video, ...]
    annotations: Mapping[str, Annotations]
    classes: tuple[str, ...]
    name: str = "labels"

    def of(self, video: Video) -> Annotations:
        """Returns what is said about a video."""
        return self.annotations.get(video.sequence, ())


def last_second(annotation: Annotation) -> float:
    """Returns where an annotation is over; a point is where it begins."""
    return annotation.start if annotation.end is None else annotation.end

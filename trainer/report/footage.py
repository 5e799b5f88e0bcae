"""The videos of sequences, so that a report can play them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from preprocessing.errors import VideoError
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.streams import printable
from preprocessing.videos.pictures import source_video


@dataclass(frozen=True)
class Footage:
    """The video of a sequence.

    Attributes:
        name: the file's name, by which a reader can choose it at another place.
        uri: ``file://...``, None where there is no such video.
        problem: why there is none.
        start_time: the second of the timestamps that players show as 0.
    """

    name: str
    uri: str | None
    problem: str
    start_time: float


def footage(infos: Iterable[SequenceInfo]) -> dict[str, Footage]:
    """Returns the video of each sequence, if it is unchanged since its features were made."""
    return {info.sequence_id: _footage(info) for info in infos}


def _footage(info: SequenceInfo) -> Footage:
    name = printable(Path(info.origin.source).name)
    try:
        uri = source_video(info.origin).as_uri()
    except VideoError as error:
        return Footage(name, None, printable(str(error)), info.start_time)
    return Footage(name, uri, "", info.start_time)

"""Where the video of a sequence lies, so that a report can play it."""

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
        name: of the file, by which a reader can give it another place.
        uri: ``file://...``, None where there is no such video.
        problem: why there is none.
        start_time: second of the timestamps that players show as 0.
    """

    name: str
    uri: str | None
    problem: str
    start_time: float


def footage(infos: Iterable[SequenceInfo]) -> dict[str, Footage]:
    """The video of each sequence, as far as it is still what its features were made from."""
    return {info.sequence_id: _footage(info) for info in infos}


def _footage(info: SequenceInfo) -> Footage:
    name = printable(Path(info.origin.source).name)
    try:
        uri = source_video(info.origin).as_uri()
    except VideoError as error:
        return Footage(name, None, printable(str(error)), info.start_time)
    return Footage(name, uri, "", info.start_time)

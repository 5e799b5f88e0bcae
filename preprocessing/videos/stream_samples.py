"""Sampled frames of one source: a file to its end, or a live source as it happens.

A file, also one behind a URL, gives the samples that extraction takes of it, and waits for who
takes them. What is live gives the first frame from each instant on, and waits for nobody: of the
samples that were not taken yet only the last few are kept.

    frames of a camera      0.00  0.04  0.08  ...  0.24  0.28  ...
    instants                0.00                     0.25             (4 steps a second)
    sampled                 0.00                         0.28
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from preprocessing.files.fingerprint import fingerprint
from preprocessing.videos.clip import Clip
from preprocessing.videos.damage import WHOLE_SHARE
from preprocessing.videos.live_video import Arrived, LiveVideo, is_live
from preprocessing.videos.newest import Newest
from preprocessing.videos.plain_url import plain
from preprocessing.videos.reader import Sample, VideoReader
from preprocessing.videos.sampling import INSTANT_TOLERANCE
from preprocessing.videos.views import View, Views

Timed = TypeVar("Timed", bound=Arrived)


@dataclass(frozen=True)
class StreamSample(Sample):
    """A sampled frame, and how it arrived.

    Attributes:
        arrived: when its frame was decoded, by ``time.monotonic()``.
        clock: the same in seconds since 1970; None for a file, whose pictures are of another time.
        dropped: samples before it that nobody took in time.
    """

    arrived: float
    clock: float | None = None
    dropped: int = 0


class FileSamples:
    """Samples of a video file, or of one behind a URL.

    Args:
        source: path or URL.
        fps: samples per second, or None for every frame.
        sizes: (height, width) of the frames; see ``VideoReader``.
        clips: the clip that is wanted of each size; see ``VideoReader``.

    Attributes:
        source: the content's fingerprint, or the URL.
        name: the source's name in messages.
        start_time: the second that players show as 0.

    Raises:
        VideoError: the source cannot be opened as a video.
        OSError: the source cannot be read.
    """

    live = False
    origin = None

    def __init__(
        self,
        source: Path | str,
        fps: float | None,
        sizes: Sequence[tuple[int, int]],
        clips: Sequence[Clip | None] = (),
    ):
        self.source = source if isinstance(source, str) else fingerprint(source)
        self.name = plain(source) if isinstance(source, str) else str(source)
        self.video = VideoReader(source, fps, sizes, clips)
        self.start_time = self.video.start_time

    def __iter__(self) -> Iterator[StreamSample]:
        with self.video:
            for sample in self.video:
                yield StreamSample(sample.timestamp, sample.pixels, time.monotonic())

    @property
    def trouble(self) -> str:
        """The damage of the video, once all samples were taken; empty if there is none."""
        damage = self.video.damage
        return str(damage) if damage.found else ""

    @property
    def broke_off(self) -> bool:
        """True if the video came over a network and ended too early."""
        return isinstance(self.video.path, str) and self.video.damage.share < WHOLE_SHARE


class LiveSamples:
    """Samples of a camera or of an endless stream.

    Args:
        source: the number of a camera, or a URL.
        fps: samples per second, or None for every frame.
        sizes: (height, width) of the frames.
        backlog: the number of samples that may wait to be taken.
        origin: the time that counts as 0, in seconds since 1970; None for the first frame's.
        after: the time in seconds that all samples come after.
        give_up: seconds without a frame after which to stop trying to connect; None never stops.
        stopped: called now and then; True ends the samples.
        clips: the clip that is wanted of each size; see ``VideoReader``. A clip holds frames that
            arrived, also such as no sample shows, and those of before a lost connection.

    Raises:
        VideoError: the source cannot be reached.
    """

    live = True
    start_time = 0.0
    trouble = ""
    broke_off = False

    def __init__(
        self,
        source: str,
        fps: float | None,
        sizes: Sequence[tuple[int, int]],
        backlog: int,
        origin: float | None = None,
        after: float = -math.inf,
        give_up: float | None = None,
        stopped: Callable[[], bool] = lambda: False,
        clips: Sequence[Clip | None] = (),
    ):
        self._video = LiveVideo(source, origin, after, give_up, stopped)
        self.name = self._video.name
        self.source, self.fps, self.backlog = source, fps, backlog
        self._views = Views(sizes, clips)
        self._stopped = stopped

    def __iter__(self) -> Iterator[StreamSample]:
        samples = (self._sample(arrived) for arrived in first_of_each(self._seen(), self.fps))
        for sample, dropped in Newest(samples, self.backlog, self._stopped):
            yield StreamSample(
                sample.timestamp, sample.pixels, sample.arrived, sample.clock, dropped
            )

    @property
    def origin(self) -> float | None:
        """The second since 1970 that counts as 0, once there was a frame."""
        return self._video.origin

    def _seen(self) -> Iterator["_Seen"]:
        for arrived in self._video:
            at = time.monotonic()
            view = self._views.see(arrived.frame)
            yield _Seen(arrived.time, arrived.clock, arrived.frame, view, at)

    def _sample(self, seen: "_Seen") -> StreamSample:
        return StreamSample(seen.time, seen.view.pixels(), seen.at, seen.clock)


@dataclass(frozen=True)
class _Seen(Arrived):
    """A frame as backbones see it, and when it was decoded, by ``time.monotonic()``."""

    view: View
    at: float


def first_of_each(frames: Iterable[Timed], fps: float | None) -> Iterator[Timed]:
    """Yields the first frame at or after each instant ``k / fps``.

    Args:
        frames: frames in time order.
        fps: instants per second; None yields every frame.
    """
    due = -math.inf
    for arrived in frames:
        if fps is None or arrived.time >= due - INSTANT_TOLERANCE:
            yield arrived
            due = (math.floor((arrived.time + INSTANT_TOLERANCE) * (fps or 1)) + 1) / (fps or 1)


def as_file(source: str) -> Path | str | None:
    """Returns the path or URL of a source that is a file, None if the source is live.

    Raises:
        VideoError: the source is neither.
    """
    if Path(source).exists():
        return Path(source)
    return None if is_live(source) else source

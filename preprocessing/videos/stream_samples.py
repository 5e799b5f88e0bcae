"""Sampled frames of one source as they come: of a file to its end, of what is live as it happens.

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

from preprocessing.files.fingerprint import fingerprint
from preprocessing.videos.damage import WHOLE_SHARE
from preprocessing.videos.live_video import Arrived, LiveVideo, is_live
from preprocessing.videos.newest import Newest
from preprocessing.videos.plain_url import plain
from preprocessing.videos.reader import Sample, VideoReader, resized
from preprocessing.videos.sampling import INSTANT_TOLERANCE


@dataclass(frozen=True)
class StreamSample(Sample):
    """A sampled frame, and how it came.

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
        fps: samples a second, or None for every frame.
        sizes: (height, width) of the frames; see ``VideoReader``.

    Attributes:
        source: the content's fingerprint, or the URL.
        name: for messages.
        start_time: seconds that players show as 0.

    Raises:
        VideoError: it cannot be opened as a video.
        OSError: it cannot be read.
    """

    live = False
    origin = None

    def __init__(self, source: Path | str, fps: float | None, sizes: Sequence[tuple[int, int]]):
        self.source = source if isinstance(source, str) else fingerprint(source)
        self.name = plain(source) if isinstance(source, str) else str(source)
        self.video = VideoReader(source, fps, sizes)
        self.start_time = self.video.start_time

    def __iter__(self) -> Iterator[StreamSample]:
        with self.video:
            for sample in self.video:
                yield StreamSample(sample.timestamp, sample.pixels, time.monotonic())

    @property
    def trouble(self) -> str:
        """What was wrong with it, once all samples were taken; empty if nothing was."""
        damage = self.video.damage
        return str(damage) if damage.found else ""

    @property
    def broke_off(self) -> bool:
        """Whether it came over a network and ended before its end."""
        return isinstance(self.video.path, str) and self.video.damage.share < WHOLE_SHARE


class LiveSamples:
    """Samples of a camera or of a stream without an end.

    Args:
        source: number of a camera, or a URL.
        fps: samples a second, or None for every frame.
        sizes: (height, width) of the frames.
        backlog: samples that may wait to be taken.
        origin: the second since 1970 that counts as 0; None for that of the first frame.
        after: times go on after this one.
        give_up: seconds without a frame after which to stop trying to connect; None never does.
        stopped: asked now and then; true ends the samples.

    Raises:
        VideoError: it cannot be reached.
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
    ):
        self._video = LiveVideo(source, origin, after, give_up, stopped)
        self.name = self._video.name
        self.source, self.fps, self.sizes, self.backlog = source, fps, sizes, backlog
        self._stopped = stopped

    def __iter__(self) -> Iterator[StreamSample]:
        samples = (self._sample(arrived) for arrived in first_of_each(self._video, self.fps))
        for sample, dropped in Newest(samples, self.backlog, self._stopped):
            yield StreamSample(
                sample.timestamp, sample.pixels, sample.arrived, sample.clock, dropped
            )

    @property
    def origin(self) -> float | None:
        """The second since 1970 that is 0, once there was a frame."""
        return self._video.origin

    def _sample(self, arrived: Arrived) -> StreamSample:
        at = time.monotonic()
        pixels = tuple(resized(arrived.frame, size) for size in self.sizes)
        return StreamSample(arrived.time, pixels, at, arrived.clock)


def first_of_each(frames: Iterable[Arrived], fps: float | None) -> Iterator[Arrived]:
    """Picks the first frame from each instant ``k / fps`` on; None picks all."""
    due = -math.inf
    for arrived in frames:
        if fps is None or arrived.time >= due - INSTANT_TOLERANCE:
            yield arrived
            due = (math.floor((arrived.time + INSTANT_TOLERANCE) * (fps or 1)) + 1) / (fps or 1)


def as_file(source: str) -> Path | str | None:
    """The path or URL of a source that is a file, None if it is live.

    Raises:
        VideoError: it is neither.
    """
    if Path(source).exists():
        return Path(source)
    return None if is_live(source) else source

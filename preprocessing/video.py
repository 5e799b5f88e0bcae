"""Frames of a video file, with the times at which they are shown.

source frames   0.00  0.04  0.08  0.12  0.16  0.20  0.24  0.28       (25 fps)
instants        0.00                                  0.25           (--fps 4)
sampled         0.00                            0.24                 the frame shown then
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import VideoError

SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"}
    | {".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv"}
)
INSTANT_TOLERANCE = 1e-6
WHOLE_SHARE = 0.95

Shown = TypeVar("Shown")


@dataclass(frozen=True)
class Sample:
    """One sampled frame.

    Attributes:
        timestamp: seconds at which it is shown; see ``sample``.
        pixels: ``<uint8>[H, W, 3]``, RGB, once for each size asked for.
    """

    timestamp: float
    pixels: tuple[NDArray[np.uint8], ...]


class VideoReader:
    """Decodes one video from beginning to end.

    Args:
        path: the file.
        fps: samples per second, or None for every frame.
        sizes: (height, width) to which frames are resized, without regard to their aspect; one
            size or more.

    Attributes:
        frames_decoded: frames decoded so far.
        start_time: seconds; what players show as 0.
        duration: seconds as the header has it, 0 if it does not.

    Raises:
        VideoError: the file cannot be opened or has no video stream.
    """

    def __init__(self, path: Path, fps: float | None, sizes: Sequence[tuple[int, int]]):
        self.path = path
        self.fps = fps
        self.sizes = sizes
        self.frames_decoded = 0
        self._shown_until = 0.0
        try:
            self._container = av.open(f"file:{path}", metadata_errors="replace")
        except (av.error.FFmpegError, OSError) as error:
            raise VideoError(
                "unreadable", f"{path} cannot be opened as a video: {_text(error)}"
            ) from None
        if not self._container.streams.video:
            self._container.close()
            raise VideoError("no video", f"{path} has no video stream")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self.start_time = (self._container.start_time or 0) / av.time_base
        self.duration = (self._container.duration or 0) / av.time_base

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def __iter__(self) -> Iterator[Sample]:
        """Yields samples in time order.

        Raises:
            VideoError: a frame does not decode, none does, or the video ends long before its time.
        """
        for timestamp, frame in sample(self._frames(), self.fps):
            yield Sample(timestamp, tuple(_pixels(frame, size) for size in self.sizes))
        if not self.frames_decoded:
            raise VideoError("no frames", f"{self.path}: no frame of it can be decoded")
        missing = self._header_end() - self._shown_until
        if missing > 1 + (1 - WHOLE_SHARE) * self.duration:
            raise VideoError(
                "truncated",
                f"{self.path} ends {missing:.1f} s before its header says; is it a whole copy?",
            )

    def _header_end(self) -> float:
        """Presentation time at which the video stream ends by the header; 0 if it does not say."""
        stream, container = self._stream, self._container
        if stream.duration and stream.time_base:
            return float(((stream.start_time or 0) + stream.duration) * stream.time_base)
        if match := re.fullmatch(r"(\d+):(\d+):([\d.]+)", stream.metadata.get("DURATION", "")):
            hours, minutes, seconds = map(float, match.groups())
            return 3600 * hours + 60 * minutes + seconds
        return self.start_time + self.duration if len(container.streams) == 1 else 0.0

    def _frames(self) -> Iterator[tuple[float, float, av.VideoFrame]]:
        """Yields (shown from, shown until, frame); frames that go back in time are not shown."""
        rate = self._stream.average_rate or self._stream.guessed_rate
        usual = 1 / float(rate) if rate else 0.04
        latest, until = -np.inf, -np.inf
        try:
            for frame in self._container.decode(self._stream):
                self.frames_decoded += 1
                time = frame.time if frame.time is not None else max(until, 0.0)
                if time <= latest:
                    continue
                latest, length = time, float((frame.duration or 0) * (frame.time_base or 0))
                until = time + (length or usual)
                self._shown_until = until
                yield time, until, frame
        except av.error.FFmpegError as error:
            raise VideoError(
                "damaged",
                f"{self.path} does not decode after frame {self.frames_decoded}: {_text(error)}",
            ) from None


def sample(
    frames: Iterable[tuple[float, float, Shown]], fps: float | None
) -> Iterator[tuple[float, Shown]]:
    """Picks the frame shown at each instant, ``fps`` of them a second from the first frame on.

    A frame that is on screen for several instants is picked for each: the first time with its
    own presentation time, then with the instant's, so that the times of what is picked always
    increase.

    Args:
        frames: (shown from, shown until, frame) in seconds, in time order; the second number
            counts only for the last frame.
        fps: instants per second; None picks every frame once.

    Yields:
        (timestamp in seconds, frame).
    """
    if fps is None:
        yield from ((begin, frame) for begin, _, frame in frames)
        return
    instant = _Instants(fps)
    shown: tuple[float, float, Shown] | None = None
    for frame in frames:
        if shown is None:
            instant.origin = frame[0]
        else:
            yield from instant.until(frame[0], shown)
        shown = frame
    if shown is not None:
        yield from instant.until(shown[1], shown)


class _Instants:
    """Counts instants ``origin + k / fps``."""

    def __init__(self, fps: float):
        self.fps = fps
        self.origin = 0.0
        self.count = 0

    def until(self, end: float, shown: tuple[float, float, Shown]) -> Iterator[tuple[float, Shown]]:
        begin, _, frame = shown
        first = True
        while (now := self.origin + self.count / self.fps) < end - INSTANT_TOLERANCE:
            self.count += 1
            yield (begin if first else now), frame
            first = False


def _pixels(frame: av.VideoFrame, size: tuple[int, int]) -> NDArray[np.uint8]:
    height, width = size
    turns = round(frame.rotation / 90) % 4
    if turns % 2:
        height, width = width, height
    pixels = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
    return np.ascontiguousarray(np.rot90(pixels, turns))


def expected_samples(path: Path, fps: float | None) -> int:
    """How many samples a file's header promises; 0 if it does not say or cannot be opened."""
    try:
        with VideoReader(path, fps, [(1, 1)]) as reader:
            rate = fps or float(reader._stream.average_rate or 0)
            return round(reader.duration * rate)
    except VideoError:
        return 0


def _text(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)

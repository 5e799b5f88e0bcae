"""Frames as they happen: a camera, or a stream of the network that has no end.

    shown, by the stream   7.00  7.04  7.08  ...        (lost)  0.00  0.04  ...    connected again
    seconds since begun    0.00  0.04  0.08  ...        3.00          3.04  ...    by the clock here

Presentation times say how far apart frames are, the clock of this machine where a connection's
first frame stands. So neither a lost connection nor a clock that starts again moves later times.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import av
import cv2

from preprocessing.console import note
from preprocessing.errors import InputError, VideoError
from preprocessing.video_file import open_network, plain, text_of, video_stream

Frame = tuple[float | None, av.VideoFrame]

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # Seconds before another try to connect.
CLOCK_TOLERANCE = 10.0  # Seconds by which the stream's clock may differ from ours.


@dataclass(frozen=True)
class Arrived:
    """A frame that was just decoded.

    Attributes:
        time: seconds since the first frame, or since ``origin``.
        clock: when it came, seconds since 1970.
    """

    time: float
    clock: float
    frame: av.VideoFrame


class LiveVideo:
    """Connects to a source, again and again when it is lost, and gives its frames.

    Args:
        source: number of a camera, or a URL.
        origin: the second since 1970 that counts as 0; None for that of the first frame.
        give_up: seconds without a frame after which to stop trying; None never does.
        stopped: asked between two tries; true ends the frames.

    Attributes:
        origin: as above, once there was a frame.

    Raises:
        VideoError: the first try to connect fails.
    """

    def __init__(
        self,
        source: str,
        origin: float | None = None,
        give_up: float | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ):
        self.source, self.origin, self.give_up, self._stopped = source, origin, give_up, stopped
        self.name = f"camera {source}" if source.isdecimal() else plain(source)
        self._latest = -math.inf
        self._connection: Iterator[Frame] | None = _connect(source)

    def __iter__(self) -> Iterator[Arrived]:
        """Yields frames in time order.

        Raises:
            InputError: nothing came for ``give_up`` seconds.
        """
        pause, heard = FIRST_PAUSE, time.time()
        while not self._stopped():
            try:
                for arrived in self._placed(self._connection or _connect(self.source)):
                    pause, heard = FIRST_PAUSE, arrived.clock
                    yield arrived
                why = "it ended"
            except VideoError as error:
                why = str(error).removeprefix(f"{self.name}: ").removeprefix(f"{self.name} ")
            self._connection = None
            if self.give_up is not None and time.time() - heard >= self.give_up:
                raise InputError(
                    f"{self.name} sent nothing for {self.give_up:g} s ({why}); see that "
                    "it sends, then start the same command again"
                )
            note(f"{self.name} was lost ({why}); next try in {pause:g} s")
            self._wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _placed(self, frames: Iterator[Frame]) -> Iterator[Arrived]:
        """Times of one connection's frames; those that would go back are left out."""
        anchor: float | None = None
        for shown, frame in frames:
            clock = time.time()
            self.origin = clock if self.origin is None else self.origin
            now = clock - self.origin
            if shown is None:
                when = now
            else:
                if anchor is None or abs(anchor + shown - now) > CLOCK_TOLERANCE:
                    anchor = now - shown
                when = anchor + shown
            if when > self._latest:
                self._latest = when
                yield Arrived(when, clock, frame)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stopped():
            time.sleep(min(0.1, seconds))


def is_live(source: str) -> bool:
    """Whether a source that is no file has no end: a camera, or a stream without a duration.

    Raises:
        VideoError: it cannot be opened.
    """
    if source.isdecimal() or not source.startswith(("http://", "https://")):
        return True
    with open_network(source) as container:
        return container.duration is None


def _connect(source: str) -> Iterator[Frame]:
    """Opens a source; what it yields is (presentation time or None, frame)."""
    return _camera_frames(int(source)) if source.isdecimal() else _network_frames(source)


def _network_frames(url: str) -> Iterator[Frame]:
    container = open_network(url)
    try:
        stream = video_stream(container, plain(url))
    except VideoError:
        container.close()
        raise
    # Threads that work on a frame each would hold back as many frames.
    stream.thread_type = "SLICE"
    return _decoded(container, stream, plain(url))


def _decoded(container: Any, stream: Any, name: str) -> Iterator[Frame]:
    unit = float(stream.time_base or 1)
    with container:
        try:
            for packet in container.demux(stream):
                frames: list[av.VideoFrame] = []
                # Who comes in the middle gets frames that refer to some before: not errors of ours.
                with suppress(av.error.InvalidDataError):
                    frames = packet.decode()
                for frame in frames:
                    yield None if frame.pts is None else frame.pts * unit, frame
        except av.error.FFmpegError as error:
            raise VideoError("lost", f"{name}: {text_of(error)}") from None


def _camera_frames(number: int) -> Iterator[Frame]:
    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    camera = cv2.VideoCapture(number)
    cv2.utils.logging.setLogLevel(before)
    if not camera.isOpened():
        raise VideoError(
            "unreadable",
            f"there is no camera {number}, or another program uses it; give the number of one, a "
            "file or a URL",
        )
    camera.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return _captured(camera)


def _captured(camera: Any) -> Iterator[Frame]:
    try:
        while True:
            there, pixels = camera.read()
            if not there:
                return
            yield None, av.VideoFrame.from_ndarray(pixels, format="bgr24")
    finally:
        camera.release()

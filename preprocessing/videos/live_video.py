"""Frames as they happen: a camera, or a stream of the network that has no end.

    shown, by the stream   7.00  7.04  7.08  ...        (lost)  0.00  0.04  ...    connected again
    seconds since begun    0.00  0.04  0.08  ...        3.00    3.04        ...    by the clock here

Presentation times say how far apart frames are, the clock of this machine where a connection's
first frame stands. So neither a lost connection nor a clock that starts again moves later times.
The clock is one that nobody can set; only at the start it is told from the time of day.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import av
import cv2

from preprocessing.errors import InputError, VideoError
from preprocessing.terminal.console import note
from preprocessing.videos.plain_url import plain
from preprocessing.videos.video_file import open_network, text_of, video_stream

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # Seconds before another try to connect.
CLOCK_TOLERANCE = 10.0  # Seconds by which the stream's clock may differ from ours.
LEAST_GAP = 1e-3  # Seconds between the frames on both sides of a clock that begins again.
MOST_CAMERAS = 1000


@dataclass(frozen=True)
class Frame:
    """A picture as a source gives it.

    Attributes:
        shown: presentation time in seconds of the source's clock; None if the source has no clock.
        picture: the picture from the decoder or from OpenCV.
    """

    shown: float | None
    picture: av.VideoFrame


@dataclass(frozen=True)
class Arrived:
    """A frame that was just decoded.

    Attributes:
        time: seconds since the first frame, or since ``origin``.
        clock: seconds since 1970 at which the frame came.
        frame: the decoded picture.
    """

    time: float
    clock: float
    frame: av.VideoFrame


class LiveVideo:
    """Connects to a source, again whenever it is lost, and yields its frames.

    Args:
        source: the number of a camera, or a URL.
        origin: the time that counts as 0, in seconds since 1970; None for the first frame's.
        after: the time in seconds that all frames come after.
        give_up: seconds without a frame after which to stop trying; None never stops.
        stopped: called between two tries; True ends the frames.

    Attributes:
        origin: the argument, or the first frame's time once there is a frame.

    Raises:
        VideoError: the first try to connect fails.
    """

    def __init__(
        self,
        source: str,
        origin: float | None = None,
        after: float = -math.inf,
        give_up: float | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ):
        self.source, self.origin, self.give_up, self._stopped = source, origin, give_up, stopped
        self.name = f"camera {source}" if source.isdecimal() else plain(source)
        self._latest = after
        self._clock_offset = time.time() - time.monotonic()
        self._heard = time.monotonic()
        self._connection: Iterator[Frame | None] | None = _connect(source)

    def __iter__(self) -> Iterator[Arrived]:
        """Yields frames in time order.

        Raises:
            InputError: no frame came for ``give_up`` seconds.
        """
        pause, self._heard = FIRST_PAUSE, time.monotonic()
        while not self._stopped():
            try:
                for arrived in self._placed(self._connection or _connect(self.source)):
                    pause = FIRST_PAUSE
                    yield arrived
                why = "it ended"
            except VideoError as error:
                why = str(error).removeprefix(f"{self.name}: ").removeprefix(f"{self.name} ")
            self._connection = None
            self._require_heard(why)
            note(f"{self.name} was lost ({why}); next try in {pause:g} s")
            self._wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _placed(self, frames: Iterator[Frame | None]) -> Iterator[Arrived]:
        """Yields the frames of one connection with their times."""
        anchor, lead, before = math.nan, 0.0, -math.inf
        for frame in frames:
            if frame is None:
                self._require_heard("nothing of it can be decoded")
                continue
            clock = time.monotonic() + self._clock_offset
            self.origin = clock if self.origin is None else self.origin
            now = clock - self.origin
            shown = now if frame.shown is None else frame.shown
            if shown <= before or not abs(anchor + shown - now - lead) <= CLOCK_TOLERANCE:
                # Never back: a stream that began anew goes on after what came before.
                anchor = max(now, self._latest + LEAST_GAP) - shown
                lead = anchor + shown - now
            before, self._latest = shown, anchor + shown
            self._heard = time.monotonic()
            yield Arrived(self._latest, clock, frame.picture)

    def _require_heard(self, why: str) -> None:
        if self.give_up is not None and time.monotonic() - self._heard >= self.give_up:
            raise InputError(
                f"{self.name} sent nothing for {self.give_up:g} s ({why}); see that it sends, then "
                "start the same command again"
            )

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._stopped():
            time.sleep(min(0.1, seconds))


def is_live(source: str) -> bool:
    """Returns True if a source that is no file never ends: a camera, or an endless stream.

    Raises:
        VideoError: the source cannot be opened.
    """
    if source.isdecimal() or not source.lower().startswith(("http://", "https://")):
        return True
    with open_network(source) as container:
        return container.duration is None


def _connect(source: str) -> Iterator[Frame | None]:
    """Opens a source and yields its frames, and None for a packet that gives no frame."""
    return _camera_frames(int(source)) if source.isdecimal() else _network_frames(source)


def _network_frames(url: str) -> Iterator[Frame | None]:
    container = open_network(url)
    try:
        stream = video_stream(container, plain(url))
    except VideoError:
        container.close()
        raise
    # Threads that work on a frame each would hold back as many frames.
    stream.thread_type = "SLICE"
    return _decoded(container, stream, plain(url))


def _decoded(container: Any, stream: Any, name: str) -> Iterator[Frame | None]:
    unit = float(stream.time_base or 1)
    with container:
        try:
            for packet in container.demux(stream):
                pictures: list[av.VideoFrame] = []
                # Who comes in the middle gets frames that refer to some before: not errors of ours.
                with suppress(av.error.InvalidDataError):
                    pictures = packet.decode()
                if not pictures:
                    yield None
                for picture in pictures:
                    yield Frame(None if picture.pts is None else picture.pts * unit, picture)
        except av.error.FFmpegError as error:
            raise VideoError("lost", f"{name}: {text_of(error)}") from None


def _camera_frames(number: int) -> Iterator[Frame]:
    if number >= MOST_CAMERAS:
        raise VideoError("unreadable", f"there is no camera {number}; give a smaller number")
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
            yield Frame(None, av.VideoFrame.from_ndarray(pixels, format="bgr24"))
    finally:
        camera.release()

"""Small pictures of a video at given times, found by seeking.

asked for        |         |         |         |
keyframes     K--------K-----------------K--------
decoded       =====>   ===>=========>    =====>        from the keyframe before, on
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import VideoError
from preprocessing.files.fingerprint import fingerprint
from preprocessing.store.sequence_info import Origin
from preprocessing.videos.reader import SUFFIXES
from preprocessing.videos.sampling import INSTANT_TOLERANCE
from preprocessing.videos.video_file import open_container, text_of, video_stream

LONGEST_SIDE = 320
SECONDS_BACK = (0.0, 2.0, 10.0, 60.0)
Timed = tuple[float, av.VideoFrame]


def source_video(origin: Origin) -> Path:
    """Returns the video that a sequence was made from, if the video is unchanged.

    The path comes from a feature file, which may be a stranger's. So the file is opened only if it
    is an ordinary file with a video's suffix and the recorded content.

    Raises:
        VideoError: the file is no video, is gone, or has other content.
    """
    path = Path(origin.source)
    if path.suffix.lower() not in SUFFIXES:
        raise VideoError("no video", f"the features were not made from a video: {path}")
    try:
        there = path.is_absolute() and path.is_file()
        same = there and fingerprint(path) == origin.fingerprint
    except (OSError, ValueError):
        there = same = False
    if not there:
        raise VideoError("gone", f"the video is not at its place any more: {path}")
    if not same:
        raise VideoError("changed", f"the video has changed since the features were made: {path}")
    return path


def thumbnails(path: Path, times: Sequence[float]) -> Iterator[NDArray[np.uint8] | None]:
    """Yields the picture on screen at each time, upright, in its true aspect.

    Args:
        path: a video; see ``source_video``.
        times: presentation times in seconds, ascending.

    Yields:
        ``<uint8>[H, W, 3]``, RGB, the longer side ``LONGEST_SIDE``; None where nothing decodes.

    Raises:
        VideoError: the file cannot be opened, or has no video stream.
    """
    try:
        with open_container(path) as video, open_container(path) as scout:
            if video.streams.best("video") is None:
                raise VideoError("no video", f"the file holds no video: {path}")
            frames = _Frames(video, scout)
            for time in times:
                frame = frames.at(time)
                yield None if frame is None else _picture(frame, frames.stream)
    except (av.error.FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise VideoError("unreadable", f"the video cannot be opened ({reason}): {path}") from None


class _Frames:
    """Frames by time, asked for in time order.

    Args:
        video: the opened file to decode.
        scout: the same file, opened again; it finds out where a seek would lead, so that decoding
            jumps only over frames that nobody asks for.
    """

    def __init__(self, video: av.container.InputContainer, scout: av.container.InputContainer):
        self.stream = cast(Any, video.streams.best("video"))
        self.stream.thread_type = "AUTO"
        self._video, self._scout = video, scout
        self._decoded = self._decode()
        self._shown: Timed | None = None
        self._coming: Timed | None = None

    def at(self, time: float) -> av.VideoFrame | None:
        """Returns the last frame that begins at or before ``time``, or None if nothing decodes.

        If seeking leads past ``time`` in every attempt, the first frame after it is returned.
        """
        try:
            self._jump(time)
            while self._coming is None or self._coming[0] <= time + INSTANT_TOLERANCE:
                self._shown = self._coming or self._shown
                self._coming = next(self._decoded)
        except StopIteration:
            self._coming = None
        except av.error.FFmpegError:
            last, self._shown, self._coming = self._shown, None, None
            return last[1] if last and time < last[0] + _length(last[1]) else None
        nearest = self._shown or self._coming
        return nearest[1] if nearest else None

    def _jump(self, time: float) -> None:
        """Seeks to the keyframe before ``time``, unless decoding stands between the two."""
        offset, keyframe = self._keyframe(time)
        position = self._coming or self._shown
        if keyframe > (position[0] if position else -math.inf):
            self._video.seek(offset, stream=self.stream)
            self._decoded = self._decode()
            self._shown = self._coming = None

    def _decode(self) -> Iterator[Timed]:
        latest = -math.inf
        for packet in self._video.demux(self.stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                continue
            for frame in frames:
                time = latest if frame.time is None else frame.time
                if time >= latest:
                    yield time, frame
                    latest = time

    def _keyframe(self, time: float) -> tuple[int, float]:
        """Returns the offset to seek to, and the time of the keyframe that decoding then begins at.

        Some containers seek behind the requested time, or between keyframes, so the scout tries
        earlier times until a keyframe is early enough; -inf is the time if there is none.
        """
        stream: Any = self._scout.streams.best("video")
        base = float(stream.time_base or 1 / av.time_base)
        for back in SECONDS_BACK:
            offset = math.floor((time - back) / base)
            begin = self._first_keyframe(offset, stream)
            if begin is not None and begin * base <= time + INSTANT_TOLERANCE:
                return offset, begin * base
        return 0, -math.inf

    def _first_keyframe(self, offset: int, stream: av.video.stream.VideoStream) -> int | None:
        try:
            self._scout.seek(offset, stream=stream)
            packets = (packet for packet in self._scout.demux(stream) if packet.is_keyframe)
            return next(packet.dts if packet.pts is None else packet.pts for packet in packets)
        except (av.error.FFmpegError, StopIteration):
            return None


def _length(frame: av.VideoFrame) -> float:
    """Returns the seconds for which a frame is shown, as far as it knows."""
    return float((frame.duration or 0) * (frame.time_base or 0))


def _picture(frame: av.VideoFrame, stream: av.video.stream.VideoStream) -> NDArray[np.uint8]:
    wide = float(stream.sample_aspect_ratio or 1) * frame.width
    scale = LONGEST_SIDE / max(wide, frame.height)
    width, height = (max(1, round(side * scale)) for side in (wide, frame.height))
    pixels = frame.to_ndarray(format="rgb24", width=width, height=height, interpolation="AREA")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4))


def shown_size(path: Path) -> tuple[int, int]:
    """Returns the height and width in pixels of a video's first frame, upright, in its true aspect.

    Raises:
        VideoError: the file cannot be opened, has no video stream, or no frame of it can be
            decoded.
    """
    try:
        with open_container(path) as container:
            stream = video_stream(container, str(path))
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.FFmpegError:
                    continue
                for frame in frames:
                    width = max(1, round(frame.width * float(stream.sample_aspect_ratio or 1)))
                    turned = round(frame.rotation / 90) % 2
                    return (width, frame.height) if turned else (frame.height, width)
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(
            "unreadable", f"{path} cannot be opened as a video: {text_of(error)}"
        ) from None
    raise VideoError("no frames", f"{path}: no frame of it can be decoded")

"""Frames of a video file, with the times at which they are shown.

source frames   0.00  0.04  0.08  0.12  0.16  0.20  0.24  0.28       (25 fps)
instants        0.00                                  0.25           (--fps 4)
sampled         0.00                            0.24                 the frame shown then
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av

from preprocessing.errors import VideoError
from preprocessing.videos.clip import Clip
from preprocessing.videos.damage import Damage
from preprocessing.videos.frame_numbers import FrameNumbers
from preprocessing.videos.frame_order import in_order
from preprocessing.videos.sampling import sample
from preprocessing.videos.timeline import (
    LOOK_AHEAD,
    Announced,
    Timeline,
    any_instant,
    mark_shown,
)
from preprocessing.videos.video_file import VideoFile
from preprocessing.videos.views import View, Views

SUFFIXES = frozenset(
    {".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg"}
    | {".mts", ".mxf", ".ogv", ".ts", ".vob", ".webm", ".wmv"}
)


@dataclass(frozen=True)
class Sample:
    """One sampled frame.

    Attributes:
        timestamp: seconds at which the frame is shown; see ``sample``.
        pixels: ``<uint8>[H, W, 3]``, RGB, once for each requested size; a tuple of T of them, the
            oldest first, where a clip was requested.
        frame: the frame's number in the video; -1 if frames are not counted.
    """

    timestamp: float
    pixels: tuple[Any, ...]
    frame: int = field(default=-1, kw_only=True)


class VideoReader:
    """Decodes one video from beginning to end.

    Packets that do not decode are counted and passed over; ``damage`` reports them.

    Args:
        path: the file, or the URL of one.
        fps: samples per second, or None for every frame. A frame that no sample shows and no other
            frame refers to is not decoded, if the file marks such frames.
        sizes: (height, width) of the resized frames, one size or more; their aspect is ignored.
        clips: for each size the clip that is wanted, or None for the frame alone; none at all wants
            no clips. With clips, every frame is decoded.

    Attributes:
        frames_decoded: the number of frames decoded so far.
        numbers: the numbers of the frames, counting those that were not decoded too.
        start_time: the second that players show as 0.
        duration: seconds by the header, 0 if it does not say.

    Raises:
        VideoError: the file cannot be opened or has no video stream.
    """

    def __init__(
        self,
        path: Path | str,
        fps: float | None,
        sizes: Sequence[tuple[int, int]],
        clips: Sequence[Clip | None] = (),
    ):
        self.path = path
        self.fps = fps
        self._views = Views(sizes, clips)
        self.frames_decoded = 0
        self.numbers = FrameNumbers()
        self._corrupt_frames = 0
        self._file = VideoFile(path)
        self.start_time, self.duration = self._file.start_time, self._file.duration
        self._timeline = Timeline(self._file.usual, self._file.frames_are_counted, self._file.end)

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Sample]:
        """Yields samples in time order.

        Raises:
            VideoError: no frame can be decoded.
        """
        try:
            for timestamp, (number, view) in sample(self._seen(), self.fps, self._file.end):
                yield Sample(timestamp, view.pixels(), frame=number)
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise VideoError(
                "unexpected", f"{self._file.name} cannot be decoded: {what}"
            ) from error
        if not self.frames_decoded:
            why = f": {self._file.first_error}" if self._file.errors else ""
            if isinstance(self.path, str):
                why += (
                    "; if the server cannot send from the middle of a file, let it have one with "
                    "its index in front, as ffmpeg -movflags +faststart writes it"
                )
            raise VideoError("no frames", f"{self._file.name}: no frame of it can be decoded{why}")

    @property
    def damage(self) -> Damage:
        """The damage found so far, complete once all samples were read."""
        line = self._timeline
        shown = 0.0 if line.begin is None else line.until - line.begin
        # What was left out would have been shown about as long as what was not.
        displaced = line.displaced + line.squeezed
        left_out = shown * displaced / max(1, line.placed - line.squeezed)
        return Damage(
            errors=self._file.errors,
            corrupt_frames=self._corrupt_frames,
            lost_seconds=line.lost + left_out,
            unfinished_frames=line.unfinished,
            displaced_frames=displaced,
            seconds=max(line.end - self.start_time, shown, line.lost) + left_out,
            first_error=self._file.first_error,
            remarks=tuple(line.remarks),
        )

    def _seen(self) -> Iterator[tuple[float, float, tuple[int, View]]]:
        """Yields (shown from, shown until, (number, what is seen)) in time order."""
        for begin, until, (number, frame) in self._frames():
            yield begin, until, (number, self._views.see(frame))

    def _frames(self) -> Iterator[tuple[float, float, tuple[int, av.VideoFrame]]]:
        """Yields (shown from, shown until, (number, frame)) in time order."""
        line = self._timeline
        shown: tuple[float, float, tuple[int, av.VideoFrame]] | None = None
        for (said, seconds, frame), following in in_order(self._decoded(), line.counted):
            time = line.place(said, seconds, following)
            if time is None:
                continue
            if shown is not None:
                yield shown
            shown = time, line.until, (self.numbers.take(time), frame)
        line.finish(self._file.heard)
        if shown is not None:
            # Only now it is known how long the last one stays.
            yield shown[0], line.until, shown[2]

    def _decoded(self) -> Iterator[tuple[float | None, float, av.VideoFrame]]:
        """Yields (time by the frame, duration by the frame, frame) in the decoder's order."""
        for packet, wanted in self._packets():
            for frame in self._decode(packet, wanted):
                self.frames_decoded += 1
                self._corrupt_frames += frame.is_corrupt
                yield *self._file.times(frame), frame

    def _decode(self, packet: Announced | None, wanted: bool) -> list[av.VideoFrame]:
        line, errors = self._timeline, self._file.errors
        time = None if packet is None else packet.time
        if packet is not None and time is not None and packet.changes:
            line.announce(time, packet.seconds, wanted)
            self.numbers.announce(time, wanted)
        elif packet is not None and time is not None:
            line.stay(time, packet.seconds)
        if packet is not None and packet.packet is None:
            return []
        frames = self._file.decode(packet and packet.packet, wanted)
        failed = self._file.errors > errors
        if failed or (packet is not None and packet.packet.is_corrupt):
            line.fail()
            self.numbers.fail()
        if failed and time is not None:
            line.withdraw(time)
        return frames

    def _packets(self) -> Iterator[tuple[Announced | None, bool]]:
        """Yields packets and True if their frames are wanted; last None, to empty the decoder."""
        packets = self._file.packets()
        counted = self._file.frames_are_counted and not self._file.intra_only
        if self.fps is None or counted or self._views.needs_all:
            yield from ((packet, True) for packet in packets)
        else:
            # The first frames tell where the instants begin; what follows can be told ahead.
            yield from ((packet, True) for packet in itertools.islice(packets, LOOK_AHEAD))
            yield from mark_shown(packets, self._is_sampled)
        yield None, True

    def _is_sampled(self, begin: float, end: float) -> bool:
        origin = self._timeline.begin
        if begin < self._timeline.latest:
            return True  # It will be left out, and must come to be counted.
        return origin is None or any_instant(origin, self.fps or 0.0, begin, end)


def expected_samples(path: Path, fps: float | None) -> int:
    """Returns the samples that a file's header promises; 0 if unknown or not to be opened.

    Args:
        path: the video.
        fps: samples per second, or None for every frame.
    """
    try:
        file = VideoFile(path)
    except Exception:
        return 0
    file.close()
    return round(file.duration * (fps or 1 / file.usual))

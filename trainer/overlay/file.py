"""An MP4 file of frames that keep their own times, with the sound of another file."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from preprocessing.files.whole_file import whole_file
from preprocessing.videos.video_file import open_container

TICKS = 90_000  # Of a second, as in MPEG.
H264, OTHERWISE = "libx264", "mpeg4"
H264_OPTIONS = {"preset": "veryfast", "crf": "20"}
BITS_PER_PIXEL = 0.15
BT709 = 1  # H.264, annex E: what number 1 means for primaries, transfer and matrix alike.
SOUNDS = {"aac", "mp3", "ac3"}


@contextmanager
def overlay_file(
    path: Path, size: tuple[int, int], fps: float, source: Path, start_time: float
) -> Iterator["OverlayFile"]:
    """Opens a new video; it has its name only when it is whole.

    Args:
        path: its name.
        size: height and width, both even.
        fps: about how many frames a second there will be.
        source: whose sound is kept, if MP4 files can hold it.
        start_time: seconds; what is shown or heard then is at 0.
    """
    with whole_file(path) as partial:
        output = av.open(f"file:{partial}", "w", format="mp4")
        with output, open_container(source) as heard:
            sound = Sound(heard, output, start_time)
            yield (file := OverlayFile(output, size, fps, start_time, sound))
            file.finish()


class OverlayFile:
    """Encodes frames as they come; see ``overlay_file``."""

    def __init__(
        self, output: Any, size: tuple[int, int], fps: float, start_time: float, sound: "Sound"
    ):
        self._output, self._start_time, self._sound = output, start_time, sound
        name = H264 if H264 in av.codecs_available else OTHERWISE
        rate = Fraction(min(max(fps, 1.0), 240.0)).limit_denominator(1001)
        stream = output.add_stream(name, rate=rate, options=H264_OPTIONS if name == H264 else {})
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, TICKS)
        context.color_range, context.colorspace = ColorRange.MPEG.value, BT709
        context.color_primaries, context.color_trc = BT709, BT709
        if name == OTHERWISE:
            stream.bit_rate = round(size[0] * size[1] * float(rate) * BITS_PER_PIXEL)
        self._stream, self._last = stream, -1

    def add(self, pixels: NDArray[np.uint8], time: float) -> None:
        """Adds a frame.

        Args:
            pixels: ``<uint8>[H, W, 3]``, RGB.
            time: the second at which it is shown.
        """
        frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        self._last = max(round((time - self._start_time) * TICKS), self._last + 1)
        frame.pts, frame.time_base = self._last, Fraction(1, TICKS)
        self._sound.until(time)
        self._output.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Encodes frames that wait for others that will not come."""
        self._output.mux(self._stream.encode(None))
        self._sound.until(float("inf"))


class Sound:
    """Copies the packets of a file's sound, without decoding them.

    Args:
        source: the open file; sound that MP4 files cannot hold is not copied.
        output: the container to write.
        start_time: the second that becomes 0.
    """

    def __init__(self, source: Any, output: Any, start_time: float):
        self._input, self._output, self._start_time = source, output, start_time
        self._packets: Iterator[Any] = iter(())
        stream = source.streams.best("audio")
        if stream is not None and stream.codec_context is not None and _fits(stream):
            self._copy = output.add_stream_from_template(stream)
            self._packets = self._read(stream)
        self._waiting = next(self._packets, None)

    def until(self, time: float) -> None:
        """Copies the sound up to a time in seconds."""
        while self._waiting is not None and self._waiting[0] <= time:
            packet = self._waiting[1]
            packet.stream = self._copy
            self._output.mux(packet)
            self._waiting = next(self._packets, None)

    def _read(self, stream: Any) -> Iterator[tuple[float, Any]]:
        """Yields (seconds, packet), as far as the file can be read, without steps back in time."""
        unit, last = float(stream.time_base), None
        offset = round(self._start_time / unit)
        try:
            for packet in self._input.demux(stream):
                if packet.dts is None or packet.pts is None or packet.pts < offset:
                    continue
                if last is not None and packet.dts <= last:
                    continue
                last = packet.dts
                time = packet.pts * unit
                packet.dts, packet.pts = packet.dts - offset, packet.pts - offset
                yield time, packet
        except av.error.FFmpegError:
            return


def _fits(stream: Any) -> bool:
    """Returns True if packets can go into an MP4 file unchanged.

    AAC without a header of its own, as in broadcasts, cannot.
    """
    context = stream.codec_context
    return context.name in SOUNDS and (context.name != "aac" or bool(context.extradata))

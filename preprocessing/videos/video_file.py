"""A video file, opened: its packets with their times, and the decoder they go through."""

import functools
import gc
import re
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import av
from av.codec.context import Flags
from av.stream import Disposition

from preprocessing.errors import VideoError
from preprocessing.files.ordinary import require_ordinary
from preprocessing.videos.access_units import AccessUnits
from preprocessing.videos.header import UNTIMED, picture_end, sound_end
from preprocessing.videos.plain_url import plain
from preprocessing.videos.tail import Tail, changed, stays
from preprocessing.videos.timeline import Announced

# A playlist, whatever its name says, would make other files be opened; so would a concat script.
CONTAINERS = (
    "asf,avi,av1,dhav,dv,flv,gif,gxf,h264,hevc,ivf,m4v,matroska,mjpeg,mov,mpeg,mpegts,mpegvideo,"
    "mpjpeg,mxf,nut,obu,ogg,rm,vc1,webm,wtv,yuv4mpegpipe"
)
# What a URL may lead to, also by way of a playlist: never to a file.
PROTOCOLS = "http,https,httpproxy,tcp,tls,udp,rtp,srtp,rtsp,rtsps,rtmp,rtmps,crypto"
NETWORK_CONTAINERS = CONTAINERS + ",rtsp,hls"
NETWORK_SECONDS = 10.0  # To wait for an answer before a connection counts as lost.
URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]+)://(?P<place>[^/]*)(?P<path>[^?#]*)", re.IGNORECASE)
PROBED_PACKETS = 24
MOST_PIXELS = 100_000_000
LARGE_PICTURE = 1 << 20
# More than most machines have cores, since they wait for each other; and the same everywhere, since
# what a decoder makes of a damaged frame depends on it.
THREADS = 8
# Seconds back or ahead from one packet to the next that mean another clock.
CLOCK_JUMP, FORWARD_JUMP = 1.0, 10.0
# Formats that begin their clock again where recordings were joined.
RESTARTING = {"mpegts", "mpeg"}
# Codecs in which a frame that is marked so is referred to by no other. HEVC is not among them:
# there the mark speaks of one temporal layer only.
MARKING = {"h264", "mpeg1video", "mpeg2video", "mpeg4"}
INTRA_ONLY = {"mjpeg", "prores", "dnxhd", "ffvhuff", "huffyuv", "utvideo", "rawvideo", "dvvideo"}


class VideoFile:
    """Reads the packets of a file's main video stream and decodes them.

    Args:
        path: the file, or the URL of one.

    Attributes:
        name: the file's name in messages.
        start_time: the second that players show as 0.
        duration: seconds by the header, 0 if it does not say.
        end: the second at which the video stream ends by the header, 0 if it does not say.
        heard: the second at which the sound ends by the header, 0 if it does not say.
        usual: seconds for which a frame is shown, by the header's frame rate.
        errors: the number of packets that could not be read or decoded so far.
        first_error: the message of the first of these errors.

    Raises:
        VideoError: the file cannot be opened or has no video stream.
    """

    # Whether a file was closed whose decoder holds large pictures, or may, since damage can make
    # it take room for pictures of any size that it never gives.
    large_ones_left = False

    def __init__(self, path: Path | str):
        # A decoder hangs in a circle of references. To look for it takes a part of a second, and is
        # worth it where its pictures take more than what is extracted.
        if VideoFile.large_ones_left:
            VideoFile.large_ones_left = False
            gc.collect()
        self.path = path
        self.name = plain(path) if isinstance(path, str) else str(path)
        self.errors = 0
        self.first_error = ""
        self._last: int | None = None
        self._decoded = False
        self._offset = 0
        self._container, self._stream = _open(path)
        self._context = self._stream.codec_context
        self._unit = float(self._stream.time_base or 1)
        self._stream.thread_type = "AUTO"
        self._context.thread_count = THREADS
        self._context.flags |= Flags.copy_opaque
        self._tail = Tail()
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.usual = 1 / float(rate) if rate else 0.04
        self.start_time = (self._container.start_time or 0) / av.time_base
        self.duration = (self._container.duration or 0) / av.time_base
        self.end = picture_end(self._container, self._stream, self.usual)
        self.heard = sound_end(self._container)
        self.intra_only = self._context.name in INTRA_ONLY

    def close(self) -> None:
        """Closes the file; large pictures that its decoder holds go when the next one is opened."""
        self._container.close()
        large = self._context.width * self._context.height > LARGE_PICTURE
        if self._decoded and (large or self.errors):
            VideoFile.large_ones_left = True

    def packets(self) -> Iterator[Announced]:
        """Yields packets to the end, or as far as the file can be read."""
        restarts = self._container.format.name in RESTARTING
        units = AccessUnits(self._context.name, self._context.extradata)
        try:
            for packet in self._container.demux(self._stream):
                if packet.size == 0 and packet.dts is None:
                    continue
                if restarts and packet.dts is not None:
                    self._continue_clock(packet)
                if packet.is_corrupt:
                    self._note_error("a packet is cut or out of place")
                yield self._announced(packet, *units.take(packet))
        except av.error.FFmpegError as error:
            self._note_error(text_of(error))

    def decode(self, packet: Any, wanted: bool = True) -> list[av.VideoFrame]:
        """Decodes a packet; None: gives the frames that the decoder still holds.

        Args:
            packet: as ``packets`` gives it.
            wanted: False lets the decoder pass over the frame if no other refers to it.
        """
        if packet is None:
            return self._empty()
        marked = packet.is_disposable or self._context.name in MARKING
        if not wanted and self.intra_only:
            return []
        self._context.skip_frame = "NONREF" if marked and not wanted else "DEFAULT"
        self._tail.add(packet, wanted)
        self._decoded = True
        try:
            return self._tail.give(self._context.decode(packet))
        except av.error.EOFError:
            return []
        except av.error.FFmpegError as error:
            self._note_error(text_of(error))
            return []

    def _empty(self) -> list[av.VideoFrame]:
        self._context.skip_frame = "DEFAULT"
        frames: list[av.VideoFrame] = []
        try:
            frames = self._tail.give(changed(self._context.decode(None)))
        except av.error.EOFError:
            pass
        except av.error.FFmpegError as error:
            self._note_error(text_of(error))
        if self._tail.incomplete and not isinstance(self.path, str):
            frames += self._again()
        return frames

    def _again(self) -> list[av.VideoFrame]:
        container, stream = _open(self.path)
        with container:
            stream.codec_context.thread_count = 1
            stream.codec_context.flags |= Flags.copy_opaque
            frames = self._tail.again(stream.codec_context)
        if self._tail.failure and not self._tail.spoilt:
            self._note_error(text_of(self._tail.failure))
        return frames

    def times(self, frame: av.VideoFrame) -> tuple[float | None, float]:
        """Returns when a frame begins, None if it does not say, and its duration, in seconds."""
        untimed = self._container.format.name == UNTIMED
        ticks = frame.dts if untimed else frame.pts
        time = None if ticks is None else ticks * self._unit
        return time, (frame.duration or 0) * self._unit

    def _continue_clock(self, packet: Any) -> None:
        """Shifts the times of a packet so that a clock that starts again continues instead."""
        last = packet.dts + self._offset if self._last is None else self._last
        jump = last - (packet.dts + self._offset)
        if not -FORWARD_JUMP < jump * self._unit < CLOCK_JUMP:
            self._offset += jump + (packet.duration or round(self.usual / self._unit))
        packet.dts += self._offset
        if packet.pts is not None:
            packet.pts += self._offset
        self._last = packet.dts

    def _announced(self, packet: Any, content: Any, changes: bool) -> Announced:
        time = packet.dts if self._container.format.name == UNTIMED else packet.pts
        if packet.is_discard:
            time = None
        return Announced(
            None if time is None else time * self._unit,
            None if packet.dts is None else packet.dts * self._unit,
            (packet.duration or 0) * self._unit,
            content if changes or content is None else stays(content),
            changes,
        )

    @functools.cached_property
    def frames_are_counted(self) -> bool:
        """True if presentation times must be made by counting, since the file has none.

        AVI has none at all; without B-frames its decoding times are as good. Other files have them,
        but some hold decoding times in their place: then frames that are stored out of order come
        with times that go back.
        """
        if not self._context.has_b_frames:
            return False
        if self._container.format.name == UNTIMED:
            return True
        container, stream = _open(self.path)
        stream.codec_context.thread_count = 1
        try:
            with container:
                packets = list(islice(container.demux(stream), PROBED_PACKETS))
                stored = [packet.pts for packet in packets if packet.pts is not None]
                if stored != sorted(stored):
                    return False
                frames = [frame for packet in packets for frame in packet.decode()]
        except av.error.FFmpegError:
            return False
        times = [frame.pts for frame in frames if frame.pts is not None]
        return any(later <= earlier for earlier, later in pairwise(times))

    def _note_error(self, what: str) -> None:
        self.errors += 1
        self.first_error = self.first_error or what
        self._tail.spoil()


def _open(path: Path | str) -> tuple[Any, Any]:
    """Returns the container and its main video stream."""
    if isinstance(path, str):
        container, name = open_network(path), plain(path)
    else:
        name = str(path)
        try:
            container = open_container(path)
        except (av.error.FFmpegError, OSError) as error:
            raise VideoError(
                "unreadable", f"{name} cannot be opened as a video: {text_of(error)}"
            ) from None
    try:
        return container, video_stream(container, name)
    except VideoError:
        container.close()
        raise


def video_stream(container: Any, name: str) -> Any:
    """Returns the main video stream of a container, if it can be decoded.

    Args:
        container: the opened container.
        name: its name in messages.

    Raises:
        VideoError: there is no such stream.
    """
    stream = container.streams.best("video")
    if stream is None or Disposition.attached_pic in stream.disposition:
        raise VideoError("no video", f"{name} has no video stream")
    if stream.codec_context is None:
        raise VideoError("no decoder", f"{name}: its video is in a format that is not known here")
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > MOST_PIXELS:
        raise VideoError("too large", f"{name}: pictures of {width} x {height} are too large")
    return stream


def open_network(url: str) -> Any:
    """Opens a URL; an interrupted transfer resumes where it was, with FFmpeg's own back-off.

    Raises:
        VideoError: the URL is of no accepted kind, nothing answers, or the answer is no video.
    """
    match = URL.fullmatch(url.partition("?")[0].partition("#")[0])
    if not match or match["scheme"].lower() not in PROTOCOLS.split(","):
        raise VideoError(
            "unreadable",
            f"there is no file {plain(url)}, and it is no URL that begins with http, https, rtsp "
            "or rtmp; a camera is given by its number, such as 0",
        )
    options = {"protocol_whitelist": PROTOCOLS, "format_whitelist": NETWORK_CONTAINERS}
    if match["scheme"].lower() == "rtsp":
        options["rtsp_transport"] = "tcp"
    if match["scheme"].lower() in ("http", "https"):
        options |= {"reconnect": "1", "reconnect_delay_max": "4"}
    try:
        return av.open(url, options=options, metadata_errors="replace", timeout=NETWORK_SECONDS)
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(
            "unreadable", f"{plain(url)} cannot be opened as a video: {text_of(error)}"
        ) from None


def open_container(path: Path) -> Any:
    """Opens a file that is a container and holds its frames itself.

    Raises:
        av.error.FFmpegError, OSError: the file is no such container, or cannot be read.
    """
    require_ordinary(path)
    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
    return av.open(f"file:{path}", options=options, metadata_errors="replace")


def text_of(error: Exception) -> str:
    """Returns the message of a decoder's error, without its number."""
    return getattr(error, "strerror", None) or str(error)

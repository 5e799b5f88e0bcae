"""Packets of a video: those that decode into a picture, and those that only accompany pictures.

    packets     settings  slice  message  slice  (empty)  slice
    to decode             [settings+slice]  [message+slice]   [slice]
    pictures              yes               yes      stays    yes

An H.264 decoder takes a packet without a slice for an error, so such packets are put in front of
the next one that has a slice, where most files have them anyway.
"""

from collections.abc import Iterator
from typing import Any

import av

START_CODE = b"\0\0\1"
PICTURE = b"\xb6"  # Of MPEG-4 part 2: the start code of a picture (VOP).
SETTINGS = range(0x20, 0x30)  # The same: of settings (VOL).
SMALL = 16  # Bytes: no packet longer than that says only that nothing changes.


class AccessUnits:
    """Goes through the packets of one video in the order in which they are stored.

    Args:
        codec: FFmpeg's name of the codec.
        extradata: the container's data about the stream, for the decoder.
    """

    def __init__(self, codec: str, extradata: bytes | None):
        self.codec = codec
        extradata = extradata or b""
        self._length_size = _length_size(codec, extradata)
        self._waiting = b""
        self._packed = 0
        self._clock_bits = _clock_bits(extradata) if codec == "mpeg4" else None

    def take(self, packet: Any) -> tuple[Any, bool]:
        """Returns what to decode (None: nothing), and True if the packet gives a picture."""
        if not packet.size:
            return None, False
        if self.codec in ("h264", "hevc"):
            return self._with_slice(packet)
        if self.codec == "vp8":
            return packet, bool(memoryview(packet)[0] & 0x10)
        if self.codec == "mpeg4":
            return packet, self._changes(bytes(packet))
        return packet, True

    def _with_slice(self, packet: Any) -> tuple[Any, bool]:
        content = bytes(packet)
        if not self._has_slice(content):
            self._waiting += content
            return None, False
        if self._waiting:
            packet, self._waiting = _longer(packet, self._waiting + content), b""
        return packet, True

    def _has_slice(self, content: bytes) -> bool:
        parts = _in_lengths(content, self._length_size) if self._length_size else _starts(content)
        kinds = [content[place] for place in parts if place < len(content)]
        if self.codec == "h264":
            return not kinds or any(1 <= kind & 0x1F <= 5 for kind in kinds)
        return not kinds or any(kind >> 1 & 0x3F < 32 for kind in kinds)

    def _changes(self, content: bytes) -> bool:
        """Returns True if an MPEG-4 packet holds a coded picture, or calls for one sent before."""
        pictures = [place for place in _starts(content) if content[place : place + 1] == PICTURE]
        self._clock_bits = _clock_bits(content) or self._clock_bits
        if len(pictures) > 1:
            self._packed += len(pictures) - 1
            return True
        if len(content) > SMALL or not pictures or self._clock_bits is None:
            return True
        if _is_coded(content[pictures[0] + 1 :], self._clock_bits):
            return True
        called, self._packed = self._packed > 0, max(0, self._packed - 1)
        return called


def _longer(packet: Any, content: bytes) -> Any:
    longer = av.Packet(content)
    longer.pts, longer.dts, longer.duration = packet.pts, packet.dts, packet.duration
    longer.time_base, longer.is_keyframe = packet.time_base, packet.is_keyframe
    for data in packet.iter_sidedata():
        longer.set_sidedata(data)
    return longer


def _starts(content: bytes) -> Iterator[int]:
    """Returns the places right behind start codes."""
    place = content.find(START_CODE)
    while place >= 0:
        yield place + len(START_CODE)
        place = content.find(START_CODE, place + len(START_CODE))


def _in_lengths(content: bytes, size: int) -> list[int]:
    """Returns the places right behind the lengths of parts; none if the lengths make no sense."""
    places, place = [], 0
    while place + size < len(content):
        places.append(place + size)
        place += size + int.from_bytes(content[place : place + size], "big")
    return places if place == len(content) else []


def _length_size(codec: str, extradata: bytes) -> int:
    """Returns the bytes that a part's length takes in a packet; 0 if start codes separate parts."""
    place = {"h264": 4, "hevc": 21}.get(codec, 0)
    if len(extradata) <= place or extradata[0] != 1:
        return 0
    return (extradata[place] & 3) + 1


def _clock_bits(content: bytes) -> int | None:
    """Returns the bits of the fine clock of MPEG-4 pictures (ISO 14496-2, 6.2.3)."""
    for place in _starts(content):
        if content[place : place + 1] and content[place] in SETTINGS:
            return _clock_bits_of(_Bits(content[place + 1 : place + 41]))
    return None


def _clock_bits_of(bits: "_Bits") -> int | None:
    bits.take(9)
    version = 1
    if bits.take(1):
        version = bits.take(4)
        bits.take(3)
    if bits.take(4) == 15:
        bits.take(16)
    if bits.take(1):
        bits.take(3)
        if bits.take(1):
            bits.take(79)
    if bits.take(2) == 3 and version != 1:
        bits.take(4)
    bits.take(1)
    resolution = bits.take(16)
    return max(1, (resolution - 1).bit_length()) if resolution else None


def _is_coded(picture: bytes, clock_bits: int) -> bool:
    """Returns True if an MPEG-4 picture has content (ISO 14496-2, 6.2.5: vop_coded)."""
    bits = _Bits(picture)
    bits.take(2)
    while bits.take(1):
        pass
    bits.take(clock_bits + 2)
    return bool(bits.take(1))


class _Bits:
    """Reads numbers of a given count of bits, one after another; zeros follow the end."""

    def __init__(self, content: bytes):
        self._left = "".join(f"{byte:08b}" for byte in content)

    def take(self, count: int) -> int:
        taken, self._left = self._left[:count], self._left[count:]
        return int(taken.ljust(count, "0"), 2)

"""Videos that are whole, though their packets are not one picture each."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from encoded import MILLISECONDS, REGULAR, SIZE, add_noise, encode_numbers, rewritten
from field_coded import fields

from preprocessing.videos.damage import Damage
from preprocessing.videos.reader import VideoReader

RATES = pytest.mark.parametrize("fps", [None, 4.0])


def read(path: Path, fps: float | None = None) -> tuple[list[float], Damage]:
    with VideoReader(path, fps, [SIZE]) as video:
        times = [item.timestamp for item in video]
        return times, video.damage


def instants(fps: float | None, times: list[float], end: float) -> int:
    return len(times) if fps is None else round((end - times[0]) * fps)


def copied(
    source: Path, path: Path, change: Callable[[int, av.Packet], Iterator[av.Packet]]
) -> Path:
    """Copies a video; ``change`` gives what stands in the place of each packet."""
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for count, packet in enumerate(p for p in old.demux(video=0) if p.size):
            for other in change(count, packet):
                other.stream = stream
                new.mux(other)
    return path


def packet_like(packet: av.Packet, content: bytes, later: int = 0) -> av.Packet:
    new = av.Packet(content)
    new.pts, new.dts = packet.pts + later, packet.dts + later
    new.duration, new.time_base = packet.duration, packet.time_base
    new.is_keyframe = packet.is_keyframe
    return new


def unchanged(frame: int) -> bytes:
    """An MPEG-4 picture of 25 frames a second that is not coded (ISO 14496-2, 6.2.5)."""
    seconds = "1" if frame % 25 == 0 else ""
    bits = f"01{seconds}01{frame % 25:05b}10"
    bits += "0" + "1" * (-(len(bits) + 1) % 8)
    return b"\0\0\1\xb6" + int(bits, 2).to_bytes(len(bits) // 8, "big")


@RATES
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_pictures_that_do_not_change_are_no_loss(tmp_path, suffix, fps):
    source = tmp_path / f"source{suffix}"
    with av.open(str(source), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for count in range(100):
            image = np.full((48, 64, 3), 2 * count, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))

    def still(count: int, packet: av.Packet) -> Iterator[av.Packet]:
        yield packet_like(packet, unchanged(count)) if count % 25 > 10 else packet

    path = copied(source, tmp_path / f"still{suffix}", still)
    times, damage = read(path, fps)
    shown = [count / 25 for count in range(100) if count % 25 <= 10]
    if fps is None:
        assert times == pytest.approx(shown, abs=1e-3)
    assert len(times) == instants(fps, shown, 4.0)
    assert not damage.found, damage


@RATES
@pytest.mark.parametrize("every", [1, 25])
def test_messages_that_are_packets_of_their_own_announce_no_picture(tmp_path, fps, every):
    source = encode_numbers(tmp_path / "source.mp4", [40 * number for number in range(100)])

    def with_message(count: int, packet: av.Packet) -> Iterator[av.Packet]:
        if count % every == 0:
            message = b"\x06\x05\x10" + b"longtake message" + b"\x80"
            yield packet_like(packet, len(message).to_bytes(4, "big") + message)
        yield packet_like(packet, bytes(packet), packet.duration // 2)

    path = copied(source, tmp_path / "messages.mp4", with_message)
    times, damage = read(path, fps)
    shown = [count / 25 + 0.02 for count in range(100)]
    assert len(times) == instants(fps, shown, 4.02)
    assert times[0] == pytest.approx(0.02, abs=1e-3)
    assert not damage.found, damage


@RATES
@pytest.mark.parametrize("suffix", [".ts", ".mkv", ".mp4", ".h264"])
def test_fields_that_are_pictures_of_their_own_are_whole(tmp_path, suffix, fps):
    raw, path = tmp_path / "raw.h264", tmp_path / f"fields{suffix}"
    raw.write_bytes(b"".join(fields(50)))
    if suffix == ".h264":
        path = raw
    else:
        with av.open(str(raw)) as source, av.open(str(path), "w") as target:
            stream = target.add_stream_from_template(source.streams.video[0])
            for count, content in enumerate(fields(50)):
                packet = av.Packet(content)
                packet.time_base, packet.duration = MILLISECONDS, 20
                packet.pts = packet.dts = 20 * count
                packet.stream, packet.is_keyframe = stream, count % 2 == 0
                target.mux(packet)
    times, damage = read(path, fps)
    shown = [count / 25 for count in range(50)]
    if fps is None:
        assert times == pytest.approx(shown, abs=1e-3)
    assert len(times) == instants(fps, shown, 2.0)
    assert not damage.found, damage
    with VideoReader(path, fps, [SIZE]) as video:
        assert [item.frame for item in video] == [int(time * 25 + 1e-3) for time in times]
        assert video.numbers.count == 50


@RATES
def test_a_slide_that_stands_for_a_minute_and_a_half_is_kept(tmp_path, fps):
    milliseconds = [40 * count + (95_000 if count >= 50 else 0) for count in range(100)]
    source = encode_numbers(tmp_path / "source.mkv", milliseconds)
    path = rewritten(source, tmp_path / "live.mkv", lambda _, packet: packet, live="1")
    times, damage = read(path, fps)
    assert len(times) == instants(fps, [time / 1000 for time in milliseconds], 99.0)
    assert not damage.found, damage
    assert damage.remarks == ("a picture stood for 95 s",)


@pytest.mark.parametrize(
    "bad",
    [94, *(pytest.param(bad, marks=pytest.mark.slow) for bad in (99, 98, 90))],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_bad_packet_near_the_end_costs_only_its_own_picture(tmp_path, suffix, bad):
    source = encode_numbers(tmp_path / "source.mkv", [40 * count for count in range(100)])

    def spoil(count: int, packet: av.Packet) -> Iterator[av.Packet]:
        yield packet_like(packet, b"\0\0\0\1\x41") if count == bad else packet

    path = copied(source, tmp_path / f"bad{suffix}", spoil)
    times, damage = read(path)
    assert len(times) == 99
    assert damage.errors == 1
    assert read(path) == (times, damage)


def test_the_last_frame_is_not_held_for_hours(tmp_path):
    source = encode_numbers(tmp_path / "source.mp4", REGULAR)

    def stretch(count: int, packet: av.Packet) -> Iterator[av.Packet]:
        if count == len(REGULAR) - 1:
            packet.duration = round(3 * 3600 / packet.time_base)
        yield packet

    path = copied(source, tmp_path / "hours.mp4", stretch)
    times, damage = read(path, 25.0)
    assert len(times) == len(REGULAR)
    assert not damage.found, damage
    assert "nothing follows it" in damage.remarks[0]


@RATES
@pytest.mark.parametrize("b_frames", [0, 2])
def test_clips_joined_with_another_time_scale_are_mostly_lost(tmp_path, fps, b_frames):
    parts = [
        encode_numbers(tmp_path / f"{frames}.mp4", [40 * n for n in range(frames)], b_frames)
        for frames in (40, 60)
    ]
    path = tmp_path / "joined.mp4"
    with av.open(str(path), "w") as target:
        stream, last = None, -1
        for number, part in enumerate(parts):
            with av.open(str(part)) as source:
                stream = stream or target.add_stream_from_template(source.streams.video[0])
                stream.time_base = Fraction(1, 90000)
                for packet in (p for p in source.demux(video=0) if p.size):
                    late = packet.pts - packet.dts
                    packet.time_base, packet.stream = Fraction(1, 90000), stream
                    if number:
                        packet.dts, packet.duration = last + 1, 1
                        packet.pts = packet.dts + late // 3600
                    else:
                        packet.dts, packet.duration = round(packet.dts * 90000 / 12800), 3600
                        packet.pts = packet.dts + round(late * 90000 / 12800)
                    last = packet.dts
                    target.mux(packet)
    damage = read(path, fps)[1]
    assert damage.share == pytest.approx(0.4, abs=0.1)
    assert "join them again" in str(damage)


@RATES
def test_a_recording_cut_before_its_first_whole_picture_begins_there(tmp_path, fps):
    source = tmp_path / "source.mkv"
    with av.open(str(source), "w") as container:
        add_noise(container, "libx264", 100, g="20")

    def cut(count: int, packet: av.Packet) -> Iterator[av.Packet]:
        if count >= 10:
            yield packet

    times, damage = read(copied(source, tmp_path / "cut.mkv", cut), fps)
    assert 0.7 < times[0] < 0.85
    assert not damage.found, damage
    assert "refer to some before its beginning" in damage.remarks[0]


def test_two_pictures_with_one_time_are_both_given(tmp_path):
    source = encode_numbers(tmp_path / "source.mkv", REGULAR)

    def double(count: int, packet: av.Packet) -> Iterator[av.Packet]:
        if count == 10:
            packet.pts = packet.dts = packet.dts - 40
        yield packet

    times, damage = read(copied(source, tmp_path / "double.mkv", double))
    assert len(times) == len(REGULAR)
    assert times[9] < times[10] < times[9] + 1e-3
    assert not damage.found, damage


@RATES
def test_hidden_pictures_of_vp8_are_no_loss(tmp_path, fps):
    source = tmp_path / "source.mkv"
    with av.open(str(source), "w") as container:
        add_noise(container, "libvpx", 60)

    def with_hidden(count: int, packet: av.Packet) -> Iterator[av.Packet]:
        if count % 10 == 5:
            # The first byte says whether a picture is shown (RFC 6386, 9.1).
            hidden = packet_like(packet, bytes([bytes(packet)[0] & ~0x10]) + bytes(packet)[1:])
            yield hidden
        yield packet_like(packet, bytes(packet), 20)

    times, damage = read(copied(source, tmp_path / "hidden.mkv", with_hidden), fps)
    assert len(times) == instants(fps, [count / 25 for count in range(60)], 2.4)
    assert not damage.found, damage


@pytest.mark.parametrize("suffix", [".flv", ".mkv", ".mp4", ".ts"])
def test_a_short_video_that_begins_late_is_not_too_short(tmp_path, suffix):
    path = encode_numbers(tmp_path / f"late{suffix}", [500 + time for time in REGULAR], 2)
    times, damage = read(path)
    assert len(times) == len(REGULAR)
    assert damage.lost_seconds == pytest.approx(0, abs=0.05)

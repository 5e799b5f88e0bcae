import itertools
import os
import shutil
import struct
import subprocess
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from encoded import (
    BRIGHTNESS_STEP,
    REGULAR,
    SIZE,
    add_noise,
    encode,
    encode_numbers,
    rewritten,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.errors import VideoError
from preprocessing.videos.reader import Sample, VideoReader, expected_samples
from preprocessing.videos.sampling import INSTANT_TOLERANCE, sample

quick = settings(deadline=None, max_examples=100)
FIXTURES = Path(__file__).parents[1] / "fixtures"
NOISE = 300  # Frames.
IRREGULAR = [0, 40, 90, 100, 230, 500, 520, 560, 1000, 1040, 1900, 2000]

Frames = list[tuple[float, float, int]]


def top_is_white() -> np.ndarray:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24] = 255
    return image


def decode(path: Path, fps: float | None = None) -> tuple[list[float], list[int]]:
    with VideoReader(path, fps, [SIZE]) as video:
        samples = list(video)
    numbers = [round(float(item.pixels[0].mean()) / BRIGHTNESS_STEP) for item in samples]
    return [item.timestamp for item in samples], numbers


@st.composite
def frames_in_time_order(draw) -> Frames:
    start = draw(st.floats(0, 100))
    gaps = draw(st.lists(st.floats(1e-3, 0.5), min_size=1, max_size=20))
    times = list(itertools.accumulate(gaps, initial=start))
    return [(begin, end, n) for n, (begin, end) in enumerate(itertools.pairwise(times))]


rates = st.one_of(
    st.floats(0.1, 120), st.sampled_from([1.0, 4.0, 24000 / 1001, 25.0, 30000 / 1001, 30.0, 60.0])
)


def shown_at_each_instant(frames: Frames, fps: float) -> list[int]:
    """The number of the last frame that began at or before each instant, the slow way."""
    origin, end = frames[0][0], frames[-1][1]
    numbers = []
    for count in itertools.count():
        instant = origin + count / fps
        if not instant < end - INSTANT_TOLERANCE:
            return numbers
        begun = [n for begin, _, n in frames if begin - INSTANT_TOLERANCE <= instant]
        numbers.append(begun[-1])
    return numbers


@quick
@given(frames_in_time_order(), rates)
def test_the_frame_shown_at_each_instant_is_picked(frames, fps):
    picked = [number for _, number in sample(frames, fps)]
    assert picked == shown_at_each_instant(frames, fps)


@quick
@given(frames_in_time_order(), rates)
def test_timestamps_increase_strictly(frames, fps):
    times = [time for time, _ in sample(frames, fps)]
    assert all(earlier < later for earlier, later in itertools.pairwise(times))


@quick
@given(frames_in_time_order(), rates)
def test_a_frame_is_picked_first_with_its_own_time_and_then_with_the_instants(frames, fps):
    begins = {number: begin for begin, _, number in frames}
    seen = set()
    for count, (time, number) in enumerate(sample(frames, fps)):
        assert time == (begins[0] + count / fps if number in seen else begins[number])
        seen.add(number)


@quick
@given(frames_in_time_order())
def test_without_a_rate_every_frame_is_picked_once(frames):
    assert list(sample(frames, None)) == [(begin, number) for begin, _, number in frames]


@quick
@given(
    frame_rate=st.sampled_from([24, 24000 / 1001, 25, 30, 30000 / 1001, 50, 60]),
    every=st.integers(1, 12),
    start=st.floats(0, 1e5),
)
def test_a_rate_that_divides_the_frame_rate_picks_every_nth_frame(frame_rate, every, start):
    frames = [(start + n / frame_rate, start + (n + 1) / frame_rate, n) for n in range(120)]
    picked = sample(frames, frame_rate / every)
    assert [number for _, number in picked] == list(range(0, 120, every))


def test_frames_faster_than_the_rate_are_thinned():
    frames = [(n / 25, (n + 1) / 25, n) for n in range(8)]
    assert list(sample(frames, 4)) == [(0.0, 0), (6 / 25, 6)]


def test_frames_slower_than_the_rate_are_repeated():
    frames = [(0.0, 1.0, 0), (1.0, 1.5, 1)]
    times = [0.0, 0.25, 0.5, 0.75, 1.0, 1.25]
    assert list(sample(frames, 4)) == list(zip(times, [0, 0, 0, 0, 1, 1], strict=True))


@pytest.mark.parametrize("fps", [None, 4.0])
def test_no_frames_are_no_samples(fps):
    assert list(sample([], fps)) == []


def test_sampling_takes_no_more_frames_than_it_needs():
    endless = ((float(n), n + 1.0, n) for n in itertools.count())
    assert list(itertools.islice(sample(endless, 1), 3)) == [(0.0, 0), (1.0, 1), (2.0, 2)]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("b_frames", [0, 2])
@pytest.mark.parametrize("milliseconds", [REGULAR, IRREGULAR], ids=["constant", "variable"])
def test_every_frame_is_read_with_the_time_at_which_it_is_shown(
    tmp_path, suffix, b_frames, milliseconds
):
    path = encode_numbers(tmp_path / f"video{suffix}", milliseconds, b_frames)
    times, numbers = decode(path)
    assert times == pytest.approx([time / 1000 for time in milliseconds], abs=1e-6)
    assert numbers == list(range(len(milliseconds)))


@pytest.mark.parametrize("fps", [2.0, 4.0, 10.0])
@pytest.mark.parametrize("milliseconds", [REGULAR, IRREGULAR], ids=["constant", "variable"])
def test_samples_of_a_video_are_the_frames_shown_then(tmp_path, fps, milliseconds):
    path = encode_numbers(tmp_path / "video.mkv", milliseconds, b_frames=2)
    times, numbers = decode(path, fps)
    begins = [time / 1000 for time in milliseconds]
    frames = list(zip(begins, [*begins[1:], begins[-1] + 0.04], itertools.count()))
    assert numbers == [number for _, number in sample(frames, fps)]
    assert times == pytest.approx([time for time, _ in sample(frames, fps)], abs=1e-6)


def test_a_video_that_begins_late_keeps_its_times_and_says_where_it_starts(tmp_path):
    path = encode_numbers(tmp_path / "video.mkv", [1500 + time for time in REGULAR])
    times, _ = decode(path, 5.0)
    assert times[:3] == pytest.approx([1.5, 1.7, 1.9], abs=1e-6)
    with VideoReader(path, None, [SIZE]) as video:
        assert video.start_time == pytest.approx(1.5)


@pytest.mark.parametrize("fps", [None, pytest.param(5.0, marks=pytest.mark.slow)])
def test_frames_that_go_back_in_time_are_not_shown(tmp_path, fps):
    first = encode_numbers(tmp_path / "first.ts", REGULAR[:20])
    again = encode_numbers(tmp_path / "again.ts", REGULAR)
    path = tmp_path / "joined.ts"
    path.write_bytes(first.read_bytes() + again.read_bytes())
    times, _ = decode(path, fps)
    assert all(earlier < later for earlier, later in itertools.pairwise(times))
    assert times[-1] == pytest.approx(REGULAR[-1] / 1000, abs=0.2)
    with VideoReader(path, fps, [SIZE]) as video:
        assert list(video)
        assert video.damage.displaced_frames > 0


def test_a_reader_counts_the_frames_it_decodes_not_those_it_yields(tmp_path):
    path = encode_numbers(tmp_path / "video.mp4", REGULAR)
    with VideoReader(path, 5.0, [SIZE]) as video:
        assert len(list(video)) == 6
        assert video.frames_decoded == 30
        assert video.duration == pytest.approx(1.2, abs=0.05)


@pytest.mark.parametrize("size", [(8, 8), (24, 10), (96, 128)])
def test_frames_are_rgb_of_the_size_asked_for(tmp_path, size):
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0] = 255
    encode(tmp_path / "red.mp4", [red] * 3, [0, 40, 80])
    with VideoReader(tmp_path / "red.mp4", None, [size]) as video:
        for item in video:
            assert item.pixels[0].shape == (*size, 3)
            assert item.pixels[0].dtype == np.uint8
            assert item.pixels[0].flags.c_contiguous
            np.testing.assert_allclose(item.pixels[0].mean((0, 1)), [255, 0, 0], atol=6)


TURNS = {
    "upright": ((1, 0, 0, 1), (0, 5)),
    "90 clockwise": ((0, 1, -1, 0), (5, 11)),
    "180": ((-1, 0, 0, -1), (11, 5)),
    "90 anticlockwise": ((0, -1, 1, 0), (5, 0)),
}


@pytest.mark.parametrize("turn", TURNS)
def test_frames_are_turned_as_players_show_them(tmp_path, turn):
    (a, b, c, d), (white_row, white_column) = TURNS[turn]
    path = tmp_path / "phone.mp4"
    encode(path, [top_is_white()] * 3, [0, 40, 80])
    content = bytearray(path.read_bytes())
    matrix = content.index(b"tkhd") + 44
    one = 1 << 16
    content[matrix : matrix + 36] = struct.pack(
        ">9i", a * one, b * one, 0, c * one, d * one, 0, 0, 0, 1 << 30
    )
    path.write_bytes(content)
    with VideoReader(path, None, [(12, 12)]) as video:
        pixels = next(iter(video)).pixels[0]
    assert pixels[white_row, white_column].min() > 240
    assert pixels[11 - white_row, 11 - white_column].max() < 15


def test_expected_samples_follow_from_the_header(tmp_path):
    path = encode_numbers(tmp_path / "video.mkv", REGULAR)
    assert expected_samples(path, 5.0) == 6
    assert expected_samples(path, None) == 30
    assert expected_samples(tmp_path / "none.mp4", 5.0) == 0


def make_nothing(path: Path) -> None:
    path.unlink(missing_ok=True)


def make_empty(path: Path) -> None:
    path.touch()


def make_text(path: Path) -> None:
    path.write_text("this is no video\n" * 100)


def make_first_bytes(path: Path) -> None:
    encode_numbers(path, REGULAR)
    path.write_bytes(path.read_bytes()[:40])


def make_half(path: Path) -> None:
    encode_numbers(path, REGULAR)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def make_folder(path: Path) -> None:
    path.mkdir()


def make_sound(path: Path) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(8000))


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (make_nothing, "unreadable"),
        (make_empty, "unreadable"),
        (make_text, "unreadable"),
        (make_first_bytes, "unreadable"),
        (make_half, "unreadable"),
        (make_folder, "unreadable"),
        (make_sound, "unreadable"),
        (os.mkfifo, "unreadable"),
    ],
)
def test_a_file_that_is_no_video_is_refused_in_one_line(tmp_path, make, kind):
    path = tmp_path / "broken.mp4"
    make(path)
    with pytest.raises(VideoError) as caught:
        VideoReader(path, None, [SIZE])
    assert caught.value.kind == kind
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def damaged(path: Path, begin: float, end: float) -> Path:
    """Overwrites a part of a video's pictures; its header, at the end of the file, stays."""
    content = bytearray(path.read_bytes())
    data, index = content.index(b"mdat") + 4, content.index(b"moov") - 4
    first, last = (round(data + share * (index - data)) for share in (begin, end))
    content[first:last] = b"\xff" * (last - first)
    path.write_bytes(content)
    return path


def test_damage_in_the_middle_is_told_and_what_follows_is_read(tmp_path):
    path = damaged(encode_numbers(tmp_path / "damaged.mp4", REGULAR), 0.5, 0.6)
    with VideoReader(path, None, [SIZE]) as video:
        times = [item.timestamp for item in video]
        damage = video.damage
    assert times[0] == 0
    assert times[-1] == pytest.approx(REGULAR[-1] / 1000)
    assert damage.found
    assert damage.errors + damage.corrupt_frames > 0
    assert damage.seconds == pytest.approx(1.2)
    assert "\n" not in str(damage)


def test_a_whole_video_has_no_damage(tmp_path):
    for suffix in (".mp4", ".mkv", ".avi", ".mov", ".ts"):
        path = encode_numbers(tmp_path / f"whole{suffix}", REGULAR, b_frames=2)
        with VideoReader(path, None, [SIZE]) as video:
            assert len(list(video)) == len(REGULAR)
            assert not video.damage.found, (suffix, video.damage)


@pytest.mark.parametrize("fps", [None, pytest.param(4.0, marks=pytest.mark.slow)])
@pytest.mark.parametrize("share", [0.3, pytest.param(0.6, marks=pytest.mark.slow), 0.9])
def test_a_video_that_ends_early_has_lost_the_rest(tmp_path, share, fps):
    path = tmp_path / "cut.mp4"
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        add_noise(container, "libx264", 100)
    content = path.read_bytes()
    data = content.index(b"mdat")
    path.write_bytes(content[: data + round(share * (len(content) - data))])
    with VideoReader(path, fps, [SIZE]) as video:
        assert list(video)
        damage = video.damage
    assert damage.found
    assert damage.lost_seconds == pytest.approx((1 - share) * 4, abs=0.5)
    assert damage.share == pytest.approx(share, abs=0.15)


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    """Makes 25 frames/s of noise in a codec and a container, once."""
    folder = tmp_path_factory.mktemp("noise")

    def made(codec: str, suffix: str) -> Path:
        path = folder / f"{codec}{suffix}"
        if not path.exists():
            quiet = {"x265-params": "log-level=none"} if "265" in codec else {}
            with av.open(str(path), "w") as container:
                add_noise(container, codec, NOISE, **quiet)
        return path

    return made


@pytest.mark.parametrize(
    ("codec", "suffix", "skips"),
    [
        ("libx264", ".mp4", True),
        ("libx264", ".mkv", True),
        ("libx264", ".ts", True),
        ("mpeg4", ".mp4", True),
        ("mpeg2video", ".mkv", True),
        ("mjpeg", ".avi", True),
        ("libx264", ".avi", False),
        ("libx265", ".mp4", False),
    ],
)
@pytest.mark.parametrize(
    "fps",
    [
        0.5,
        pytest.param(1.0, marks=pytest.mark.slow),
        pytest.param(4.0, marks=pytest.mark.slow),
        24.0,
    ],
)
def test_samples_are_the_same_when_frames_nobody_needs_are_not_decoded(
    noise, monkeypatch, codec, suffix, skips, fps
):
    path = noise(codec, suffix)
    sparse, few = samples_and_decoded(path, fps)
    monkeypatch.setattr(VideoReader, "_is_sampled", lambda *_: True)
    thorough, all_frames = samples_and_decoded(path, fps)
    assert all_frames == NOISE
    assert few < NOISE if skips and fps < 10 else few <= NOISE
    assert len(sparse) == len(thorough)
    for one, other in zip(sparse, thorough, strict=True):
        assert one.timestamp == other.timestamp
        np.testing.assert_array_equal(one.pixels[0], other.pixels[0])


def samples_and_decoded(path: Path, fps: float) -> tuple[list[Sample], int]:
    with VideoReader(path, fps, [(48, 64)]) as video:
        return list(video), video.frames_decoded


def test_times_of_a_variable_rate_are_those_that_ffprobe_gave():
    expected = (FIXTURES / "variable.csv").read_text().split()[1:]
    times, _ = decode(FIXTURES / "variable.mp4")
    assert times == pytest.approx([float(time) for time in expected], abs=1e-6)
    assert max(np.diff(times)) > 10 * min(np.diff(times))


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="ffprobe is not installed")
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".mov"])
def test_times_of_a_variable_rate_are_those_that_ffprobe_gives(tmp_path, suffix):
    path = encode_numbers(tmp_path / f"video{suffix}", IRREGULAR, b_frames=2)
    command = ["ffprobe", "-loglevel", "error", "-select_streams", "v:0"]
    command += ["-show_entries", "frame=pts_time", "-of", "csv=print_section=0", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    times, _ = decode(path)
    assert times == pytest.approx([float(line.strip(",")) for line in told.split()], abs=1e-6)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_frames_in_avi_which_has_no_presentation_times_are_counted(tmp_path, b_frames):
    path = encode_numbers(tmp_path / "video.avi", REGULAR, b_frames)
    times, numbers = decode(path)
    assert times == pytest.approx([time / 1000 for time in REGULAR], abs=1e-6)
    assert numbers == list(range(len(REGULAR)))


def test_frames_whose_file_gives_decoding_times_for_presentation_times_are_counted(tmp_path):
    source = encode_numbers(tmp_path / "right.mp4", REGULAR, b_frames=2)
    path = tmp_path / "wrong.mkv"
    with av.open(str(source)) as right, av.open(str(path), "w") as wrong:
        stream = wrong.add_stream_from_template(right.streams.video[0])
        for number, packet in enumerate(p for p in right.demux(video=0) if p.size):
            packet.pts = packet.dts = round(number * 0.04 / packet.time_base)
            packet.stream = stream
            wrong.mux(packet)
    times, numbers = decode(path)
    assert times == pytest.approx([time / 1000 for time in REGULAR], abs=1e-3)
    assert numbers == list(range(len(REGULAR)))


def test_recordings_that_were_joined_go_on_where_the_clock_starts_again(tmp_path):
    times = [40 * number for number in range(75)]
    parts = [encode_numbers(tmp_path / f"{n}.ts", times).read_bytes() for n in range(2)]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    read, numbers = decode(path)
    assert numbers == 2 * [n % 32 for n in range(75)]
    assert np.diff(read) == pytest.approx(0.04, abs=0.01)


def test_a_picture_on_a_song_is_no_video(tmp_path):
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=8000, layout="mono")
        cover = container.add_stream("mjpeg")
        cover.width = cover.height = 16
        cover.pix_fmt = "yuvj420p"
        cover.disposition = Disposition.attached_pic.value
        picture = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
        container.mux(cover.encode(picture.reformat(format="yuvj420p")))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate = 8000
        container.mux(sound.encode(silence))
        container.mux(sound.encode(None))
    with pytest.raises(VideoError, match=r"song\.mp4 has no video stream"):
        VideoReader(path, None, [SIZE])


def test_a_codec_that_nobody_knows_is_refused(tmp_path):
    path = encode_numbers(tmp_path / "video.mp4", REGULAR)
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzzz"))
    with pytest.raises(VideoError, match="not known here") as caught:
        VideoReader(path, None, [SIZE])
    assert caught.value.kind == "no decoder"


@quick
@given(st.data())
def test_whatever_bytes_are_wrong_a_video_is_read_or_refused(tmp_path_factory, data):
    whole = (FIXTURES / "variable.mp4").read_bytes()
    content = bytearray(whole)
    places = st.integers(0, len(content) - 1)
    for place in data.draw(st.lists(places, max_size=20)):
        content[place] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.one_of(st.just(len(content)), places))]
    path = tmp_path_factory.mktemp("any") / "video.mp4"
    path.write_bytes(content)
    try:
        with VideoReader(path, data.draw(st.sampled_from([None, 4.0])), [SIZE]) as video:
            times = [item.timestamp for item in itertools.islice(video, 500)]
    except VideoError:
        return
    assert all(earlier < later for earlier, later in itertools.pairwise(times))
    assert 0 <= video.damage.share <= 1


def test_a_video_whose_frames_are_all_damaged_is_refused(tmp_path):
    path = encode_numbers(tmp_path / "damaged.mp4", REGULAR)
    content = bytearray(path.read_bytes())
    data, index = content.index(b"mdat") + 4, content.index(b"moov") - 4
    content[data:index] = b"\xff" * (index - data)
    path.write_bytes(content)
    with pytest.raises(VideoError, match=r"damaged\.mp4"):
        decode(path)


def test_a_colon_in_a_file_name_is_part_of_the_name(tmp_path, monkeypatch):
    encode_numbers(tmp_path / "video.mp4", REGULAR).rename(tmp_path / "take:1.mp4")
    monkeypatch.chdir(tmp_path)
    assert len(decode(Path("take:1.mp4"))[0]) == 30


@pytest.mark.parametrize(
    "script",
    [
        "ffconcat version 1.0\nfile other.mp4\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nother.mp4\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    ],
    ids=["concat", "playlist", "session"],
)
@pytest.mark.parametrize("name", ["script.mp4", "script.ts", "script.m3u8", "script.ffconcat"])
def test_a_file_that_names_other_files_is_no_video(tmp_path, script, name):
    encode_numbers(tmp_path / "other.mp4", REGULAR)
    (tmp_path / name).write_text(script)
    with pytest.raises(VideoError, match="cannot be opened as a video"):
        VideoReader(tmp_path / name, None, [SIZE])


@pytest.mark.parametrize("fps", [None, pytest.param(4.0, marks=pytest.mark.slow), 1.0])
def test_how_much_of_a_video_decodes_does_not_depend_on_how_much_of_it_is_sampled(tmp_path, fps):
    with av.open(str(tmp_path / "whole.mkv"), "w") as container:
        add_noise(container, "mjpeg", 500)

    def spoil(number: int, packet: av.Packet) -> av.Packet:
        if not 125 <= number < 375:
            return packet
        spoilt = av.Packet(bytes(packet.size))
        spoilt.pts, spoilt.dts, spoilt.duration = packet.pts, packet.dts, packet.duration
        spoilt.time_base, spoilt.is_keyframe = packet.time_base, True
        return spoilt

    path = rewritten(tmp_path / "whole.mkv", tmp_path / "spoilt.mkv", spoil)
    with VideoReader(path, fps, [SIZE]) as video:
        assert list(video)
        assert video.damage.share == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("fps", [None, 4.0])
def test_one_wrong_time_does_not_stretch_a_video(tmp_path, fps):
    source = encode_numbers(tmp_path / "right.mkv", [40 * number for number in range(100)])

    def misplace(number: int, packet: av.Packet) -> av.Packet:
        if number == 50:
            packet.pts += round(3_000 / packet.time_base)
        return packet

    # A live recording has no length in its header that would agree with the wrong time.
    path = rewritten(source, tmp_path / "wrong.mkv", misplace, live="1")
    with VideoReader(path, fps, [SIZE]) as video:
        times = [item.timestamp for item in video]
    assert len(times) <= 100
    assert times[-1] < 10 or video.damage.found


def test_a_clock_that_jumps_ahead_goes_on_instead(tmp_path):
    parts = [
        encode_numbers(tmp_path / f"{start}.ts", [start + 40 * n for n in range(75)]).read_bytes()
        for start in (0, 18_000_000)
    ]
    (tmp_path / "joined.ts").write_bytes(b"".join(parts))
    times, numbers = decode(tmp_path / "joined.ts", 5.0)
    assert len(numbers) == pytest.approx(30, abs=1)
    assert times[-1] < 7


def test_a_length_that_makes_no_sense_is_none(tmp_path):
    path = encode_numbers(tmp_path / "video.mkv", REGULAR)
    content = path.read_bytes()
    assert b"00:00:01.200000000" in content
    path.write_bytes(content.replace(b"00:00:01.200000000", b"00:00:01.2.0000000"))
    assert expected_samples(path, 4.0) == 5
    assert decode(path)[1] == list(range(30))


def test_sound_that_lasts_longer_than_the_picture_is_no_damage(tmp_path):
    path = tmp_path / "video.mkv"
    with av.open(str(path), "w") as container:
        picture, sound = container.add_stream("libx264", rate=25), container.add_stream("aac", 8000)
        picture.width = picture.height = 32
        picture.pix_fmt = "yuv420p"
        for _ in range(25):
            image = np.zeros((32, 32, 3), np.uint8)
            container.mux(picture.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(picture.encode(None))
        for number in range(80):
            quiet = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            quiet.sample_rate, quiet.pts = 8000, 1024 * number
            container.mux(sound.encode(quiet))
        container.mux(sound.encode(None))
    with VideoReader(path, None, [SIZE]) as video:
        assert len(list(video)) == 25
        assert video.duration > 9
        assert not video.damage.found


def test_an_avi_that_was_cut_is_measured_against_the_frames_it_had(tmp_path):
    path = tmp_path / "video.avi"
    with av.open(str(path), "w") as container:
        add_noise(container, "mjpeg", 400)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with VideoReader(path, 4.0, [SIZE]) as video:
        assert list(video)
        assert video.damage.share == pytest.approx(0.5, abs=0.05)


def test_mpeg_programme_streams_without_a_time_for_each_frame_are_read_in_order(tmp_path):
    path = tmp_path / "disc.mpg"
    with av.open(str(path), "w", format="vob") as container:
        add_noise(container, "mpeg2video", 100)
    with VideoReader(path, None, [SIZE]) as video:
        times, numbers = zip(*((item.timestamp, item.frame) for item in video), strict=True)
        assert not video.damage.found, video.damage
        assert video.numbers.count == 100
    assert list(numbers) == list(range(100))
    assert np.diff(times) == pytest.approx(0.04, abs=1e-3)


def test_what_nobody_foresaw_is_the_video_s_error(tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise ValueError("no such pixels")

    monkeypatch.setattr("preprocessing.videos.views.resized", fail)
    path = encode_numbers(tmp_path / "video.mp4", REGULAR)
    with pytest.raises(VideoError, match=r"video\.mp4 cannot be decoded: ValueError: no such") as e:
        decode(path)
    assert e.value.kind == "unexpected"


def test_pictures_that_are_too_large_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("preprocessing.videos.video_file.MOST_PIXELS", 64 * 48 - 1)
    with pytest.raises(VideoError, match="pictures of 64 x 48 are too large"):
        VideoReader(encode_numbers(tmp_path / "video.mp4", REGULAR), None, [SIZE])

import itertools
import struct
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.errors import VideoError
from preprocessing.video import INSTANT_TOLERANCE, VideoReader, expected_samples, sample

quick = settings(deadline=None, max_examples=100)
SIZE = (8, 8)
MILLISECONDS = Fraction(1, 1000)
BRIGHTNESS_STEP = 8
IRREGULAR = [0, 40, 90, 100, 230, 500, 520, 560, 1000, 1040, 1900, 2000]
REGULAR = [40 * number for number in range(30)]

Frames = list[tuple[float, float, int]]


def numbered(number: int) -> np.ndarray:
    return np.full((48, 64, 3), number * BRIGHTNESS_STEP, np.uint8)


def top_is_white() -> np.ndarray:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24] = 255
    return image


def encode(path: Path, images: list[np.ndarray], milliseconds: list[int], b_frames: int = 0):
    """Writes a video whose frames are shown from the given times on."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = MILLISECONDS
        stream.codec_context.max_b_frames = b_frames
        for image, time in zip(images, milliseconds, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = time, MILLISECONDS
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def encode_numbers(path: Path, milliseconds: list[int], b_frames: int = 0) -> Path:
    encode(path, [numbered(number) for number in range(len(milliseconds))], milliseconds, b_frames)
    return path


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


@pytest.mark.parametrize("fps", [None, 5.0])
def test_frames_that_go_back_in_time_are_not_shown(tmp_path, fps):
    first = encode_numbers(tmp_path / "first.ts", REGULAR[:20])
    again = encode_numbers(tmp_path / "again.ts", REGULAR)
    path = tmp_path / "joined.ts"
    path.write_bytes(first.read_bytes() + again.read_bytes())
    times, _ = decode(path, fps)
    assert all(earlier < later for earlier, later in itertools.pairwise(times))
    assert times[-1] == pytest.approx(REGULAR[-1] / 1000, abs=0.2)


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
        (make_sound, "no video"),
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


def test_a_video_damaged_in_the_middle_fails_where_the_damage_is(tmp_path):
    path = encode_numbers(tmp_path / "damaged.mp4", REGULAR)
    content = bytearray(path.read_bytes())
    data, index = content.index(b"mdat"), content.index(b"moov")
    middle = (data + index) // 2
    content[middle : index - 8] = b"\xff" * (index - 8 - middle)
    path.write_bytes(content)
    with pytest.raises(VideoError, match=r"damaged\.mp4 does not decode after frame \d+"):
        decode(path)


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

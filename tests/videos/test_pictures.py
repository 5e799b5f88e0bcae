import os
import struct
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.errors import VideoError
from preprocessing.files.fingerprint import fingerprint
from preprocessing.store.sequence_info import Origin, settings_text
from preprocessing.videos.pictures import LONGEST_SIDE, _Frames, source_video, thumbnails

FRAMES, RATE, STEP, DARKEST = 60, 10, 4, 9
MILLISECONDS = Fraction(1, 1000)


def film(
    path: Path,
    keyframe_every: int = 12,
    size: tuple[int, int] = (48, 64),
    late: int = 0,
    aspect: str = "1",
) -> Path:
    """Writes a video of frames that grow brighter, ten a second, from ``late`` ms on."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = MILLISECONDS
        stream.codec_context.max_b_frames = 0 if path.suffix == ".avi" else 2
        stream.options = {"crf": "1"}
        stream.codec_context.gop_size = keyframe_every
        stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        for number in range(FRAMES):
            pixels = np.full((*size, 3), DARKEST + number * STEP, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts, frame.time_base = late + number * 1000 // RATE, MILLISECONDS
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def numbers(path: Path, times: list[float]) -> list[int | None]:
    """Which frame is seen at each time."""
    return [
        None if picture is None else round((float(picture.mean()) - DARKEST + 1) / STEP)
        for picture in thumbnails(path, times)
    ]


@pytest.fixture(scope="module", params=[1, 12, 1000], ids=lambda every: f"keyframe every {every}")
def video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("film") / "v.mp4", request.param)


@settings(deadline=None, max_examples=25)
@given(times=st.lists(st.floats(0, 8), min_size=1, max_size=6).map(sorted))
def test_a_picture_is_the_frame_on_screen_then(video, times):
    expected = [min(FRAMES - 1, int(time * RATE + 1e-5)) for time in times]
    assert numbers(video, times) == expected


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi", ".mov"])
def test_pictures_are_found_in_every_container(tmp_path, suffix):
    path = film(tmp_path / f"v{suffix}")
    with av.open(str(path)) as container:
        shown = [float(frame.time) for frame in container.decode(video=0)]
    asked = [0, 7, 8, 30, 31, 59]
    assert numbers(path, [shown[number] for number in asked]) == asked


def test_times_are_those_of_the_frames_where_a_video_begins_late(tmp_path):
    path = film(tmp_path / "v.mkv", late=5000)
    assert numbers(path, [5.0, 8.0]) == [0, 30]


def test_little_more_is_decoded_than_lies_between_keyframes_and_times(tmp_path, monkeypatch):
    path = film(tmp_path / "v.mp4")
    decoded = []
    decode = _Frames._decode

    def counted(frames):
        for item in decode(frames):
            decoded.append(item[0])
            yield item

    monkeypatch.setattr(_Frames, "_decode", counted)
    assert numbers(path, [0.1, 0.3, 5.0]) == [1, 3, 50]
    # Frames 0 to 4, then from the keyframe 48 to 51.
    assert len(decoded) == 5 + 4


@pytest.mark.parametrize(
    ("size", "aspect", "shape"),
    [
        ((48, 64), "1", (240, 320)),
        ((64, 48), "1", (320, 240)),
        ((48, 64), "2", (120, 320)),
        ((2, 640), "1", (1, 320)),
    ],
)
def test_pictures_keep_the_aspect_in_which_players_show_them(tmp_path, size, aspect, shape):
    path = film(tmp_path / "v.mp4", size=size, aspect=aspect)
    (picture,) = thumbnails(path, [0.0])
    assert picture.shape == (*shape, 3)
    assert max(shape) == LONGEST_SIDE


def test_pictures_are_upright(tmp_path):
    path = film(tmp_path / "v.mp4", size=(48, 96))
    content = bytearray(path.read_bytes())
    matrix, one = content.index(b"tkhd") + 44, 1 << 16
    content[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    (picture,) = thumbnails(path, [0.0])
    assert picture.shape == (320, 160, 3)


def damage(path: Path, frames: range) -> None:
    """Overwrites frames in a file."""
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        for number, packet in enumerate(container.demux(video=0)):
            if number in frames:
                content[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    path.write_bytes(content)


def test_what_lies_before_and_behind_a_damaged_place_is_found(tmp_path):
    path = film(tmp_path / "v.mp4")
    damage(path, range(18, 34))
    assert numbers(path, [0.0, 1.0, 3.0, 5.0, 5.9]) == [0, 10, 18, 50, 59]


def origin_of(path: Path) -> Origin:
    return Origin(str(path), fingerprint(path), "4.0", "test", "0", settings_text())


def test_a_video_that_is_what_it_was_is_taken(tmp_path):
    path = film(tmp_path / "v.mp4")
    assert source_video(origin_of(path)) == path


def test_a_video_that_was_changed_is_not_taken(tmp_path):
    path = film(tmp_path / "v.mp4")
    before = origin_of(path)
    film(path, keyframe_every=3)
    with pytest.raises(VideoError, match=r"has changed.*v\.mp4"):
        source_video(before)


@pytest.mark.parametrize("source", ["/etc/passwd", "x.csv", "", "http://host/list.m3u8", "a\0.txt"])
def test_a_source_that_is_not_named_like_a_video_is_not_opened(source):
    with pytest.raises(VideoError, match="not made from a video"):
        source_video(Origin(source, "", "4.0", "test", "0", ""))


@pytest.mark.parametrize("source", ["/no/where.mp4", "v.mp4", "a\0.mp4", "concat:/a.mp4|/b.mp4"])
def test_a_source_that_is_no_file_at_its_full_path_is_gone(source, tmp_path, monkeypatch):
    film(tmp_path / "v.mp4")
    monkeypatch.chdir(tmp_path)
    wanted = replace(origin_of(tmp_path / "v.mp4"), source=source)
    with pytest.raises(VideoError, match="not at its place"):
        source_video(wanted)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_only_an_ordinary_file_is_opened(tmp_path, make):
    path = tmp_path / "v.mp4"
    make(path)
    with pytest.raises(VideoError, match="not at its place"):
        source_video(Origin(str(path), "", "4.0", "test", "0", ""))


PLAYLISTS = {
    "concat": "ffconcat version 1.0\nfile other.mp4\n",
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\nother.mp4\n#EXT-X-ENDLIST\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 1 RTP/AVP 96\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_list_of_other_files_is_not_followed(tmp_path, kind):
    film(tmp_path / "other.mp4")
    path = tmp_path / "v.mp4"
    path.write_text(PLAYLISTS[kind])
    with pytest.raises(VideoError, match=r"cannot be opened .*v\.mp4"):
        list(thumbnails(source_video(origin_of(path)), [0.0]))


def test_a_file_without_pictures_is_told(tmp_path):
    path = tmp_path / "v.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), "int16"), "s16", "mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(VideoError, match=r"holds no video: .*v\.mkv"):
        list(thumbnails(path, [0.0]))

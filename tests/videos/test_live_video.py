"""Cameras and streams without an end: their times, and what happens when they are lost."""

import math
import re
import time
from collections.abc import Callable, Iterator

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.errors import InputError, VideoError
from preprocessing.videos import live_video
from preprocessing.videos.clip import Clip
from preprocessing.videos.live_video import Arrived, LiveVideo, is_live
from preprocessing.videos.stream_samples import LiveSamples, as_file, first_of_each
from preprocessing.videos.video_file import plain

FRAME = av.VideoFrame(16, 16, "rgb24")
Connections = list[list[tuple[float | None, float]]]


class Clock:
    """Seconds since 1970 that only move when something happens."""

    def __init__(self) -> None:
        self.now = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[float]]:
    """Follows connections, each a list of (presentation time, seconds until the frame comes)."""
    clock = Clock()
    for name in ("time", "monotonic"):
        monkeypatch.setattr(f"preprocessing.videos.live_video.time.{name}", lambda: clock.now)
    monkeypatch.setattr("preprocessing.videos.live_video.time.sleep", clock.sleep)

    def follow(connections: Connections, **options: float) -> list[float]:
        left = iter(connections)

        def connect(source: str) -> Iterator[live_video.Frame]:
            try:
                coming = next(left)
            except StopIteration:
                raise VideoError("unreadable", "nobody there") from None

            def frames() -> Iterator[live_video.Frame]:
                for shown, after in coming:
                    clock.sleep(after)
                    yield live_video.Frame(shown, FRAME)

            return frames()

        monkeypatch.setattr(live_video, "_connect", connect)
        times: list[float] = []
        options = {"give_up": 5.0, **options}
        with pytest.raises(InputError, match=r"camera 0 sent nothing for \d+ s \(nobody there\)"):
            times.extend(arrived.time for arrived in LiveVideo("0", **options))
        return times

    return follow


def test_times_are_those_of_the_stream_counted_from_its_first_frame(followed) -> None:
    assert followed([[(7.0, 0.3), (7.04, 0.1), (7.08, 0.0)]]) == pytest.approx([0, 0.04, 0.08])


def test_frames_without_a_time_get_that_of_their_coming(followed) -> None:
    assert followed([[(None, 0.5), (None, 0.25), (None, 0.5)]]) == pytest.approx([0, 0.25, 0.75])


def test_a_connection_that_is_made_again_goes_on_by_the_clock(followed) -> None:
    times = followed([[(7.0, 0.0), (7.5, 0.5)], [(0.0, 0.5), (0.5, 0.5)]])
    assert times == pytest.approx([0, 0.5, 0.5 + 1 + 0.5, 2.5])  # A pause of 1 s before it.


def test_a_clock_that_starts_again_moves_nothing(followed) -> None:
    times = followed([[(500.0, 0.0), (500.5, 0.5), (0.0, 0.5), (0.5, 0.5)]])
    assert times == pytest.approx([0, 0.5, 1.0, 1.5])


def test_a_clock_that_starts_again_and_again_loses_no_frame(followed) -> None:
    again = [(shown, 0.5) for shown in (0.0, 0.5, 1.0)]
    times = followed([again * 4])
    assert np.diff(times) == pytest.approx(np.full(11, 0.5))


def test_frames_that_come_in_a_burst_keep_their_distances(followed) -> None:
    times = followed([[(0.0, 0), (0.2, 0), (0.4, 0), (0.0, 0), (0.2, 0)]])
    assert times == pytest.approx([0, 0.2, 0.4, 0.401, 0.601])


def test_nothing_happens_when_somebody_sets_the_clock(
    followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = iter([0.0, -500.0, 7000.0, 3.0])
    monkeypatch.setattr(
        "preprocessing.videos.live_video.time.time", lambda: 2000.0 + next(days, 50.0)
    )
    assert followed([[(7.0, 0.0), (7.5, 0.5), (8.0, 0.5)]]) == pytest.approx([0, 0.5, 1.0])


def test_times_go_on_after_those_of_before(followed) -> None:
    assert followed([[(3.0, 0.0), (3.5, 0.5)]], origin=1000.0, after=60.0) == pytest.approx(
        [60.001, 60.501]
    )


def test_pauses_between_tries_double_up_to_half_a_minute(
    followed, capfd: pytest.CaptureFixture[str]
) -> None:
    followed([[(0.0, 0.0)], [], [], [(1.0, 0.0)]], give_up=100.0)
    said = re.findall(r"next try in (\d+) s", capfd.readouterr().err)
    # A frame begins them anew.
    assert said == ["1", "2", "4", "1", "2", "4", "8", "16", "30", "30", "30"]


def test_what_never_decodes_is_given_up_too(followed, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(source: str) -> Iterator[None]:
        def packets() -> Iterator[None]:
            while True:
                time.sleep(0.5)
                yield None

        return packets()

    monkeypatch.setattr(live_video, "_connect", connect)
    with pytest.raises(InputError, match=r"sent nothing for 3 s \(nothing of it can be decoded\)"):
        list(LiveVideo("0", give_up=3.0))


def test_a_stream_that_is_followed_again_counts_from_the_same_second(followed) -> None:
    assert followed([[(3.0, 0.0), (3.5, 0.5)]], origin=900.0) == pytest.approx([100.0, 100.5])


@given(
    st.lists(st.floats(0.001, 2.0), max_size=60),
    st.one_of(st.none(), st.floats(0.5, 30.0)),
)
def test_the_first_frame_from_each_instant_on_is_picked(
    gaps: list[float], fps: float | None
) -> None:
    times = np.cumsum(gaps).tolist()
    picked = [a.time for a in first_of_each((Arrived(t, 0.0, FRAME) for t in times), fps)]
    if fps is None:
        assert picked == times
        return
    slots: dict[int, float] = {}
    for moment in times:
        slots.setdefault(math.floor((moment + 1e-6) * fps), moment)
    assert picked == list(slots.values())


def test_the_pictures_of_a_camera_are_rgb_of_the_size_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Camera:
        def __init__(self, number: int):
            self.left = 2

        def isOpened(self) -> bool:  # noqa: N802 (OpenCV's)
            return True

        def set(self, *_: object) -> None:
            pass

        def read(self) -> tuple[bool, np.ndarray | None]:
            self.left -= 1
            return (True, np.full((48, 64, 3), (0, 0, 250), np.uint8)) if self.left >= 0 else (
                False, None
            )  # fmt: skip

        def release(self) -> None:
            pass

    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    samples = LiveSamples("0", None, [(12, 16)], backlog=4)
    sample = next(iter(samples))
    (pixels,) = sample.pixels
    assert pixels.shape == (12, 16, 3)
    np.testing.assert_allclose(pixels, np.broadcast_to([250, 0, 0], pixels.shape), atol=3)
    assert sample.clock is not None


def test_a_camera_that_is_not_there_is_said_to_be_so() -> None:
    with pytest.raises(VideoError, match="there is no camera 97, or another program uses it"):
        LiveVideo("97")
    with pytest.raises(VideoError, match="there is no camera 99999999999"):
        LiveVideo("99999999999")


@pytest.mark.parametrize("source", ["no/such.mp4", "file:///etc/passwd", "concat:a|b", "-1"])
def test_what_is_neither_file_nor_camera_nor_url_is_refused(source: str) -> None:
    assert as_file(source) is None
    with pytest.raises(VideoError, match=r"there is no file .*, and it is no URL"):
        LiveSamples(source, None, [(8, 8)], 1)


def test_messages_name_a_url_without_its_secrets() -> None:
    assert plain("rtsp://me:secret@host:554/stream?key=secret") == "rtsp://host:554/stream"
    assert plain("videos/a.mp4") == "videos/a.mp4"
    with pytest.raises(VideoError) as refused:
        LiveVideo("rstp://me:secret@host/stream")
    assert "secret" not in str(refused.value)


def test_only_http_may_have_an_end() -> None:
    assert is_live("3")
    assert is_live("rtsp://127.0.0.1:9/stream")


def test_clips_of_a_camera_have_the_frames_that_arrived_between_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Video:
        name, origin = "camera 0", 0.0

        def __init__(self, *_: object):
            pass

        def __iter__(self) -> Iterator[Arrived]:
            for number in range(12):
                picture = np.full((16, 16, 3), 20 * number, np.uint8)
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                yield Arrived(number / 10, 0.0, frame)

    monkeypatch.setattr("preprocessing.videos.stream_samples.LiveVideo", Video)
    samples = LiveSamples("0", 2, [(8, 8), (8, 8)], backlog=9, clips=[Clip(3, 2), None])
    seen = {round(sample.timestamp * 10): sample.pixels for sample in samples}
    assert list(seen) == [0, 5, 10]
    for number, (clip, picture) in seen.items():
        wanted = [20 * max(0, number - back) for back in (4, 2, 0)]
        np.testing.assert_allclose([p.mean() for p in clip], wanted, atol=1)
        np.testing.assert_array_equal(clip[-1], picture)

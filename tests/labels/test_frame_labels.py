"""A line a frame labels the frame that a step shows, whenever that is shown."""

from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_inputs import write

from preprocessing.errors import InputError
from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.store.feature_store import FeatureStore
from preprocessing.videos.frame_numbers import FrameNumbers
from preprocessing.videos.timeline import TOLERANCE

UNIT = Fraction(1, 1000)
EVEN = [40 * number for number in range(100)]
LATE = [500 + time for time in EVEN]
# 25 frames a second, then 12.5.
HALVED = [*EVEN[:50], *(2000 + 80 * number for number in range(50))]


def make_video(path: Path, times: list[int], b_frames: int = 2) -> Path:
    """Frames at milliseconds; the brightness of each half tells its number; sound from 0 on."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"qp": "0"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv444p"
        stream.codec_context.max_b_frames = b_frames
        stream.time_base = stream.codec_context.time_base = UNIT
        sound: Any = container.add_stream("pcm_s16le", rate=8000)
        for number, time in enumerate(times):
            image = np.zeros((48, 64, 3), np.uint8)
            image[:, :32], image[:, 32:] = 20 * (number // 10), 20 * (number % 10)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = time, UNIT
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        samples = np.zeros((1, 8 * (times[-1] + 40)), np.int16)
        noise = av.AudioFrame.from_ndarray(samples, "s16", "mono")
        noise.sample_rate, noise.pts, noise.time_base = 8000, 0, Fraction(1, 8000)
        container.mux(sound.encode(noise))
        container.mux(sound.encode())
    return path


def numbers_seen(store: FeatureStore) -> list[int]:
    """The number of the frame that each step shows, read from its pixels."""
    pictures = store.features("v", 0, store.info("v").steps).astype(float)
    shape = pictures.reshape(len(pictures), 32, 32, 3).mean(-1)
    tens, ones = shape[:, :, 4:12].mean((1, 2)), shape[:, :, 20:28].mean((1, 2))
    scale = 255 if pictures.max() <= 1 else 1
    digits = (np.round(part * scale / 20) for part in (tens, ones))
    return [int(10 * ten + one) for ten, one in zip(*digits, strict=True)]


def given_labels(store: FeatureStore, folder: Path, lines: int, **options: Any) -> list[int]:
    folder.mkdir(exist_ok=True)
    # Of many lines each class must have several, or they are taken for no classes.
    names = (f"f{number if lines <= 100 else number % 50:03d}" for number in range(lines))
    (folder / "v.txt").write_text("\n".join(names))
    labels = read_labels(LabelOptions(folder, **options), store)
    info = store.info("v")
    labels.check(info)
    found = labels.at(info, 0, store.timestamps("v"))
    return [int(labels.classes[index][1:]) if index >= 0 else -1 for index in found]


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """Makes a video of such times and a store of it, once."""

    @cache
    def extracted(times: tuple[int, ...], fps: str) -> Path:
        folder = tmp_path_factory.mktemp("extracted")
        video = make_video(folder / "v.mkv", list(times))
        store = folder / "store"
        config = ExtractConfig((video,), store, fps=fps, backbone="pixels", dtype="float32")
        assert [result.outcome for result in extract(config)] == ["extracted"]
        return store

    return extracted


@pytest.mark.parametrize("times", [EVEN, LATE, HALVED], ids=["even", "late", "halved"])
@pytest.mark.parametrize("fps", ["4", "native"])
@pytest.mark.parametrize("label_fps", [25.0, None])
def test_each_step_has_the_label_of_the_frame_it_shows(tmp_path, extracted, times, fps, label_fps):
    store = extracted(tuple(times), fps)
    opened = FeatureStore(store)
    seen = numbers_seen(opened)
    assert len(set(seen)) > 10
    frames = opened.frames("v")
    assert frames is not None
    assert (frames.numbers.tolist(), frames.total) == (seen, len(times))
    assert given_labels(opened, tmp_path / "lines", len(times), fps=label_fps) == seen
    opened.close()


def test_without_frames_lines_count_from_the_first_frame_and_it_is_said(tmp_path, capsys):
    write(tmp_path / "store", "v", 0.5 + np.arange(8) / 4)
    store = FeatureStore(tmp_path / "store")
    found = given_labels(store, tmp_path / "lines", 50, fps=25.0)
    assert found == [0, 6, 12, 18, 25, 31, 37, 43]
    assert "begins 0.50 s after its clock" in capsys.readouterr().err


def test_a_line_less_than_frames_is_taken_with_a_note(tmp_path, capsys):
    store = tmp_path / "store"
    video = make_video(tmp_path / "v.mkv", LATE)
    extract(ExtractConfig((video,), store, fps="4", backbone="pixels"))
    opened = FeatureStore(store)
    found = given_labels(opened, tmp_path / "lines", 99, fps=25.0)
    assert found == opened.frames("v").numbers.tolist()
    assert "99 lines, its video has 100 frames" in capsys.readouterr().err
    opened.close()


@given(st.integers(1, 40), st.integers(1, 4), st.data())
def test_numbers_do_not_depend_on_what_is_decoded(count, reorder, data):
    wanted = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    numbers = FrameNumbers()
    groups = (range(start, min(start + reorder, count)) for start in range(0, count, reorder))
    order = [number for group in groups for number in reversed(group)]
    found = []
    shown = sorted(wanted)
    for place, number in enumerate(order):
        numbers.announce(number / 25, number in wanted)
        whole = set(order[: place + 1])
        while shown and set(range(shown[0] + 1)) <= whole:
            found.append((shown[0], numbers.take(shown.pop(0) / 25)))
    assert [a for a, _ in found] == [b for _, b in found] == sorted(wanted)
    assert numbers.count == count


@pytest.mark.parametrize("every", [1, 6])
def test_two_fields_are_one_frame(every):
    numbers, found = FrameNumbers(), []
    for field in range(100):
        wanted = field < 20 or field // 2 % every == 0
        numbers.announce(field / 50, wanted)
        if field % 2 and wanted:
            found.append(numbers.take((field - 1) / 50))
    assert found == [frame for frame in range(50) if frame < 10 or frame % every == 0]
    assert numbers.count == 50


def test_two_frames_of_one_time_are_two():
    numbers = FrameNumbers()
    for time in (0.0, 1.0, 1.0, 2.0):
        numbers.announce(time)
    assert [numbers.take(time) for time in (0.0, 1.0, 1.0 + TOLERANCE, 2.0)] == [0, 1, 2, 3]
    assert numbers.count == 4


def test_what_fails_is_a_frame_and_what_never_comes_is_none():
    numbers = FrameNumbers()
    for time in (0.0, 1.0):  # Before the first from which the decoder can begin.
        numbers.announce(time)
    numbers.announce(2.0)
    assert numbers.take(2.0) == 0
    numbers.announce(3.0)
    numbers.fail()
    numbers.announce(4.0)
    assert numbers.take(4.0) == 2
    assert numbers.count == 3


def test_lines_that_are_counted_have_no_tolerance_in_seconds(tmp_path):
    write(tmp_path / "store", "v", np.arange(764) / 4)
    store = FeatureStore(tmp_path / "store")
    for lines in (763, 765):
        with pytest.raises(InputError) as caught:
            given_labels(store, tmp_path / "lines", lines)
        said = str(caught.value)
        assert f"v.txt in {tmp_path / 'lines'} has {lines} lines; expected one" in said
        assert "each of the 764 steps of the sequence; mend" in said
        assert "agree within" not in said
    assert len(given_labels(store, tmp_path / "lines", 765, fps=4.0)) == 764

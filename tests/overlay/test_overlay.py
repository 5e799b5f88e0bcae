"""Videos with answers drawn into them: real videos, decoded again."""

import csv
import struct
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from made_stores import FPS, write_sequence
from prediction_files import write_predictions

from preprocessing.errors import VideoError
from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from preprocessing.labels.class_colours import class_colours, rgb
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from preprocessing.videos.pictures import shown_size
from trainer import cli
from trainer.config import TrainConfig
from trainer.model.build import build_model
from trainer.model.model_file import save_model
from trainer.overlay import file as overlay_files
from trainer.overlay import videos as overlay
from trainer.overlay.answers import TimedAnswers
from trainer.overlay.drawing import NOTHING, Drawing
from trainer.overlay.ink import Panels, Row
from trainer.overlay.videos import draw_overlays, drawn_size
from trainer.predictions.reader import Answers, open_answers
from trainer.run.folder import Run
from trainer.training.data import load_data

CLASSES = ["rest", "Schweißen", "手"]
SECONDS = 6
GREY = 110


def film(
    path: Path,
    times: Sequence[int],
    size: tuple[int, int] = (240, 320),
    sound: bool = False,
) -> Path:
    """A grey video whose frames are shown at ``times``, in hundredths of a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": "30"})
        stream.height, stream.width = size
        stream.codec_context.time_base = Fraction(1, 100)
        hum = output.add_stream("aac", rate=8000, layout="mono") if sound else None
        for time in times:
            pixels = np.full((*size, 3), GREY, np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels)
            frame.pts, frame.time_base = time, Fraction(1, 100)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        for start in range(0, 8000 * SECONDS if hum else 0, 1000):
            noise = av.AudioFrame.from_ndarray(np.zeros((1, 1000), np.float32), "fltp", "mono")
            noise.sample_rate, noise.pts = 8000, start
            output.mux(hum.encode(noise))
        if hum:
            output.mux(hum.encode(None))
    return path


def decoded(path: Path) -> tuple[list[float], np.ndarray]:
    """Times and frames ``<uint8>[N, H, W, 3]`` of a video, as any player has them."""
    with av.open(str(path)) as file:
        frames = [(frame.time, frame.to_ndarray(format="rgb24")) for frame in file.decode(video=0)]
    return [time for time, _ in frames], np.stack([pixels for _, pixels in frames])


def probabilities(labels: Sequence[int], sure: float = 0.9) -> np.ndarray:
    others = (1 - sure) / (len(CLASSES) - 1)
    return np.where(np.arange(len(CLASSES)) == np.array(labels)[:, None], sure, others)


Draw = Callable[..., Path]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Draws answers, four a second, into a video."""

    def call(
        video: Path, answers: np.ndarray, once: bool = False, steps: int | None = None, **kind: Any
    ) -> Path:
        column = "predicted" if kind.get("task") == "regression" else "probabilities"
        arrays = {column: answers, "true": np.zeros_like(answers)}
        if column == "probabilities" and kind.get("task") != "multilabel":
            arrays["true"] = np.zeros(len(answers))
        path = write_predictions(tmp_path / "p.h5", CLASSES, {video.stem: arrays}, **kind)
        write_sequence(tmp_path / "store", video.stem, np.zeros((steps or len(answers), 1)))
        infos = {video.stem: FeatureStore(tmp_path / "store").info(video.stem)}
        assert draw_overlays(tmp_path / "out", {video.stem: video}, infos, path, once) == []
        return tmp_path / "out" / f"{video.stem}.mp4"

    return call


UNEVEN = [0, 4, 8, 30, 34, 90, 150, 151, 290, 400, 401, 520, 596]
LABELS = [0] * 8 + [1] * 10 + [2] * 6


def panel(frame: np.ndarray) -> np.ndarray:
    return frame[6:30, 6:200].astype(int)


def test_frames_keep_their_times_and_show_the_answer_of_their_moment(
    draw: Draw, tmp_path: Path
) -> None:
    out = draw(film(tmp_path / "v.mp4", UNEVEN), probabilities(LABELS))
    times, frames = decoded(out)
    np.testing.assert_allclose(times, np.array(UNEVEN) / 100, atol=1e-3)
    shown = [LABELS[int(time * FPS)] for time in times]
    middle = frames[:, 100:180].astype(int)
    assert np.abs(middle - GREY).max() < 12  # Nothing is drawn there.
    for frame, label in zip(frames, shown, strict=True):
        for other, its in zip(frames, shown, strict=True):
            far = np.abs(panel(frame) - panel(other)).max()
            assert (far > 80) == (label != its), (label, its, far)


def test_the_ribbon_has_the_colours_of_the_report_and_a_playhead(
    draw: Draw, tmp_path: Path
) -> None:
    times, frames = decoded(draw(film(tmp_path / "v.mp4", UNEVEN), probabilities(LABELS)))
    height, width = frames.shape[1:3]
    row = frames[:, height - 4].astype(int)
    colours = [rgb(colour) for colour in class_colours(CLASSES)]
    for time, pixels in zip(times, row, strict=True):
        head = round(time / SECONDS * width)
        for step, label in enumerate(LABELS):
            place = round((step + 0.5) / len(LABELS) * width)
            if abs(place - head) > 8:
                assert np.abs(pixels[place] - colours[label]).max() < 40
        near = slice(max(0, head - 4), head + 5)
        above = frames[times.index(time), height - 13, near].astype(int)
        assert above.max() > GREY + 40


def test_a_turned_video_is_drawn_upright(draw: Draw, tmp_path: Path) -> None:
    path = film(tmp_path / "v.mp4", range(0, 100, 10), (240, 320))
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 44
    one = 1 << 16
    content[place : place + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 240 * one, 0, 1 << 30)
    path.write_bytes(content)
    assert shown_size(path) == (320, 240)
    _, frames = decoded(draw(path, probabilities([1] * 4)))
    assert frames.shape == (10, 320, 240, 3)
    below = frames[0, 316, 20:200:20].astype(int)
    assert np.abs(below - rgb(class_colours(CLASSES)[1])).max() < 40


def heard(path: Path) -> list[float]:
    """When the packets of a file's sound are heard."""
    with av.open(str(path)) as file:
        return [float(p.pts * p.time_base) for p in file.demux(audio=0) if p.pts is not None]


def test_sound_is_kept_and_stays_in_time(draw: Draw, tmp_path: Path) -> None:
    path = film(tmp_path / "v.mp4", range(0, 100 * SECONDS, 10), sound=True)
    before, after = (heard(each) for each in (path, draw(path, probabilities(LABELS))))
    assert len(before) > 40
    assert len(after) >= len(before) - 1
    assert np.isin(np.round(after, 3), np.round(before, 3)).all()


@pytest.mark.parametrize("size", [(2, 2), (48, 64), (16, 800)])
def test_small_pictures_are_enlarged_so_that_letters_fit(
    draw: Draw, tmp_path: Path, size: tuple[int, int]
) -> None:
    _, frames = decoded(draw(film(tmp_path / "v.mp4", [0, 10], size), probabilities([0, 1])))
    height, width = frames.shape[1:3]
    assert height >= 80
    assert abs(width / height / (size[1] / size[0]) - 1) < 0.05


@given(st.integers(1, 9000), st.integers(1, 9000))
@example(1, 9000)
def test_frames_have_even_sides_that_are_not_too_long(height: int, width: int) -> None:
    drawn = drawn_size(height, width)
    assert all(side % 2 == 0 and 2 <= side <= 4096 for side in drawn)


@given(
    st.integers(1, 12),
    st.integers(0, 14),
    st.integers(1, 5),
    st.lists(st.floats(-1, 4), max_size=20),
)
def test_at_each_moment_stands_what_was_said_about_it(
    steps: int, horizon: int, block_steps: int, moments: list[float]
) -> None:
    class Written(dict[str, np.ndarray]):
        pass

    values = np.arange(steps, dtype=np.float32)[:, None]
    times = np.arange(steps) / FPS
    group = Written(timestamps=times, predicted=values, true=values)
    answers = Answers({"s": group}, ["x"], "regression", horizon, ["s"])  # type: ignore[arg-type]
    timed = TimedAnswers(answers, "s", block_steps=block_steps)
    moments = sorted(moments)
    begun = [int((times <= moment).sum()) - 1 for moment in moments]
    expected = [step - horizon if step >= horizon else np.nan for step in begun]
    np.testing.assert_array_equal(timed.at(np.array(moments))[:, 0], np.float32(expected))
    told = [(begin, float(value[0])) for begin, value in timed.following()]
    assert told == [(times[row + horizon], row) for row in range(max(0, steps - horizon))]


def rows_at(path: Path, moments: Sequence[float]) -> list[list[tuple[str, str]]]:
    with open_answers(path) as answers:
        timed = TimedAnswers(answers, "s")
        drawn = Drawing(answers.task, answers.classes, timed, (240, 320), (0.0, 3.0))
        told = []
        for moment in moments:
            drawn.draw(np.zeros((240, 320, 3), np.uint8), moment)
            told.append([(row.name, row.value) for row in drawn.rows()])
        return told


def test_of_several_labels_those_are_named_that_hold(tmp_path: Path) -> None:
    arrays = {"probabilities": [[0.9, 0.5, 0.49], [0.1, 0.2, 0.3]], "true": np.zeros((2, 3))}
    path = write_predictions(tmp_path / "p.h5", CLASSES, {"s": arrays}, "multilabel", 0)
    assert rows_at(path, [0.0, 0.25]) == [
        [("rest", "90 %"), ("Schweißen", "50 %")],
        [(NOTHING.name, "")],
    ]
    many = [f"class {number}" for number in range(30)]
    arrays = {"probabilities": np.ones((1, 30)), "true": np.zeros((1, 30))}
    path = write_predictions(tmp_path / "p.h5", many, {"s": arrays}, "multilabel")
    (rows,) = rows_at(path, [0.0])
    assert rows[0] == ("class 0", "100 %")
    assert rows[-1][0] == f"+ {30 - len(rows) + 1}"
    assert len(rows) < 12


def test_numbers_are_written_and_drawn_as_curves(draw: Draw, tmp_path: Path) -> None:
    steps = np.arange(4 * SECONDS)
    values = np.stack([steps, 1e6 - steps, np.full(len(steps), np.pi)], -1)
    out = draw(film(tmp_path / "v.mp4", UNEVEN), values, task="regression", horizon=2)
    height, width = 240, 320
    band = decoded(out)[1][3, height - 30 :].astype(int)
    rises = np.array(rgb(class_colours(CLASSES)[0]))
    for place, top in ((0.4, False), (0.95, True)):
        column = band[:, round(place * width) - 1 : round(place * width) + 2].mean(1)
        row = int(np.abs(column - rises).sum(1).argmin())
        assert (row < 15) == top
    path = tmp_path / "p.h5"
    with open_answers(path) as answers:
        timed = TimedAnswers(answers, "v")
        drawn = Drawing("regression", CLASSES, timed, (240, 320), (0.0, SECONDS))
        assert drawn.rows() == (NOTHING,)  # Nothing is known of the first two steps.
        drawn.draw(np.zeros((240, 320, 3), np.uint8), 0.5)
        assert [row.value for row in drawn.rows()] == ["0", "1e+06", "3.142"]


def test_one_answer_a_sequence_stands_all_along(draw: Draw, tmp_path: Path) -> None:
    video = film(tmp_path / "v.mp4", UNEVEN)
    _, frames = decoded(draw(video, probabilities([2]), once=True, steps=len(LABELS)))
    assert all(np.abs(panel(frame) - panel(frames[0])).max() < 20 for frame in frames)
    colour = np.array(rgb(class_colours(CLASSES)[2]))
    row = frames[0, 236, 20:].astype(int)
    assert np.abs(row - colour).max() < 40


@given(st.text(min_size=1, max_size=300), st.integers(2, 60), st.integers(2, 60))
@example("\n\t\x00\u202e", 2, 2)
def test_any_name_fits_on_any_frame(name: str, height: int, width: int) -> None:
    size = (4 * height, 4 * width)
    ink = Panels(size).panel((Row((1, 2, 3), name, "100 %"),))
    frame = np.full((*size, 3), 255, np.uint8)
    ink.over(frame, 0, 0)
    assert frame.min() < 255
    assert ink.added.shape[1] <= size[1]


def test_what_is_interrupted_leaves_no_video(
    draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Drawing, "draw", interrupted)
    with pytest.raises(KeyboardInterrupt):
        draw(film(tmp_path / "v.mp4", UNEVEN), probabilities(LABELS))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with random weights, on histograms of two videos."""
    for name in ("a", "b"):
        film(tmp_path / "videos" / f"{name}.mp4", range(0, 200, 10), (48, 64))
    extract(ExtractConfig((tmp_path / "videos",), tmp_path / "store", backbone="histogram"))
    write_intervals(tmp_path / "l.csv", [("a", 0, 1, "one"), ("b", 0, 2, "two")])
    (tmp_path / "splits.json").write_text('{"train": ["a", "b"]}')
    config = TrainConfig(
        tmp_path / "store", tmp_path / "l.csv", tmp_path / "run", tmp_path / "splits.json",
        units=4, normalize="none",
    )  # fmt: skip
    run, data = Run(config.run), load_data(config)
    run.begin(config, data.splits, data.facts)
    save_model(build_model(config, data.layout, data.facts.dimension, ()), run.model_path)
    return run


@pytest.fixture
def longtake(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["longtake", *map(str, words)])
        code = cli.main()
        return code, *capfd.readouterr()

    return call


def test_predict_draws_each_video_and_says_which_it_could_not(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, longtake: Callable[..., Any]
) -> None:
    words = ("predict", run.path, tmp_path / "videos", "--out", tmp_path / "out", "--overlay")
    code, out, _ = longtake(*words)
    assert code == 0
    assert f"2 videos with labels in {tmp_path}/out/overlay" in out
    for name in ("a", "b"):
        assert len(decoded(tmp_path / "out" / "overlay" / f"{name}.mp4")[0]) == 20
    measured = overlay.shown_size

    def size(path: Path) -> tuple[int, int]:
        if path.stem == "a":
            raise VideoError("gone", f"{path} went away")
        return measured(path)

    monkeypatch.setattr(overlay, "shown_size", size)
    (tmp_path / "out" / "overlay" / "b.mp4").unlink()
    code, out, err = longtake(*words)
    assert code == 3
    assert "1 video with labels" in out
    assert "note: failed: no overlay of" in err
    assert (tmp_path / "out" / "overlay" / "b.mp4").exists()
    with (tmp_path / "out" / "overlay" / "failures.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (Path(row["path"]).name, row["kind"]) == ("a.mp4", "gone")


def test_no_overlay_replaces_a_video_that_it_is_made_of(
    run: Run, tmp_path: Path, longtake: Callable[..., Any]
) -> None:
    out = tmp_path / "out"
    mine = film(out / "overlay" / "x.mp4", [0, 10], (48, 64))
    (tmp_path / "x.mp4").symlink_to(mine)
    before = mine.read_bytes()
    for video in (mine, tmp_path / "x.mp4"):
        code, _, err = longtake("predict", run.path, video, "--out", out, "--overlay")
        assert code == 2
        (line,) = err.splitlines()
        assert f"{out}/overlay/x.mp4 would replace the video {video}; give --out" in line
    assert mine.read_bytes() == before
    assert [path.name for path in out.iterdir()] == ["overlay"]
    overlay.require_apart(out / "overlay", [tmp_path / "videos"])  # It replaces no video of these.


@pytest.mark.parametrize("out", ["videos", "videos/labelled", "videos/../link/labelled"])
def test_overlays_are_not_written_among_the_videos(
    run: Run, tmp_path: Path, longtake: Callable[..., Any], out: str
) -> None:
    videos = tmp_path / "videos"
    (tmp_path / "link").symlink_to(videos)
    words = ("predict", run.path, videos, "--out", tmp_path / out)
    code, _, err = longtake(*words, "--overlay")
    assert code == 2
    (line,) = err.splitlines()
    assert f"lies in {videos}" in line
    assert "give --out a folder outside" in line
    assert {path.name for path in videos.iterdir()} == {"a.mp4", "b.mp4"}


def test_a_video_whose_sound_cannot_be_copied_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, opened = film(tmp_path / "v.mp4", [0, 10], sound=True), []
    honest = overlay_files.open_container

    def open_container(path: Path) -> Any:
        opened.append(honest(path))
        return opened[-1]

    def refused(*_: Any) -> bool:
        raise ValueError("no such template")

    monkeypatch.setattr(overlay_files, "open_container", open_container)
    monkeypatch.setattr(overlay_files, "_fits", refused)
    with (
        pytest.raises(ValueError, match="template"),
        overlay_files.overlay_file(tmp_path / "out.mp4", (240, 320), 25.0, source, 0.0),
    ):
        pass
    (file,) = opened
    with pytest.raises(AssertionError, match="not open"):
        next(file.demux(audio=0))
    assert not (tmp_path / "out.mp4").exists()


def test_there_is_nothing_to_draw_into_a_store(
    run: Run, tmp_path: Path, longtake: Callable[..., Any]
) -> None:
    out = tmp_path / "out"
    code, _, err = longtake("predict", run.path, tmp_path / "store", "--out", out, "--overlay")
    assert code == 2
    assert "--overlay draws into videos" in err
    assert not out.exists()


@pytest.mark.parametrize("content", [b"", b"no video"])
def test_what_is_no_video_has_no_size(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.mp4").write_bytes(content)
    with pytest.raises(VideoError, match="cannot be opened"):
        shown_size(tmp_path / "v.mp4")

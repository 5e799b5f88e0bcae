"""Memory does not grow with what is worked on: peaks of processes that differ in its size only."""

from pathlib import Path

import pytest
from peaks import ALLOWED_MB, LONG, SHORT, peak_mb

TRAIN_AND_EVALUATE = """
import json
from trainer.config import TrainConfig
from trainer.evaluation.command import EvaluateConfig, evaluate
from trainer.training.command import train

def work(folder, steps):
    steps_to_store(folder, steps)
    (folder / "splits.json").write_text(json.dumps(
        {"train": ["s0", "s1"], "validation": ["s2"], "test": []}))
    train(TrainConfig(folder / "store", folder / "labels.csv", folder / "run", units=8, layers=1,
                      epochs=1, splits=folder / "splits.json", lanes=2, tensorboard=False))
    evaluate(EvaluateConfig(folder / "run", "train"))
"""

BACKWARD = TRAIN_AND_EVALUATE.replace("lanes=2", 'lanes=2, direction="backward", horizon=-8')
FULL_GRADIENT = TRAIN_AND_EVALUATE.replace("lanes=2", 'lanes=2, gradient="full"')

EXTRACT = """
import av
from preprocessing import backbones
from preprocessing.extraction import options as extract_options
from preprocessing.extraction import one_video as extract_video
from preprocessing.files.inputs import Source

class Means(backbones.Backbone):
    name, digest, size, dimension, settings = "means", "0", (16, 16), 3, {}
    def __call__(self, frames):
        return frames.mean((1, 2), dtype="float32")

def work(folder, steps):
    folder.mkdir(parents=True)
    with av.open(str(folder / "v.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        for number in range(steps // 8):
            pixels = np.full((64, 64, 3), number % 200, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())
    config = extract_options.ExtractConfig((folder,), folder / "store", fps="native")
    source, means = Source("v", folder / "v.mp4"), backbones.Joined([Means()])
    done, _ = extract_video.extract_video(source, config, means)
    assert done == steps // 8
"""

DRAW = """
from preprocessing.inspection.command import run
from preprocessing.inspection.options import InspectConfig

def work(folder, steps):
    steps_to_store(folder, steps)
    run(InspectConfig(folder / "store", sheet=folder / "sheet.png"))
"""


EXTRACT_HOURS = """
import av
from preprocessing import backbones
from preprocessing.extraction import options as extract_options
from preprocessing.extraction import one_video as extract_video
from preprocessing.files.inputs import Source

class Means(backbones.Backbone):
    name, size, dimension = "means", (16, 16), 3
    def __call__(self, frames):
        return frames.mean((1, 2), dtype="float32")

def ten_seconds(path):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for number in range(250):
            pixels = np.full((32, 32, 3), number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())

def repeated(source, path, times):
    with av.open(str(source)) as once, av.open(str(path), "w") as container:
        template = once.streams.video[0]
        stream = container.add_stream_from_template(template)
        packets = [packet for packet in once.demux(template) if packet.size]
        ten = round(10 / packets[0].time_base)
        for number in range(times):
            for old in packets:
                packet = av.Packet(bytes(old))
                packet.pts, packet.dts = old.pts + number * ten, old.dts + number * ten
                packet.time_base, packet.is_keyframe = old.time_base, old.is_keyframe
                packet.stream = stream
                container.mux(packet)

def work(folder, times):
    folder.mkdir(parents=True)
    ten_seconds(folder / "ten.mkv")
    repeated(folder / "ten.mkv", folder / "v.mkv", times)
    config = extract_options.ExtractConfig((folder,), folder / "store")
    source, means = Source("v", folder / "v.mkv"), backbones.Joined([Means()])
    steps, damage = extract_video.extract_video(source, config, means)
    assert (steps, damage) == (40 * times, "")
"""


def test_a_video_of_hours_takes_no_more_memory_than_one_of_seconds(
    tmp_path: Path, thorough: bool
) -> None:
    hours = 10 if thorough else 0.25
    short, long = (
        peak_mb(EXTRACT_HOURS, tmp_path / str(times), times) for times in (1, round(360 * hours))
    )
    assert long - short < ALLOWED_MB / 2


@pytest.mark.parametrize(
    "work",
    [
        pytest.param(TRAIN_AND_EVALUATE, id="train and evaluate"),
        pytest.param(BACKWARD, id="late and backward", marks=pytest.mark.slow),
        pytest.param(FULL_GRADIENT, id="full gradient", marks=pytest.mark.slow),
        pytest.param(EXTRACT, id="extract", marks=pytest.mark.slow),
        pytest.param(DRAW, id="contact sheet", marks=pytest.mark.slow),
    ],
)
def test_peak_memory_does_not_grow_with_the_length_of_a_sequence(tmp_path: Path, work: str) -> None:
    def growth(attempt: int) -> float:
        short, long = (
            peak_mb(work, tmp_path / f"{attempt}-{steps}", steps) for steps in (SHORT, LONG)
        )
        return long - short

    # Peaks of the same work differ by up to 20 MB on a busy machine; what grows, grows again.
    assert any(growth(attempt) < ALLOWED_MB for attempt in range(2))


SEQUENCES = 64
READ_MANY = f"""
def work(folder, steps):
    origin = Origin("s", "", "4.0", "test", "", settings_text())
    names = [f"s{{number}}" for number in range({SEQUENCES})]
    for name in names:
        with SequenceWriter(folder / "store" / f"{{name}}.h5", 256, origin) as writer:
            writer.append(np.arange(steps) / 4, np.ones((steps, 256), "float16"))
    store = FeatureStore(folder / "store")
    for start in range(0, steps, 64):
        for name in names:
            store.features(name, start, start + 64)
            store.timestamps(name, start, start + 64)
"""


def test_files_that_are_kept_open_keep_nothing_of_what_is_in_them(tmp_path: Path) -> None:
    """HDF5 has a cache for each dataset that is open, which fills as it is read."""
    short, long = (peak_mb(READ_MANY, tmp_path / str(steps), steps) for steps in (128, 4096))
    assert long - short < ALLOWED_MB / 2


FEW, MANY, VERY_MANY = 10, 3_000, 100_000  # sequences
INSPECT = """
import contextlib, os
from preprocessing.inspection.command import run
from preprocessing.inspection.options import InspectConfig

LINKS = 10_000  # of one file; file systems allow so many and not many more

def work(folder, sequences):
    (folder / "store").mkdir(parents=True)
    origin = Origin("s", "", "4.0", "test", "", settings_text())
    for number in range(sequences):
        path = folder / "store" / f"{number // 1000}" / f"sequence{number:06d}.h5"
        path.parent.mkdir(exist_ok=True)
        if number % LINKS:
            os.link(first, path)
            continue
        first = path
        with SequenceWriter(path, 4, origin) as writer:
            writer.append(np.arange(20) / 4, np.zeros((20, 4)))
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        for json in (False, True):
            run(InspectConfig(folder / "store", json))
"""


@pytest.mark.slow
def test_peak_memory_hardly_grows_with_the_number_of_sequences_that_are_listed(
    tmp_path: Path, thorough: bool
) -> None:
    many, allowed_mb = (VERY_MANY, ALLOWED_MB) if thorough else (MANY, 4)
    small, large = (peak_mb(INSPECT, tmp_path / str(count), count) for count in (FEW, many))
    assert large - small < allowed_mb

"""The command line as a person uses it: real videos, real files, exit codes, one line of error."""

import csv
import json
import re
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import h5py
import numpy as np
import pytest
from commands import LONGTAKE
from forked import run
from made_stores import FPS, MadeStore, write_sequence
from spoken import Longtake, Said, speaking

from preprocessing.backbones import load_backbone
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.labels.splits import Splits
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, settings_text
from preprocessing.videos.reader import VideoReader
from trainer.config import TrainConfig
from trainer.demo.videos import make_samples
from trainer.run.facts import ModelFacts
from trainer.run.folder import Run


@pytest.fixture
def longtake(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Longtake:
    """Runs a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return speaking(capfd, monkeypatch)


def refusal(said: Said, code: int = 2) -> str:
    """Checks that a command was refused in one line without a traceback; returns the line."""
    assert said[0] == code
    lines = said[2].splitlines()
    errors = [line for line in lines if not line.startswith("note: ") and "frame/s" not in line]
    assert len(errors) == 1
    assert errors[0].startswith("longtake")
    return errors[0]


def write_video(path: Path, colour: tuple[int, int, int], seconds: float = 3.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 8, (64, 48))
    for _ in range(round(8 * seconds)):
        writer.write(np.full((48, 64, 3), colour, np.uint8))
    writer.release()


def in_process(folder: Path, code: int, *arguments: str) -> str:
    """Runs a command in a process of its own; returns what it printed."""
    done = run([sys.executable, "-c", LONGTAKE, *arguments], cwd=folder)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


@pytest.mark.slow
def test_videos_to_a_report_and_to_labels_for_new_videos(
    longtake: Longtake, tmp_path: Path
) -> None:
    colours = {"red": (0, 0, 200), "blue": (200, 0, 0)}
    for number in range(6):
        for name, (blue, _, red) in colours.items():
            colour = blue, 6 * number, red
            write_video(tmp_path / "videos" / name / f"v{number}.mp4", colour)
    write_video(tmp_path / "new" / "late.mp4", colours["blue"])
    (tmp_path / "videos" / "blue" / "broken.mp4").write_bytes(b"not a video")

    extract = ("extract", "videos", "--store", "store", "--fps", "2", "--batch-size", "6")
    assert "12 extracted, 0 already done, 1 failed" in in_process(tmp_path, 3, *extract)
    code, out, _ = longtake(*extract)
    assert code == 3
    assert "0 extracted, 12 already done, 1 failed" in out
    with (tmp_path / "store" / "failures.csv").open() as file:
        (failure,) = csv.DictReader(file)
    assert failure["path"].endswith("broken.mp4")
    assert failure["kind"] == "unreadable"
    summary = json.loads(longtake("inspect", "store", "--json")[1])
    assert (summary["sequences"], summary["dimension"], summary["alike"]) == (12, [1280], True)
    assert summary["rows"][0]["sequence_id"] == "blue/v0"
    assert longtake("inspect", "store", "--sheet", "s.png")[1] == "s.png\ns-2.png\n"
    train = ["train", "--store", "store", "--labels", "folders", "--run", "run"]
    train += ["--epochs", "8", "--units", "8", "--chunk-length", "4", "--normalize", "none"]
    assert "run is finished: 8 epochs" in longtake(*train)[1]
    assert "run was already finished: 8 epochs" in longtake(*train)[1]
    assert "accuracy   1.0000" in longtake("evaluate", "run")[1]
    assert (tmp_path / "run" / "evaluation" / "test" / "report.html").stat().st_size > 5000
    assert longtake("predict", "run", "new", "--out", "out")[0] == 0
    header, row = (tmp_path / "out" / "labels.csv").read_text().splitlines()
    assert header == "sequence,start,end,label,confidence"
    assert row.startswith("late,0.0,3.0,blue,")
    assert 0.5 < float(row.rpartition(",")[2]) <= 1


@pytest.mark.slow
def test_features_made_elsewhere_to_a_report(longtake: Longtake, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for number in range(8):
        rest = generator.integers(5, 20)
        signal = np.repeat([0.0, 1.0], [rest, 30 - rest])
        rows = [f"{value + generator.normal(0, 0.1)},{int(value)}" for value in signal]
        (tmp_path / "raw").mkdir(exist_ok=True)
        (tmp_path / "raw" / f"r{number}.csv").write_text("\n".join(["x,phase", *rows]))
    code, out, _ = longtake(
        "import", "raw", "--store", "store", "--fps", 10, "--label-column", "phase",
        "--labels-out", "labels.csv",
    )  # fmt: skip
    assert (code, out) == (0, "8 imported, 0 already done, 0 failed: 240 steps in store\n")
    code, _, _ = longtake(
        "train", "--store", "store", "--labels", "labels.csv", "--run", "run", "--epochs", 30,
        "--units", 8, "--layers", 1, "--learning-rate", 0.05, "--chunk-length", 8,
        "--no-tensorboard",
    )  # fmt: skip
    assert code == 0
    code, out, _ = longtake("evaluate", "run", "--split", "test")
    assert code == 0
    metrics = json.loads((tmp_path / "run/evaluation/test/metrics.json").read_text())
    assert metrics["accuracy"] > 0.9
    before = (tmp_path / "labels.csv").read_text()
    code, _, err = longtake(
        "import", "raw", "--store", "store", "--fps", 10, "--label-column", "Phase",
        "--labels-out", "labels.csv",
    )  # fmt: skip
    assert code == 2
    (*_, said) = err.splitlines()
    assert "no column 'Phase' (did you mean phase?); its columns are x, phase" in said
    assert (tmp_path / "labels.csv").read_text() == before
    assert f"accuracy   {metrics['accuracy']:.4f}" in out


def test_sensor_recordings_with_a_clock_and_labels_are_imported_in_one_line(
    longtake: Longtake, tmp_path: Path
) -> None:
    (tmp_path / "raw").mkdir()
    generator = np.random.default_rng(0)
    for name in ("a1", "a2", "a3"):
        times = 5_702_026 + np.cumsum(generator.integers(1, 60, 40))
        rows = [f"{step},{time},{'rest' if step < 20 else 'work'}" for step, time in
                enumerate(times)]  # fmt: skip
        (tmp_path / "raw" / f"{name}.csv").write_text("\n".join(["x,timestamp,phase", *rows]))
    command = (
        "import", "raw", "--store", "store", "--time-column", "timestamp", "--time-unit", "ms",
        "--label-column", "phase", "--labels-out", "labels.csv",
    )  # fmt: skip
    assert longtake(*command)[1] == "3 imported, 0 already done, 0 failed: 120 steps in store\n"
    assert longtake(*command)[1] == "0 imported, 3 already done, 0 failed: 120 steps in store\n"
    store = FeatureStore(tmp_path / "store")
    labels = read_labels(LabelOptions(tmp_path / "labels.csv"), store)
    for sequence_id in store.ids():
        info = store.info(sequence_id)
        labels.check(info)
        indices = labels.at(info, 0, store.timestamps(sequence_id))
        assert [labels.classes[index] for index in indices] == ["rest"] * 20 + ["work"] * 20


def test_action_segmentation_data_is_imported_and_trained_on_by_its_own_split(
    longtake: Longtake, tmp_path: Path
) -> None:
    root = tmp_path / "salads"
    for folder in ("features", "groundTruth", "splits"):
        (root / folder).mkdir(parents=True)
    for number in range(4):
        np.save(root / "features" / f"v{number}.npy", np.ones((3, 20 + number)))
        (root / "groundTruth" / f"v{number}.txt").write_text("cut\n" * 10 + "mix\n" * 10)
    (root / "mapping.txt").write_text("0 cut\n1 mix\n")
    (root / "splits" / "train.split1.bundle").write_text("v0.txt\nv1.txt\nv2.txt\n")
    (root / "splits" / "test.split1.bundle").write_text("v3.txt\n")
    code, out, err = longtake(
        "import", "salads", "--store", "store", "--fps", 15, "--labels-out", "labels.csv",
        "--splits-out", "splits",
    )  # fmt: skip
    assert (code, out) == (0, "4 imported, 0 already done, 0 failed: 86 steps in store\n")
    assert "note: taken as data of the layout ms-tcn" in err
    code, out, _ = longtake(
        "train", "--store", "store", "--labels", "labels.csv", "--splits", "splits/split1.json",
        "--run", "run", "--epochs", 1, "--units", 4, "--layers", 1, "--chunk-length", 8,
        "--no-tensorboard",
    )  # fmt: skip
    assert code == 0
    splits = json.loads((tmp_path / "run" / "splits.json").read_text())
    assert (splits["train"], splits["test"]) == (["v0", "v1", "v2"], ["v3"])


def test_the_demo_makes_trains_and_compares(longtake: Longtake, tmp_path: Path) -> None:
    code, out, _ = longtake("demo", "--videos", 6, "--seconds", 5, "--epochs", 1)
    assert code == 0
    for state in ("carry", "reset"):
        assert (tmp_path / f"longtake-demo/runs/{state}/evaluation/test/metrics.json").exists()
        assert f"--state {state}" in out
    page = (tmp_path / "longtake-demo" / "report.html").read_text()
    # Truth, and predictions and confidence of carry and of reset, of each of two test videos.
    assert page.count("<img ") == 5 * 2


def test_options_come_from_yaml_and_the_command_line_wins(
    longtake: Longtake, memory_task: tuple[Path, Path], tmp_path: Path
) -> None:
    from trainer.run.folder import Run

    store, labels = memory_task
    (tmp_path / "options.yaml").write_text(
        f"store: {store}\nlabels: {labels}\nunits: 6\nepochs: 1\nchunk-length: 8\n"
        "tensorboard: false\nfractions: [0.5, 0.25, 0.25]\nignore-label: [nothing]\n"
    )
    assert longtake("train", "--config", "options.yaml", "--run", "run", "--units", 4)[0] == 0
    config = Run("run").config
    assert (config.units, config.chunk_length, config.tensorboard) == (4, 8, False)
    assert config.fractions == (0.5, 0.25, 0.25)
    assert config.ignore_label == ("nothing",)
    code, out, _ = longtake("train", "--config", "run/config.yaml")
    assert code == 0
    assert "already finished" in out


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unist: 3", "no option 'unist'"),
        ("[1, 2]", "must hold `option: value` lines"),
        ("units: {", "cannot read the configuration"),
        ("units: many", "units"),
    ],
)
def test_a_bad_configuration_file_is_refused(
    longtake: Longtake, tmp_path: Path, text: str, expected: str
) -> None:
    (tmp_path / "bad.yaml").write_text(text)
    said = longtake("train", "--config", "bad.yaml", "--store", "s", "--labels", "l", "--run", "r")
    assert expected in refusal(said)


def test_bad_arguments_are_one_line(longtake: Longtake) -> None:
    assert "no command 'trian' (did you mean train?)" in refusal(longtake("trian"))
    assert "--store" in refusal(longtake("extract", "videos"))
    base = ("train", "--store", "s", "--labels", "l", "--run", "r")
    assert "did you mean --chunk-length" in refusal(longtake(*base, "--chunk-lenght", "3"))
    assert "--units x: expected a whole number" in refusal(longtake(*base, "--units", "x"))
    assert "expected at least 1" in refusal(longtake(*base, "--units", "0"))
    assert "--dropout 1" in refusal(longtake(*base, "--dropout", "1"))
    late = longtake(*base, "--horizon", "-2", "--inputs", "both")
    assert "--horizon -2 with --inputs both: the label that is asked for" in refusal(late)


def test_no_videos_and_unknown_backbones_are_refused(longtake: Longtake, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no videos found in empty" in refusal(longtake("extract", "empty", "--store", "s"))
    assert "no file or folder none" in refusal(longtake("extract", "none", "--store", "s"))
    write_video(tmp_path / "videos" / "a.mp4", (0, 0, 0))
    said = longtake("extract", "videos", "--store", "s", "--backbone", "resnt50")
    assert "unknown backbone 'resnt50' (did you mean ResNet50" in refusal(said)
    assert "--fps 0" in refusal(longtake("extract", "videos", "--store", "s", "--fps", "0"))
    assert "--shard 3/2" in refusal(longtake("extract", "videos", "--store", "s", "--shard", "3/2"))


@pytest.fixture
def train_on(longtake: Longtake, make_store: MadeStore, tmp_path: Path) -> Callable[..., Said]:
    """Trains on five sequences of 10 s; labels and further options are the test's."""
    make_store([40] * 5)

    def call(labels: str, *options: object) -> Said:
        if not labels.startswith("/"):
            (tmp_path / "labels.csv").write_text(labels)
            labels = "labels.csv"
        arguments = ["--units", 2, "--layers", 1, "--epochs", 1, "--no-tensorboard", *options]
        if "--run" not in options:
            arguments += ["--run", "run"]
        return longtake("train", "--store", "store", "--labels", labels, *arguments)

    return call


GOOD = "sequence,label\ns0,a\ns1,b\ns2,a\ns3,b\ns4,a\n"


def test_bad_data_for_training_is_refused_and_no_run_begun(
    train_on: Callable[..., Said], tmp_path: Path
) -> None:
    def splits(**parts: list[str]) -> tuple[str, str]:
        (tmp_path / "splits.json").write_text(json.dumps(parts))
        return "--splits", "splits.json"

    unknown = refusal(train_on(GOOD + "s9,a\n"))
    assert "1 sequence that store does not have (s9)" in unknown.replace(str(tmp_path) + "/", "")
    long = "sequence,start,end,label\ns0,0,13.5,a\n"
    assert "last 13.50 s, the sequence lasts 10.00 s" in refusal(
        train_on(long, *splits(train=["s0"]))
    )
    assert "only 3 training sequences" in refusal(train_on(GOOD, "--lanes", 6))
    assert "train split is empty" in refusal(train_on(GOOD, *splits(train=[], test=["s0"])))
    assert "in train and again in test" in refusal(
        train_on(GOOD, *splits(train=["s0", "s1"], test=["s1"]))
    )
    assert "has 's8', which is not in" in refusal(train_on(GOOD, *splits(train=["s8"])))
    assert "has no label" in refusal(train_on("sequence,label\ns0,a\n", *splits(train=["s1"])))
    assert "cannot be split into 3 parts" in refusal(train_on("sequence,label\ns0,a\ns1,b\n"))
    assert "cannot read labels from" in refusal(train_on(str(tmp_path / "none.csv")))
    assert not (tmp_path / "run").exists()
    assert "not empty and no run" in refusal(train_on(GOOD, "--run", "store"))
    assert train_on(GOOD)[0] == 0


def test_mixed_stores_and_nan_are_refused(train_on: Callable[..., Said], tmp_path: Path) -> None:
    write_sequence(tmp_path / "store", "s4", np.zeros((40, 3)), backbone="another")
    assert "made differently (backbone: test and another)" in refusal(train_on(GOOD))
    write_sequence(tmp_path / "store", "s4", np.zeros((40, 3)))
    for number in range(5):
        with h5py.File(tmp_path / "store" / f"s{number}.h5", "r+") as file:
            file["features"][39, 2] = np.inf
    assert "feature 2 of step 39 is inf" in refusal(train_on(GOOD))
    assert not (tmp_path / "run").exists()
    assert "feature 2 of step 39 is inf" in refusal(train_on(GOOD, "--normalize", "none"))


@pytest.mark.slow
def test_bad_data_for_evaluation_is_refused(
    train_on: Callable[..., Said], longtake: Longtake, tmp_path: Path
) -> None:
    assert "no run" in refusal(longtake("evaluate", "run"))
    assert train_on(GOOD)[0] == 0
    write_sequence(tmp_path / "other", "t0", np.zeros((8, 3)), backbone="another")
    (tmp_path / "other.csv").write_text("sequence,label\nt0,a\n")
    where = ("--store", "other", "--labels", "other.csv")
    assert "give --split all" in refusal(longtake("evaluate", "run", *where))
    said = longtake("evaluate", "run", *where, "--split", "all")
    assert "made with backbone another, the model was trained on test" in refusal(said)
    write_sequence(tmp_path / "other", "t0", np.zeros((8, 3)))
    assert longtake("evaluate", "run", *where, "--split", "all")[0] == 0
    (tmp_path / "other.csv").write_text("sequence,label\nt0,new\n")
    said = longtake("evaluate", "run", *where, "--split", "all")
    assert "label 'new', which the model was not trained on" in refusal(said)
    assert "trained on imported" not in refusal(longtake("predict", "run", "none", "--out", "o"))
    assert longtake("predict", "run", "other", "--out", "out")[0] == 0
    with (tmp_path / "out" / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["sequence"] for row in rows} == {"t0"}
    assert float(rows[-1]["end"]) == 8 / FPS


@pytest.mark.slow
def test_a_model_file_that_is_none_is_refused(
    train_on: Callable[..., Said], longtake: Longtake, tmp_path: Path
) -> None:
    assert train_on(GOOD)[0] == 0
    (tmp_path / "run" / "model.keras").write_bytes(b"PK nothing")
    assert "cannot be opened as a Keras model" in refusal(longtake("evaluate", "run"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--only", "b"), "--only b: there is no such sequence in store"),
        (("--sheet", "s.png", "--only", "a", "b"), "--only b: there is no such sequence in store"),
        (("--sheet", "s.gif"), "--sheet s.gif: expected the name of a picture, such as sheet.png"),
        (("--sheet", "s.png", "--json"), "--json and --sheet do not go together"),
    ],
)
def test_what_cannot_be_shown_of_a_store_is_refused(
    longtake: Longtake, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    write_sequence(tmp_path / "store", "a", np.zeros((4, 2)))
    assert message in refusal(longtake("inspect", "store", *arguments))
    assert not list(tmp_path.glob("s.*"))


def test_version_and_help(longtake: Longtake) -> None:
    code, out, _ = longtake("--help")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    for name in ("extract", "import", "inspect", "train", "evaluate", "predict", "demo"):
        assert f"\n  {name} " in out
        code, out_of_command, _ = longtake(name, "--help")
        assert code == 0
        assert "--config" in out_of_command
    assert longtake("--version")[1].count(".") == 2


def film(path: Path, rate: str, frames: int, title: str = "") -> None:
    """Encodes frames in containers that round times each in its own way."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=Fraction(rate))
        stream.width = stream.height = 32
        container.metadata["title"] = title
        for number in range(frames):
            pixels = np.full((32, 32, 3), number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())


@pytest.mark.parametrize("rate", ["30", "30000/1001", "60"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi"])
def test_a_label_for_each_frame_stays_with_its_frame(
    tmp_path: Path, suffix: str, rate: str
) -> None:
    path = tmp_path / f"v{suffix}"
    film(path, rate, 60)
    with VideoReader(path, None, [(8, 8)]) as video:
        times = np.array([sample.timestamp for sample in video])
        start = video.start_time
    origin = Origin("v", "", "native", "test", "0", settings_text())
    with SequenceWriter(tmp_path / "store" / "v.h5", 1, origin, start_time=start) as writer:
        writer.append(times, np.zeros((len(times), 1)))
    store = FeatureStore(tmp_path / "store")
    info = store.info("v")
    (tmp_path / "text").mkdir()
    names = [f"{number:02d}" for number in range(60)]
    (tmp_path / "text" / "v.txt").write_text("\n".join(names))
    by_line = read_labels(LabelOptions(tmp_path / "text", float(Fraction(rate))), store)
    edges = np.arange(61) / float(Fraction(rate))
    rows = [("v", float(edges[n]), float(edges[n + 1]), names[n]) for n in range(60)]
    write_intervals(tmp_path / "labels.csv", rows)
    by_time = read_labels(LabelOptions(tmp_path / "labels.csv"), store)
    assert len(times) == 60
    for labels in (by_line, by_time):
        assert labels.at(info, 0, times).tolist() == list(range(60))


def test_a_title_that_is_no_unicode_stops_nothing(longtake: Longtake, tmp_path: Path) -> None:
    film(tmp_path / "videos" / "odd.mkv", "8", 8, title="cafXe")
    data = (tmp_path / "videos" / "odd.mkv").read_bytes()
    assert b"cafXe" in data
    (tmp_path / "videos" / "odd.mkv").write_bytes(data.replace(b"cafXe", b"caf\xe9e"))
    extract = ("extract", "videos", "--store", "store", "--backbone", "histogram")
    assert longtake(*extract)[0] == 0


def test_a_name_that_is_no_unicode_is_a_failure(longtake: Longtake, tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "caf\udce9.mp4").write_bytes(b"")
    code, _, said = longtake("extract", "videos", "--store", "s", "--backbone", "pixels")
    assert code == 3
    assert r"caf\udce9.mp4' has a name that cannot be read; rename it" in said


@pytest.mark.slow
def test_sequences_that_lie_in_a_folder_named_like_another_are_evaluated(
    longtake: Longtake, tmp_path: Path
) -> None:
    for number, name in enumerate(["a", "a/b", "a/b/c", "d"]):
        write_sequence(tmp_path / "store", name, np.zeros((20 + 9 * number, 3)))
    (tmp_path / "labels.csv").write_text("sequence,label\na,x\na/b,y\na/b/c,x\nd,y\n")
    train = ("train", "--store", "store", "--labels", "labels.csv", "--run", "run")
    assert longtake(*train, "--units", 2, "--layers", 1, "--epochs", 1, "--no-tensorboard")[0] == 0
    assert longtake("evaluate", "run", "--split", "all")[0] == 0
    metrics = json.loads((tmp_path / "run/evaluation/all/metrics.json").read_text())
    assert [row["sequence_id"] for row in metrics["per_sequence"]] == ["a", "a/b", "a/b/c", "d"]


def test_predict_labels_the_videos_it_was_given_and_no_others(
    longtake: Longtake, tmp_path: Path
) -> None:
    for number in range(4):
        path = tmp_path / "videos" / "ab"[number % 2] / f"v{number}.mp4"
        write_video(path, (9, 9 * number, 9), 1)
    write_video(tmp_path / "new" / "one.mp4", (9, 9, 9), 1)
    write_video(tmp_path / "other" / "two.mp4", (9, 9, 9), 1)
    (tmp_path / "new" / "notes.h5").write_bytes(b"no store")
    extract = ("extract", "videos", "--store", "store", "--backbone", "histogram")
    assert longtake(*extract, "--dtype", "float32")[0] == 0
    train = ("train", "--store", "store", "--labels", "folders", "--run", "run")
    assert longtake(*train, "--units", 2, "--layers", 1, "--epochs", 1, "--no-tensorboard")[0] == 0
    for folder in ("new", "other"):
        assert "1 sequence labelled" in longtake("predict", "run", folder, "--out", "out")[1]
    with (tmp_path / "out" / "labels.csv").open() as file:
        assert {row["sequence"] for row in csv.DictReader(file)} == {"two"}
    (tmp_path / "other" / "broken.mp4").write_bytes(b"not a video")
    code, out, _ = longtake("predict", "run", "other", "--out", "out")
    assert code == 3
    assert f"why some failed: {Path('out/store/failures.csv')}" in out


def test_inputs_and_lists_may_come_from_yaml_too(longtake: Longtake, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,y,z\n1,2,3\n4,5,6\n")
    (tmp_path / "o.yaml").write_text("store: s\nfps: 2\ninputs: [a.csv]\ncolumns: [x, z]\n")
    assert longtake("import", "--config", "o.yaml")[0] == 0
    (tmp_path / "o.yaml").write_text("store: t\nfps: 2\ncolumns: [x, z]\n")
    assert longtake("import", "--config", "o.yaml", "a.csv")[0] == 0
    assert json.loads(longtake("inspect", "t", "--json")[1])["dimension"] == [2]


def test_a_seed_out_of_range_is_refused(longtake: Longtake) -> None:
    said = longtake("train", "--store", "s", "--labels", "l", "--run", "r", "--seed", "-1")
    assert "--seed -1: expected 0 to" in refusal(said)


def test_the_demo_refuses_a_folder_of_other_samples(longtake: Longtake, tmp_path: Path) -> None:
    make_samples(tmp_path / "demo", 6, 4.0, 0)
    said = longtake("demo", "--out", "demo", "--videos", 6, "--seconds", 4, "--seed", 1)
    assert "holds samples of" in refusal(said)
    assert "at least 6" in refusal(longtake("demo", "--videos", 2))


MEANS = """
from pathlib import Path
from preprocessing.backbones import Backbone

Path(__file__).with_suffix(".executed").touch()

class Means(Backbone):
    size, dimension = (4, 4), 3

    def __call__(self, frames):
        return frames.mean((1, 2), dtype="float32")
"""


def write_encoder(path: Path, cells: int) -> None:
    """Writes an ONNX model of so many features."""
    import onnx
    from onnx import TensorProto, helper

    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, (1, cells, 1, 3))
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, (1, cells * 3))
    nodes = [helper.make_node("Flatten", ["images"], ["features"])]
    graph = helper.make_graph(nodes, "encoder", [images], [features])
    opsets = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=8), path)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder of two backbones, and a stranger's of the same name where the command runs."""
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "means.py").write_text(MEANS)
    write_encoder(tmp_path / "files" / "encoder.onnx", 4)
    (tmp_path / "means.py").write_text(MEANS)
    return tmp_path / "files"


@pytest.mark.slow
def test_predict_asks_for_the_files_that_made_the_features(
    longtake: Longtake, files: Path, tmp_path: Path
) -> None:
    for number in range(4):
        path = tmp_path / "videos" / "ab"[number % 2] / f"v{number}.mp4"
        write_video(path, (9, 9 * number, 9), 1)
    name = f"{files}/encoder.onnx+flow+{files}/means.py:Means"
    extract = ("extract", "videos", "--store", "store", "--backbone", name)
    assert longtake(*extract, "--pixels=-1-1", "--dtype", "float32")[0] == 0
    train = ("train", "--store", "store", "--labels", "folders", "--run", "run")
    assert longtake(*train, "--units", 2, "--layers", 1, "--epochs", 1, "--no-tensorboard")[0] == 0
    facts = json.loads((tmp_path / "run" / "run.json").read_text())
    assert facts["backbone"] == "encoder.onnx+flow+means.py:Means"
    assert json.loads(facts["settings"])["parts"][0]["pixels"] == "-1-1"

    files.rename(tmp_path / "moved")
    write_video(tmp_path / "new" / "one.mp4", (9, 9, 9), 1)
    predict = ("predict", "run", "new", "--out", "out")
    assert "give --backbone encoder.onnx+flow+means.py:Means with" in refusal(longtake(*predict))
    assert not (tmp_path / "means.executed").exists()
    given = "moved/encoder.onnx+flow+moved/means.py:Means"
    assert longtake(*predict, "--backbone", given)[0] == 0
    assert FeatureStore("out/store").info("one").origin.method == tuple(
        facts[name] for name in ("fps", "backbone", "backbone_digest", "settings")
    )
    assert (tmp_path / "out" / "labels.csv").exists()


def begin_run(backbone: str, digest: str, **settings: object) -> None:
    """Writes what a run on such features begins with."""
    facts = ModelFacts(("a", "b"), 3, "4.0", backbone, digest, settings_text(**settings))
    config = TrainConfig(Path("store"), Path("folders"), Path("run"))
    Run("run").begin(config, Splits(("s",), (), ()), facts)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("other/encoder.onnx", r"encoder\.onnx \([0-9a-f]{16}\), run was trained"),
        ("files/means.py:Means", r"means\.py:Means \([0-9a-f]{16}\), run was trained"),
        ("flow", r"flow \(1\), run was trained"),
    ],
)
def test_predict_refuses_another_backbone_before_it_extracts(
    longtake: Longtake, files: Path, tmp_path: Path, given: str, found: str
) -> None:
    write_video(tmp_path / "new" / "one.mp4", (9, 9, 9), 1)
    (tmp_path / "other").mkdir()
    write_encoder(tmp_path / "other" / "encoder.onnx", 2)
    digest = load_backbone(f"{files}/encoder.onnx").digest
    begin_run("encoder.onnx", digest, pixels="imagenet", size=[4, 1])
    said = refusal(longtake("predict", "run", "new", "--out", "out", "--backbone", given))
    assert re.search(found, said)
    assert f"on features of encoder.onnx ({digest})" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name", ["means.py:Means", "flow+means.py:Means", "./files/encoder.onnx", "flow+a.keras"]
)
def test_predict_opens_no_file_because_a_run_names_it(
    longtake: Longtake, files: Path, tmp_path: Path, name: str
) -> None:
    write_video(tmp_path / "new" / "one.mp4", (9, 9, 9), 1)
    begin_run(name, "0")
    said = refusal(longtake("predict", "run", "new", "--out", "out"))
    assert f"give --backbone {name} with the path of each file" in said
    assert not (tmp_path / "means.executed").exists()


def test_settings_that_no_store_has_are_refused(longtake: Longtake, tmp_path: Path) -> None:
    write_video(tmp_path / "new" / "one.mp4", (9, 9, 9), 1)
    for settings in ({"parts": "no parts"}, {"parts": [3]}):
        begin_run("flow", "1", **settings)
        assert "expected those of a store" in refusal(
            longtake("predict", "run", "new", "--out", "o")
        )


def test_a_scale_of_pixels_that_would_change_nothing_is_refused(
    longtake: Longtake, tmp_path: Path
) -> None:
    write_video(tmp_path / "videos" / "a.mp4", (0, 0, 0), 1)
    extract = ("extract", "videos", "--store", "s", "--pixels", "imagenet", "--backbone")
    assert "hog+flow scales its pixels itself" in refusal(longtake(*extract, "hog+flow"))
    assert not (tmp_path / "s").exists()


def test_help_says_what_a_backbone_may_be(longtake: Longtake) -> None:
    said = " ".join(longtake("extract", "--help")[1].replace("│", " ").split())
    for name in ("flow, histogram, hog, pixels", "keras.applications", "PATH"):
        assert name in said


@pytest.mark.slow
def test_labels_that_change_between_two_steps_are_remarked_on(
    longtake: Longtake, memory_task: tuple[Path, Path], tmp_path: Path
) -> None:
    store, _ = memory_task
    rows = [(f"s{n:02d}", t / 10, (t + 1) / 10, "ab"[t % 2]) for n in range(16) for t in range(40)]
    write_intervals(tmp_path / "short.csv", rows)
    options = ("--epochs", 1, "--units", 2, "--layers", 1, "--no-tensorboard")
    _, _, err = longtake(
        "train", "--store", store, "--labels", tmp_path / "short.csv", "--run", "run", *options
    )
    assert "640 of 640 labelled stretches are shorter than the 0.25 s between two steps" in err
    assert "more steps a second (extract --fps) would show them" in err
    _, _, err = longtake(
        "train", "--store", store, "--labels", memory_task[1], "--run", "other", *options
    )
    assert "between two steps" not in err

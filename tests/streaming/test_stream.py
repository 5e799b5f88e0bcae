"""The command ``stream``: real files, a real server, real processes killed."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import cv2
import h5py
import numpy as np
import pytest
from commands import LONGTAKE
from forked import start
from live_server import file_server, live_server
from made_stores import write_sequence
from run_decoders import write_made_decoder
from untrained_runs import untrained

from preprocessing.errors import InputError
from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from preprocessing.labels.writing import write_intervals
from preprocessing.terminal.options import to_yaml
from trainer import cli
from trainer.config import TrainConfig
from trainer.ensemble.command import make_ensemble
from trainer.ensemble.options import EnsembleConfig
from trainer.evaluation.command import EvaluateConfig, evaluate
from trainer.run.archive import read_archive, write_archive
from trainer.run.checkpoint import Checkpoint
from trainer.run.folder import Run
from trainer.run.interruption import Interruption
from trainer.run.lock import locked
from trainer.streaming.speaker import Speaker
from trainer.streaming.waiting import Waiting
from trainer.training.command import train

FPS, SECONDS = 8, 20
Said = tuple[int, str, str]
Stream = Callable[..., Said]


def film(path: Path, seed: int) -> list[tuple[str, float, float, str]]:
    """A video of dark and bright scenes of two seconds in random order, and their labels."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (64, 48))
    chance, rows = np.random.default_rng(seed), []
    for second in range(0, SECONDS, 2):
        bright = bool(chance.integers(2))
        rows.append((path.stem, float(second), second + 2.0, ("dark", "bright")[bright]))
        for _ in range(2 * FPS):
            picture = chance.integers(0, 60, (48, 64, 3)) + 150 * bright
            writer.write(picture.astype(np.uint8))
    writer.release()
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos, their features at the native rate, labels and a run."""
    root = tmp_path_factory.mktemp("stream")
    rows = [row for seed in range(3) for row in film(root / "videos" / f"v{seed}.mp4", seed)]
    write_intervals(root / "labels.csv", rows)
    splits = {"train": ["v0", "v1"], "test": ["v2"]}
    (root / "splits.json").write_text(json.dumps(splits))
    extract(ExtractConfig((root / "videos",), root / "store", fps=4, backbone="histogram"))
    run = train(
        TrainConfig(
            root / "store",
            root / "labels.csv",
            root / "run",
            splits=root / "splits.json",
            units=8,
            layers=1,
            epochs=3,
            chunk_length=16,
            normalize="running",
            tensorboard=False,
        )
    )
    evaluate(EvaluateConfig(run.path))
    return root


@pytest.fixture
def stream(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Stream:
    def call(*arguments: object, run: Path | None = None) -> Said:
        words = ["longtake", "stream", str(run or folder / "run"), *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", words)
        capfd.readouterr()
        try:
            code = cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capfd.readouterr()

    return call


def begin(folder: Path, *arguments: object) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", LONGTAKE, "stream", folder / "run", *arguments]
    return start(
        [str(word) for word in words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def lines_of(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def timeless(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: line[name] for name in line if name != "latency"} for line in lines]


def refusal(said: Said) -> str:
    assert said[0] == 2
    assert said[1] == ""
    (line,) = said[2].splitlines()
    assert line.startswith("longtake stream: error: ")
    return line


@pytest.fixture(scope="module")
def video(folder: Path) -> Path:
    return folder / "videos" / "v2.mp4"


@pytest.mark.parametrize("batch_size", [None, 1])
def test_a_stream_and_evaluate_agree_on_every_step(
    stream: Stream, folder: Path, video: Path, batch_size: int | None
) -> None:
    options = () if batch_size is None else ("--batch-size", batch_size)
    code, out, err = stream(video, *options)
    assert (code, err) == (0, "")
    lines = lines_of(out)
    with h5py.File(Run(folder / "run").evaluation_path("test") / "predictions.h5") as file:
        classes = [str(name) for name in file.attrs["classes"]]
        told = {name: file[f"v2/{name}"][()] for name in file["v2"]}
    assert [line["step"] for line in lines] == list(range(len(told["predicted"])))
    assert [line["label"] for line in lines] == [classes[n] for n in told["predicted"]]
    assert len({line["label"] for line in lines}) == 2
    rows = [[line["probabilities"][name] for name in classes] for line in lines]
    np.testing.assert_allclose(rows, told["probabilities"], atol=1e-6)
    np.testing.assert_allclose([line["time"] for line in lines], told["timestamps"], atol=1e-6)
    for line in lines:
        assert line["confidence"] == line["probabilities"][line["label"]]
        assert line["latency"] > 0
        assert line["dropped"] == 0


@pytest.mark.slow
def test_several_models_together_stream_as_they_are_evaluated(
    stream: Stream, folder: Path, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = untrained(
        folder / "store",
        folder / "labels.csv",
        tmp_path / "late",
        splits=folder / "splits.json",
        horizon=-3,
    )
    make_ensemble(EnsembleConfig((folder / "run", late.path), tmp_path / "both"))
    run, state = Run(tmp_path / "both"), tmp_path / "state.npz"
    evaluate(EvaluateConfig(run.path, bootstrap=0))
    with h5py.File(run.evaluation_path("test") / "predictions.h5") as file:
        expected = file["v2/probabilities"][()]
    whole = lines_of(stream(video, run=run.path)[1])
    assert [line["step"] for line in whole] == list(range(len(expected)))
    rows = [list(line["probabilities"].values()) for line in whole]
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    with monkeypatch.context() as patched:
        patched.setattr(Speaker, "finish", lambda *_: 1 / 0)
        cut, before, _ = stream(video, "--state", state, run=run.path)
    code, after, err = stream(video, "--state", state, run=run.path)
    assert (cut, code, err) == (1, 0, "")
    assert timeless(lines_of(before + after)) == timeless(whole)
    assert len(lines_of(after)) == 3


@pytest.fixture(scope="module")
def late(folder: Path) -> Path:
    """The same run, asked about what was shown a second and a half before."""
    shutil.copytree(folder / "run", folder / "late", ignore=shutil.ignore_patterns("evaluation"))
    config = replace(Run(folder / "run").config, run=folder / "late", horizon=-6)
    (folder / "late" / "config.yaml").write_text(to_yaml(config))
    return folder / "late"


@pytest.mark.slow
def test_late_answers_stand_at_the_steps_that_they_are_about(
    stream: Stream, late: Path, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none is lost or said twice, though the stream is stopped on its way."""
    evaluate(EvaluateConfig(late))
    with h5py.File(Run(late).evaluation_path("test") / "predictions.h5") as file:
        classes = [str(name) for name in file.attrs["classes"]]
        told = {name: file[f"v2/{name}"][()] for name in file["v2"]}
    code, out, err = stream(video, run=late)
    assert (code, err) == (0, "")
    lines = lines_of(out)
    assert [line["step"] for line in lines] == list(range(len(told["predicted"])))
    rows = [[line["probabilities"][name] for name in classes] for line in lines]
    np.testing.assert_allclose(rows, told["probabilities"], atol=1e-6)
    np.testing.assert_allclose([line["time"] for line in lines], told["timestamps"], atol=1e-6)
    assert [line["behind"] for line in lines] == [1.5] * (len(lines) - 6) + [
        number / 4 for number in range(5, -1, -1)
    ]
    assert all(line["latency"] > 0 for line in lines)
    state = tmp_path / "state.npz"
    options = ("--state", state, "--batch-size", 4)
    with monkeypatch.context() as patched:
        patched.setattr(Speaker, "hear", stopping_after(10))
        assert len(lines_of(stream(video, *options, run=late)[1])) == 34
    plain, arrays = read_archive(state)
    assert arrays["waiting/times"].tolist() == [number / 4 for number in range(34, 40)]
    assert timeless(lines_of(stream(video, *options, run=late)[1])) == timeless(lines[34:])
    assert "has no step after" in stream(video, *options, run=late)[2]
    for spoilt in (
        {name: array for name, array in arrays.items() if name != "waiting/times"},
        {**arrays, "waiting/clocks": arrays["waiting/clocks"][1:]},
        {**arrays, "waiting/times": arrays["waiting/times"] * np.nan},
        {**arrays, "waiting/clocks": np.full(6, 1e300)},
    ):
        with pytest.raises(InputError, match="does not hold the 6 steps that wait for their answ"):
            Waiting().restore(Checkpoint(state, spoilt), 6)
    write_archive(state, plain, {**arrays, "late/00000": np.array(50)})
    assert "does not hold a state of this model" in refusal(stream(video, *options, run=late))


@pytest.mark.slow
def test_a_line_says_what_is_decided_as_evaluate_does_with_the_same_lag(
    stream: Stream, late: Path, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "decided"
    shutil.copytree(late, path)
    write_made_decoder(Run(path))
    evaluate(EvaluateConfig(path, lag=1.0, bootstrap=0))
    with h5py.File(Run(path).evaluation_path("test") / "predictions.h5") as file:
        classes = [str(name) for name in file.attrs["classes"]]
        told = [classes[number] for number in file["v2/decoded"][()]]
    code, out, err = stream(video, "--lag", 1, run=path)
    assert (code, err) == (0, "")
    lines = lines_of(out)
    assert [line["decoded"] for line in lines] == told
    assert [line["behind"] for line in lines[:-10]] == [2.5] * (len(lines) - 10)
    options = ("--lag", 1, "--state", tmp_path / "state.npz", "--batch-size", 4)
    with monkeypatch.context() as patched:
        patched.setattr(Speaker, "hear", stopping_after(5))
        cut = lines_of(stream(video, *options, run=path)[1])
    assert len(cut) == 10
    rest = lines_of(stream(video, *options, run=path)[1])
    assert timeless(cut + rest) == timeless(lines)
    said = refusal(stream(video, *options[2:], run=path))
    assert "written with another --decode or --lag" in said
    raw = lines_of(stream(video, "--decode", "none", run=path)[1])
    assert "decoded" not in raw[0]
    assert [line["label"] for line in raw] == [line["label"] for line in lines]


def stopping_after(batches: int) -> Callable[..., None]:
    """A way to take samples that fails once so many batches have come."""
    hear, numbers = Speaker.hear, iter(range(1, batches + 1))

    def taken(speaker: Speaker, *batch: Any) -> None:
        hear(speaker, *batch)
        if next(numbers) == batches:
            raise InputError("stopped here")

    return taken


def test_a_file_behind_a_url_gives_the_same_lines(stream: Stream, video: Path) -> None:
    with file_server(video) as url:
        code, out, err = stream(url)
    assert (code, err) == (0, "")
    assert timeless(lines_of(out)) == timeless(lines_of(stream(video)[1]))


@pytest.mark.slow
def test_a_file_that_breaks_off_on_its_way_is_no_finished_one(
    stream: Stream, video: Path, tmp_path: Path
) -> None:
    copy, state = tmp_path / "v.mkv", tmp_path / "state.npz"
    with av.open(str(video)) as source, av.open(str(copy), "w") as container:
        stored = source.streams.video[0]
        copied = container.add_stream_from_template(stored)
        for packet in source.demux(stored):
            if packet.dts is not None:
                packet.stream = copied
                container.mux(packet)
    with file_server(copy, breaks_at=0.5) as url:
        code, out, err = stream(url.replace("//", "//me:secret@"), "--state", state)
    assert code == 2
    assert "v.mkv broke off before its end (" in err
    assert "start the same command again, with --state to go on where it was" in err
    assert "secret" not in err
    assert 10 < len(lines_of(out)) < 4 * SECONDS


def ways_to_stop(thorough: bool) -> Iterator[tuple[int, int]]:
    for after in (1, 7, 33, 60) if thorough else (7,):
        for number in (signal.SIGKILL, signal.SIGTERM):
            yield after, number


def test_stopped_anywhere_and_started_again_nothing_changes_after_it(
    stream: Stream, folder: Path, video: Path, tmp_path: Path, thorough: bool
) -> None:
    whole = timeless(lines_of(stream(video, "--batch-size", 4)[1]))
    for after, number in ways_to_stop(thorough):
        state = tmp_path / f"{after}-{number}.npz"
        with begin(folder, video, "--state", state, "--batch-size", 4) as process:
            assert process.stdout
            assert process.stderr
            said = [process.stdout.readline() for _ in range(after)]
            process.send_signal(number)
            rest, err = process.stdout.read(), process.stderr.read()
        before = timeless(lines_of("".join(said) + rest[: rest.rfind("\n") + 1]))
        assert before == whole[: len(before)]
        if number == signal.SIGTERM and len(before) < len(whole):
            assert process.returncode == 75
            assert "SIGTERM: stopped; start the same command again to go on" in err
        code, out, _ = stream(video, "--state", state, "--batch-size", 4)
        assert code == 0
        later = timeless(lines_of(out))
        first = later[0]["step"] if later else len(whole)
        assert len(before) - 4 <= first <= len(before)  # At most one batch is said twice.
        assert later == whole[first:]


def test_a_finished_file_has_nothing_more_to_say(
    stream: Stream, video: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state.npz"
    assert len(lines_of(stream(video, "--state", state)[1])) == 4 * SECONDS
    assert stream(video, "--state", state) == (
        0,
        "",
        f"note: {video} has no step after 0:00:20; to begin anew, delete {state}\n",
    )


def test_it_ends_cleanly_when_nobody_reads_any_more(folder: Path, video: Path) -> None:
    with begin(folder, video, "--batch-size", 1) as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())["step"] == 0
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == ""


def test_what_has_no_end_is_followed_live_and_connected_to_again(
    stream: Stream, tmp_path: Path
) -> None:
    state = tmp_path / "state.npz"
    with live_server([1.5, 1.5]) as url:
        code, out, err = stream(url, "--give-up", 4, "--state", state)
    assert code == 2
    assert "was lost (" in err
    assert "sent nothing for 4 s" in err.splitlines()[-1]
    lines = lines_of(out)
    times = [line["time"] for line in lines]
    assert [line["step"] for line in lines] == list(range(len(lines)))
    assert 8 <= len(lines) <= 14  # Two connections of 1.5 s at four steps a second.
    assert times == sorted(times)
    gaps = np.diff(times)
    assert np.sum(gaps > 0.9) == 1  # Where it was connected again.
    assert np.sort(gaps)[-2] < 0.5
    assert all(line["clock"].endswith("+00:00") for line in lines)
    with live_server([1.0]) as url:
        # Another port is another source.
        assert "is the state of another source" in stream(url, "--state", state)[2]


@pytest.mark.slow
def test_what_is_live_goes_on_with_its_carry_and_its_seconds(
    stream: Stream, tmp_path: Path
) -> None:
    options = ("--give-up", 1.5, "--state", tmp_path / "state.npz")
    # Two are cut at once; the fourth is the next command's look at what there is.
    with live_server([0.8, 0.0, 0.0, 0.5, 0.8]) as url:
        first, second = (lines_of(stream(url, *options)[1]) for _ in range(2))
    assert [line["step"] for line in first] == list(range(len(first)))
    assert [line["step"] for line in second] == [
        len(first) + number for number in range(len(second))
    ]
    assert second[0]["time"] > first[-1]["time"] + 1
    clocks = [datetime.fromisoformat(line["clock"]) for line in (first[0], second[0])]
    apart = (clocks[1] - clocks[0]).total_seconds()
    assert abs(apart - (second[0]["time"] - first[0]["time"])) < 0.5


@pytest.mark.slow
def test_two_streams_do_not_share_a_state(folder: Path, video: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.npz"
    with locked(tmp_path / "state.npz.lock", Interruption()):
        with begin(folder, video, "--state", state) as process:
            assert process.stdout
            assert process.stderr
            said = process.stderr.readline()
            assert "another stream keeps its state in" in said
            process.send_signal(signal.SIGTERM)
            assert process.stdout.read() == ""
            process.stderr.read()
        assert process.returncode == 75


@pytest.mark.slow
def test_a_live_source_that_is_too_fast_loses_what_waited_longest(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trainer.streaming.follower import Follower

    answers = Follower.answers

    def slowly(self: Follower, features: Any) -> Any:
        threading.Event().wait(0.6)
        return answers(self, features)

    monkeypatch.setattr(Follower, "answers", slowly)
    with live_server([4.0]) as url:
        _, out, _ = stream(url, "--give-up", 1, "--backlog", 1)
    lines = lines_of(out)
    dropped = sum(line["dropped"] for line in lines)
    assert dropped > 0
    assert abs(dropped + len(lines) - 16) <= 2
    assert all(line["latency"] < 2.5 for line in lines)


def test_bad_input_is_refused_in_one_line(stream: Stream, video: Path, tmp_path: Path) -> None:
    assert "there is no file no.mp4, and it is no URL" in refusal(stream("no.mp4"))
    (tmp_path / "text.mp4").write_text("no video")
    assert "cannot be opened as a video" in refusal(stream(tmp_path / "text.mp4"))
    assert "there is no camera 97" in refusal(stream(97))
    assert "Connection refused" in refusal(stream("rtsp://me:secret@127.0.0.1:9/x"))
    assert "secret" not in refusal(stream("http://me:secret@127.0.0.1:9/x?secret"))
    assert "there is no camera 99999999999" in refusal(stream(99999999999))
    assert "secret" not in refusal(stream("rstp://me:secret@127.0.0.1/x"))
    assert "--backlog 0" in refusal(stream(video, "--backlog", 0))
    assert "--give-up 0: expected" in refusal(stream(video, "--give-up", 0))
    assert "is no run" in refusal(stream(video, run=tmp_path))


@pytest.mark.slow
def test_a_state_that_does_not_fit_is_refused(
    stream: Stream, folder: Path, video: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state.npz"
    stream(video, "--state", state)
    other = folder / "videos" / "v1.mp4"
    assert "is the state of another source" in refusal(stream(other, "--state", state))
    content = state.read_bytes()
    state.write_bytes(content[: len(content) // 2])
    assert "cannot be read as the state of a stream" in refusal(stream(video, "--state", state))
    state.write_bytes(content)
    plain, arrays = read_archive(state)
    for spoilt in (
        {name: array for name, array in arrays.items() if not name.startswith("place")},
        {**arrays, "carry/00000": arrays["carry/00000"][:, :-1]},
        {**arrays, "carry/00000": np.full_like(arrays["carry/00000"], np.nan)},
    ):
        write_archive(state, plain, spoilt)
        assert "does not hold a state of this model" in refusal(stream(video, "--state", state))
    state.write_bytes(content)
    model = folder / "run" / "model.keras"
    kept = model.read_bytes()
    try:
        model.write_bytes(kept + b"\0")
        assert "was written with another model" in refusal(stream(video, "--state", state))
    finally:
        model.write_bytes(kept)


def test_a_run_of_imported_features_cannot_follow_a_video(
    stream: Stream, video: Path, tmp_path: Path
) -> None:
    write_sequence(tmp_path / "store", "a", np.zeros((9, 2)), backbone="csv")
    write_sequence(tmp_path / "store", "b", np.zeros((9, 2)), backbone="csv")
    for path in (tmp_path / "store").glob("*.h5"):
        with h5py.File(path, "r+") as file:
            file.attrs["backbone_digest"] = ""
    write_intervals(tmp_path / "labels.csv", [("a", 0, 1, "x"), ("a", 1, 2, "y"), ("b", 0, 1, "x")])
    (tmp_path / "splits.json").write_text(json.dumps({"train": ["a", "b"]}))
    run = train(
        TrainConfig(
            tmp_path / "store",
            tmp_path / "labels.csv",
            tmp_path / "run",
            splits=tmp_path / "splits.json",
            units=2,
            layers=1,
            epochs=1,
            tensorboard=False,
        )
    )
    assert "was trained on imported features (csv)" in refusal(stream(video, run=run.path))
    assert os.listdir(run.path)


@pytest.mark.slow
def test_a_stream_whose_reader_takes_nothing_ends_on_a_signal(folder: Path, video: Path) -> None:
    with begin(folder, video) as process:
        assert process.stdout
        assert process.stderr
        fcntl.fcntl(process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        assert os.read(process.stdout.fileno(), 1)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 130
        assert "SIGTERM: stopped while it waited" in process.stderr.read()

"""Labels for many videos: in parts, by several processes, after a kill, and what failed."""

import csv
import os
import signal
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path

import pytest
from colour_videos import film
from commands import LONGTAKE
from forked import start
from spoken import Longtake, refusal, speaking
from untrained_runs import untrained

from preprocessing.extraction.command import extract
from preprocessing.extraction.options import ExtractConfig
from preprocessing.files.own_output import write_own
from preprocessing.labels.writing import write_intervals
from trainer.labelling import command
from trainer.run.folder import Run

VIDEOS = 150  # So many that a kill meets predict at work.


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose model answers by chance, on histograms of colours."""
    folder = tmp_path_factory.mktemp("many")
    names = ("x", "y", "z")
    for number, name in enumerate(names):
        film(folder / "videos" / f"{name}.mp4", 8, 40 * number)
    extract(ExtractConfig((folder / "videos",), folder / "store", backbone="histogram"))
    halves = [(name, half / 2, (half + 1) / 2, "ab"[half]) for name in names for half in (0, 1)]
    write_intervals(folder / "labels.csv", halves)
    return untrained(folder / "store", folder / "labels.csv", folder / "run")


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Videos without labels: four, and two that are none."""
    for number in range(4):
        film(tmp_path / "new" / f"v{number}.mp4", 8, 30 * number)
    for name in ("broken", "more"):
        (tmp_path / "new" / f"{name}.mp4").write_bytes(b"no video")
    return tmp_path / "new"


@pytest.fixture
def longtake(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Longtake:
    monkeypatch.chdir(tmp_path)
    return speaking(capfd, monkeypatch)


def labels_of(path: Path) -> list[tuple[str, ...]]:
    with path.open(newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def test_parts_of_the_videos_leave_what_is_answered_at_once(
    run: Run, new: Path, longtake: Longtake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "FAILURES_NAMED", 1)
    predict = ("predict", run.path, "new", "--out", "out")
    code, said, _ = longtake(*predict, "--shard", "1/3")
    assert code == 3
    assert f"failed, 1 video:\n  {Path('new/broken.mp4')} cannot be opened" in said
    part = labels_of(Path("out/shard-1-of-3/labels.csv"))
    assert {row[0] for row in part} == {"v1"}  # In order: broken, more, v0, v1, v2, v3.
    code, said, _ = longtake(*predict)
    assert code == 3
    assert "features of 3 videos made, of 1 there already, 2 failed" in said
    failed, named, more, why = said.splitlines()[-4:]
    assert failed == "failed, 2 videos:"
    assert named.startswith(f"  {Path('new/broken.mp4')} cannot be opened as a video: ")
    assert more == "  and 1 more"
    assert why == f"why some failed: {Path('out/store/failures.csv')}"
    whole = labels_of(Path("out/labels.csv"))
    assert {row[0] for row in whole} == {f"v{number}" for number in range(4)}
    assert [row for row in whole if row[0] == "v1"] == part
    assert not Path("out/steps.csv").exists()


def test_more_parts_than_videos_do_no_harm(run: Run, tmp_path: Path, longtake: Longtake) -> None:
    film(tmp_path / "new" / "one.mp4", 2)
    predict = ("predict", run.path, "new", "--out", "out")
    earlier = Path("out/shard-2-of-2/labels.csv")  # Of a time when there were more videos.
    earlier.parent.mkdir(parents=True)
    write_own(earlier, lambda new: new.write_text("sequence,start,end,label,confidence\n"))
    code, _, noted = longtake(*predict, "--shard", "2/2")
    assert code == 0
    assert not earlier.exists()
    assert "--shard 2/2 is empty" in noted
    assert "--jobs is for videos, and" in refusal(
        longtake("predict", run.path, run.config.store, "--out", "out", "--jobs", 2)
    )
    assert "expected I/N" in refusal(longtake(*predict, "--shard", "3/2"))
    assert "--jobs 0: expected 1" in refusal(longtake(*predict, "--jobs", "0"))


@pytest.mark.slow
def test_parts_of_a_store_have_every_nth_sequence(run: Run, longtake: Longtake) -> None:
    predict = ("predict", run.path, run.config.store, "--out", "out", "--csv")
    for number, names in ((1, {"x", "z"}), (2, {"y"})):
        assert longtake(*predict, "--shard", f"{number}/2")[0] == 0
        folder = Path(f"out/shard-{number}-of-2")
        for name in ("labels.csv", "steps.csv"):
            assert {row[0] for row in labels_of(folder / name)} == names
    code, _, noted = longtake(
        "labels", *sorted(Path("out").glob("*/labels.csv")), "--to", "intervals", "--out", "all.csv"
    )
    assert (code, noted) == (0, "")
    assert longtake(*predict)[0] == 0
    joined, at_once = labels_of(Path("all.csv")), labels_of(Path("out/labels.csv"))
    assert joined == at_once
    assert longtake(*predict[:-1])[0] == 0
    assert not Path("out/steps.csv").exists()  # It would be of other answers than the rest.


def predicting(run: Run, folder: Path, *options: object) -> subprocess.Popen[str]:
    """Starts predict in a process of its own."""
    arguments = ["predict", run.path, "new", "--out", "out", *options]
    return start(
        [sys.executable, "-c", LONGTAKE, *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_what_was_killed_goes_on_where_it_was(run: Run, tmp_path: Path, jobs: int) -> None:
    for number in range(VIDEOS):
        film(tmp_path / "new" / f"v{number:03d}.mp4", 16, number // 2)
    process = predicting(run, tmp_path, "--jobs", jobs)
    store = tmp_path / "out" / "store"
    until = time.monotonic() + 60
    while len(list(store.glob("v*.h5"))) < 3 and time.monotonic() < until:
        time.sleep(0.005)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    kept = {path: path.stat().st_mtime_ns for path in store.glob("v*.h5")}
    assert 3 <= len(kept) < VIDEOS
    assert not (tmp_path / "out" / "labels.csv").exists()
    process = predicting(run, tmp_path, "--jobs", jobs)
    said, _ = process.communicate()
    assert process.returncode == 0, said
    assert f"features of {VIDEOS - len(kept)} videos made, of {len(kept)} there already" in said
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert len({row[0] for row in labels_of(tmp_path / "out" / "labels.csv")}) == VIDEOS
    assert not list(tmp_path.rglob("*.partial.*"))


@pytest.mark.slow
def test_parts_that_are_worked_on_at_the_same_time_do_not_harm_each_other(
    run: Run, tmp_path: Path, longtake: Longtake
) -> None:
    for number in range(7):
        film(tmp_path / "new" / f"v{number}.mp4", 8, 30 * number)
    parts = [predicting(run, tmp_path, "--shard", f"{number}/3") for number in (1, 2, 3)]
    for process in parts:
        said, _ = process.communicate()
        assert process.returncode == 0, said
    rows = [labels_of(path) for path in (tmp_path / "out").glob("shard-*/labels.csv")]
    assert longtake("predict", run.path, "new", "--out", "out")[0] == 0
    assert sorted(chain(*rows)) == labels_of(tmp_path / "out" / "labels.csv")

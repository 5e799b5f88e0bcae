"""Extraction killed at random moments, on a full disk, and twice at once: real processes."""

import csv
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import h5py
import numpy as np
import pytest

from preprocessing.files.guarded_file import GuardedFile

VIDEOS, FRAMES = 4, 240
# Slow enough to be killed at work.
SLOW = """
import time
from preprocessing.backbones import Backbone

class Slow(Backbone):
    size, dimension = (8, 8), 192

    def __call__(self, frames):
        time.sleep(0.01)
        return frames.reshape(len(frames), -1).astype("float32")
"""


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    generator = np.random.default_rng(0)
    for number in range(VIDEOS):
        path = folder / f"day{number % 2}" / f"v{number}.mp4"
        path.parent.mkdir(exist_ok=True)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=25)
            stream.width = stream.height = 32
            for image in generator.integers(0, 256, (FRAMES, 32, 32, 3), np.uint8):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
            container.mux(stream.encode(None))
    (folder / "broken.mp4").write_text("no video")
    (folder / "slow.py").write_text(SLOW)
    return folder


def start(videos: Path, store: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "preprocessing", "extract", str(videos), "--store", str(store)]
    command += ["--fps", "native", "--backbone", f"{videos}/slow.py:Slow", "--batch-size", "8"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def finish(process: subprocess.Popen[str], code: int = 3) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    assert "Traceback" not in err
    return out + err


def contents(store: Path) -> dict[str, Any]:
    """Every file of a store, hidden ones too, with all that is in it."""
    found: dict[str, Any] = {}
    for path in sorted(path for path in store.rglob("*") if path.is_file()):
        name = path.relative_to(store).as_posix()
        if path.name.startswith("."):
            found[name] = None
        elif path.suffix == ".h5":
            with h5py.File(path) as file:
                data = {key: file[key][()].tobytes() for key in file}
                found[name] = data | {key: str(value) for key, value in file.attrs.items()}
        else:
            found[name] = path.read_text()
    return found


@pytest.fixture(scope="module")
def undisturbed(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, float]:
    """What the store should be, and how long it takes to make."""
    store = tmp_path_factory.mktemp("undisturbed")
    begin = time.monotonic()
    said = finish(start(videos, store))
    assert f"{VIDEOS} extracted, 0 already done, 1 failed" in said
    return contents(store), time.monotonic() - begin


def test_killed_at_random_moments_and_started_again_the_store_is_the_same(
    videos: Path, undisturbed: tuple[Any, float], tmp_path: Path, thorough: bool
) -> None:
    expected, seconds = undisturbed
    kills, moments = 0, random.Random(7)
    stores = (tmp_path / str(number) for number in itertools.count())
    store = next(stores)
    while kills < (30 if thorough else 3):
        process = start(videos, store)
        time.sleep(moments.uniform(0.1, 0.9) * seconds)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
            made = contents(store)
            assert all(made[name] in (None, expected.get(name)) for name in made)
        else:
            finish(process)
            assert contents(store) == expected
            store = next(stores)
    finish(start(videos, store))
    assert contents(store) == expected


def test_two_extractions_into_one_store_share_the_work(
    videos: Path, undisturbed: tuple[Any, float], tmp_path: Path
) -> None:
    both = [start(videos, tmp_path / "store") for _ in range(2)]
    said = [finish(process) for process in both]
    assert contents(tmp_path / "store") == undisturbed[0]
    extracted = sum(int(text.split(" extracted")[0].split()[-1]) for text in said)
    assert extracted == VIDEOS


def test_one_extraction_takes_over_what_another_was_killed_at(
    videos: Path, undisturbed: tuple[Any, float], tmp_path: Path
) -> None:
    first = start(videos, tmp_path / "store")
    while not list(tmp_path.rglob(".*.lease")):
        time.sleep(0.01)
    second = start(videos, tmp_path / "store")
    time.sleep(undisturbed[1] / 3)
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    finish(second)
    assert contents(tmp_path / "store") == undisturbed[0]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for one or two videos."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_on_a_full_disk_what_is_finished_is_whole_and_the_rest_is_not_there(
    videos: Path, undisturbed: tuple[Any, float], small_disk: Path
) -> None:
    said = finish(start(videos, small_disk / "store"), code=2)
    assert "No space left on device; what is finished is kept" in said
    made = contents(small_disk / "store")
    assert 1 <= sum(name.endswith(".h5") for name in made) < VIDEOS
    hidden = [name for name in made if Path(name).name.startswith(".")]
    assert all(name.endswith(".begun") for name in hidden)
    assert all(made[name] == undisturbed[0][name] for name in made if name.endswith(".h5"))


def test_a_file_that_cannot_grow_says_so_once_it_is_asked(tmp_path: Path) -> None:
    code = f"""
import resource, h5py, numpy
from pathlib import Path
from preprocessing.files.guarded_file import GuardedFile
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
disk = GuardedFile(Path({str(tmp_path / "partial")!r}))
file = h5py.File(disk, "w")
data = file.create_dataset("x", (0, 100), maxshape=(None, 100), chunks=(64, 100))
for number in range(20):
    data.resize(64 * (number + 1), axis=0)
    data[64 * number:] = numpy.ones((64, 100))
file.close()
try:
    disk.require_success()
except OSError as error:
    print("said", error.errno, error.filename)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["said", "27", str(tmp_path / "partial")]


def test_a_guarded_file_is_as_hdf5_makes_it(tmp_path: Path) -> None:
    values = np.arange(5000.0).reshape(50, 100)
    disk = GuardedFile(tmp_path / "partial")
    with h5py.File(disk, "w") as file:
        file.create_dataset("x", data=values, chunks=(8, 100))
    disk.require_success()
    disk.close()
    with h5py.File(tmp_path / "partial") as file:
        np.testing.assert_array_equal(file["x"][()], values)


@pytest.mark.slow
def test_failures_are_told_once_though_two_met_them(videos: Path, tmp_path: Path) -> None:
    both = [start(videos, tmp_path / "store") for _ in range(2)]
    for process in both:
        finish(process)
    with (tmp_path / "store" / "failures.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [Path(row["path"]).name for row in rows] == ["broken.mp4"]

"""Work in other processes, here and in clusters; the clusters are real ones of this machine."""

import csv
import importlib.util
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import h5py
import joblib
import light
import numpy as np
import pytest
from commands import LONGTAKE

from preprocessing.backbones.efficientnet_lite import EfficientNetLite0
from preprocessing.cores import THREADS, share_of_cores
from preprocessing.errors import InputError
from preprocessing.extraction import engines
from preprocessing.extraction.command import _attempt_elsewhere
from preprocessing.extraction.engines import check_engine, run_each
from preprocessing.extraction.headway import Headway
from preprocessing.extraction.options import ExtractConfig
from preprocessing.files.inputs import Source

ROOT = Path(__file__).parents[2]
AIDS = ROOT / "tests" / "aids"
WATCHED = f"import light; light.watch(); {LONGTAKE}"
# Each prints the address of a cluster of two worker processes, which ends when its input does.
CLUSTERS = {
    "dask": """
from distributed import LocalCluster
with LocalCluster(
    processes=True, n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
) as cluster:
    print(cluster.scheduler_address, flush=True)
    input()
""",
    "ray": """
import ray
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level=50)
print(ray.get_runtime_context().gcs_address, flush=True)
input()
ray.shutdown()
""",
}


def environment(folder: Path) -> dict[str, str]:
    (folder / "pids").mkdir(exist_ok=True)
    path = [str(AIDS), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        light.PIDS: str(folder / "pids"),
        "RAY_AUTH_MODE": "disabled",
        "RAY_USAGE_STATS_ENABLED": "0",
    }


@contextmanager
def cluster(engine: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Runs a cluster; gives its process and address."""
    module = {"dask": "distributed"}.get(engine, engine)
    if importlib.util.find_spec(module) is None:
        pytest.skip(f'{module} is not installed: pip install -e ".[{engine}]"')
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTERS[engine]],
        env=environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()


def extraction(folder: Path, *arguments: object, **more: str) -> subprocess.Popen[str]:
    """Starts the command in a session of its own, as a terminal would, with ``more`` variables."""
    command = ["extract", "videos", "--fps", "native", "--backbone", "light", "--batch-size", "4"]
    return subprocess.Popen(
        [sys.executable, "-c", WATCHED, *command, *map(str, arguments)],
        cwd=folder,
        env={**environment(folder), **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def extract(folder: Path, *arguments: object, code: int = 0, **more: str) -> str:
    """Runs the command to its end; returns the line in which it sums up."""
    with extraction(folder, *arguments, **more) as process:
        said, complaint = process.communicate()
    assert process.returncode == code, complaint
    assert "Traceback" not in complaint
    return said.splitlines()[0] if said else complaint.splitlines()[-1]


def stored(store: Path) -> list[Path]:
    return sorted(path for path in store.glob("*.h5") if not path.name.startswith("."))


def contents(store: Path) -> dict[str, list[bytes]]:
    found = {}
    for path in stored(store):
        with h5py.File(path) as file:
            found[path.stem] = [file[name][()].tobytes() for name in ("features", "timestamps")]
    return found


def in_store(said: str) -> int:
    """How many videos are done; one that a worker finished before it died is found done."""
    found = re.match(r"(\d+) extracted, (\d+) already done", said)
    assert found
    return int(found[1]) + int(found[2])


def processes(folder: Path) -> list[int]:
    """The processes that worked on a video."""
    return [int(path.name) for path in (folder / "pids").iterdir()]


def in_session(session: int) -> list[str]:
    """The living processes of a session."""
    stats = (
        path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat")
    )
    return [stat for stat in stats if int(stat[3]) == session and stat[0] != "Z"]


def workers(session: int) -> list[bytes]:
    """The processes for ``--jobs`` in a session, begun or about to begin."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[3]) == session:
                found.append(path.with_name("cmdline").read_bytes())
    return [line for line in found if b"popen_loky" in line]


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    """A folder with eight videos of moving noise."""
    noise = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    (tmp_path / "videos").mkdir()
    for number in range(8):
        path = tmp_path / "videos" / f"v{number}.mp4"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 8, (48, 32))
        for frame in range(12 + number):
            writer.write(np.roll(noise, (number, 3 * frame), (0, 1)))
        writer.release()
    return tmp_path


def lost(item: object, message: str) -> str:
    return f"{item}: {message}"


def test_results_come_in_the_order_in_which_they_finish():
    assert list(run_each(light.nap, [1.5, 0.01, 0.02], lost, jobs=2))[-1] == 1.5


def test_what_is_done_of_items_is_told_while_they_are_worked_on():
    told: list[tuple[str, int]] = []

    def tell(more: int) -> None:
        told.append(("", more))

    results = run_each(light.count, [120, 130], lost, jobs=2, advance=tell)
    told.extend(("result", result) for result in results)
    first = [kind for kind, _ in told].index("result")
    assert first > 1
    assert sum(number for kind, number in told if not kind) == 2500


def test_what_was_done_of_an_item_that_is_lost_is_taken_back():
    told: list[int] = []
    list(run_each(light.count_and_die_of, ["a", light.DEADLY], lost, jobs=2, advance=told.append))
    assert sum(told) == 7


def test_work_goes_on_where_nobody_can_be_told_of_it():
    with Headway(1, print) as headway:
        teller = headway.teller(0)
    teller(5)
    assert teller.done == 5


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="needs POSIX")
def test_an_interrupt_is_for_this_process_and_not_for_those_it_began():
    assert all(run_each(light.is_deaf, range(4), lost, jobs=2))
    assert list(run_each(light.count_and_die_of, [light.DEADLY], lost, jobs=2))
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def test_processes_share_the_cores(monkeypatch):
    monkeypatch.delenv(THREADS, raising=False)
    pids, shares = zip(*run_each(light.share, range(6), lost, jobs=2), strict=True)
    assert len(set(pids)) == 2
    assert set(shares) == {max(1, joblib.cpu_count() // 2)}
    assert share_of_cores() == joblib.cpu_count()


def test_opencv_has_its_share_of_the_cores_too(videos, monkeypatch):
    monkeypatch.setenv(THREADS, "3")
    before = cv2.getNumThreads()
    config = ExtractConfig((videos,), videos / "store", backbone="flow")
    (videos / "store").mkdir()
    try:
        _attempt_elsewhere(Source("v", videos / "videos" / "v0.mp4"), engines.silent, config)
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)


def test_a_process_works_on_one_item_at_a_time():
    busy, most = 0, 0

    def work(_: int, advance: object) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        time.sleep(0.01)
        busy -= 1

    threads = [
        threading.Thread(target=engines._in_worker, args=(work, lambda: 1, number))
        for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_bug_in_the_work_is_raised_here():
    with pytest.raises(ZeroDivisionError, match="7"):
        list(run_each(light.fail, [7, 7], lost, jobs=2))


def test_what_kills_its_process_is_lost_and_nothing_else():
    items = ["a", "b", light.DEADLY, *"cdefgh"]
    results = sorted(run_each(light.die_of, items, lost, jobs=2))
    assert len(results) == 9
    assert [result for result in results if result not in items] == [
        lost(
            light.DEADLY,
            "each process that worked on it died: short of memory, or a library crashed",
        )
    ]


@pytest.mark.slow
def test_processes_that_grow_are_replaced_without_a_word():
    assert sorted(run_each(light.grow, range(8), lost, jobs=2)) == list(range(8))


def test_options_of_another_engine_are_refused():
    check_engine("local", None, 4)
    check_engine("dask", "tcp://host:8786", 1)
    with pytest.raises(InputError, match="--address a:1 is of no use to --engine local"):
        check_engine("local", "a:1", 1)
    with pytest.raises(InputError, match="--jobs 3 is for --engine local; with ray"):
        check_engine("ray", "auto", 3)


@pytest.mark.parametrize(("engine", "module"), [("dask", "distributed"), ("ray", "ray")])
def test_an_engine_that_is_not_installed_is_named_with_how_to_install_it(
    monkeypatch, engine, module
):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=rf'pip install "longtake\[{engine}\]"'):
        list(run_each(light.nap, [0.0], lost, engine, "127.0.0.1:9"))


@pytest.mark.parametrize("engine", ["dask", "ray"])
@pytest.mark.parametrize(
    "address", ["127.0.0.1:9", "ray://127.0.0.1:9", "tcp://127.0.0.1:9", "nowhere"]
)
def test_an_address_where_nobody_answers_is_refused_at_once(monkeypatch, engine, address):
    pytest.importorskip("distributed" if engine == "dask" else engine)
    begin = time.monotonic()
    with pytest.raises(InputError, match=f"--address {address}: no .* answers there"):
        list(run_each(light.nap, [0.0], lost, engine, address))
    assert time.monotonic() - begin < 15


def test_dask_without_an_address_says_how_to_give_one(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    with pytest.raises(InputError, match="--engine dask needs --address tcp://HOST:8786"):
        list(run_each(light.nap, [0.0], lost, "dask"))


@pytest.mark.parametrize(
    "engine",
    ["local", *(pytest.param(name, marks=pytest.mark.slow) for name in ("dask", "ray"))],
)
def test_the_store_is_the_same_byte_for_byte_whatever_the_engine(videos, engine):
    extract(videos, "--store", "alone")
    assert processes(videos) == []
    if engine == "local":
        said = extract(videos, "--store", "store", "--jobs", 2)
    else:
        with cluster(engine, videos) as (_, address):
            said = extract(videos, "--store", "store", "--engine", engine, "--address", address)
    assert said.startswith("8 extracted, 0 already done, 0 failed")
    assert contents(videos / "store") == contents(videos / "alone")
    assert len(contents(videos / "store")) == 8
    assert len(processes(videos)) == 2


def test_a_store_that_a_worker_does_not_see_is_said(tmp_path):
    source = Source("v", tmp_path / "v.mp4")
    config = ExtractConfig((tmp_path,), tmp_path / "store")
    with pytest.raises(InputError, match=r"does not see the store .*; it must lie in a folder"):
        _attempt_elsewhere(source, engines.silent, config)


def test_a_killed_worker_of_a_cluster_costs_nothing_but_time(videos, thorough):
    if not thorough:
        pytest.skip("one cluster is enough; --all includes it")
    with cluster("dask", videos) as (_, address):
        running = extraction(videos, "--store", "store", "--engine", "dask", "--address", address)
        with running:
            while not processes(videos):
                time.sleep(0.05)
            os.kill(processes(videos)[0], signal.SIGKILL)
            said, complaint = running.communicate()
    assert running.returncode == 0, complaint
    assert in_store(said) == 8
    assert len(processes(videos)) > 2


def test_a_video_that_kills_every_worker_is_a_failure_of_its_own(videos, thorough):
    if not thorough:
        pytest.skip("four workers must die; --all includes it")
    (videos / "videos" / "v3.mp4").rename(videos / "videos" / f"{light.DEADLY}.mp4")
    with cluster("dask", videos) as (_, address):
        said = extract(videos, "--store", "store", "--engine", "dask", "--address", address, code=3)
    assert in_store(said) == 7
    assert "1 failed" in said
    with (videos / "store" / "failures.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["path"].endswith("deadly.mp4")
    assert row["kind"] == "worker"
    assert "each process that worked on it died" in row["message"]


def test_a_scheduler_that_goes_away_ends_the_command_and_the_next_one_goes_on(videos, thorough):
    if not thorough:
        pytest.skip("one cluster is enough; --all includes it")
    with cluster("dask", videos) as (scheduler, address):
        running = extraction(videos, "--store", "store", "--engine", "dask", "--address", address)
        with running:
            while not stored(videos / "store"):
                time.sleep(0.05)
            scheduler.kill()
            _, complaint = running.communicate()
    assert running.returncode == 2, complaint
    assert f"the Dask scheduler at {address} went away: what is done is kept" in complaint
    assert "Traceback" not in complaint
    said = re.match(r"(\d) extracted, (\d) already done, 0", extract(videos, "--store", "store"))
    assert said is not None
    assert int(said[1]) + int(said[2]) == 8
    assert int(said[2]) > 0


@pytest.mark.parametrize("begun", [False, True], ids=["as they begin", "at work"])
def test_an_interrupt_leaves_no_process_behind(videos, begun):
    running = extraction(videos, "--store", "store", "--jobs", 2)
    with running:
        # One is enough: on a busy machine it may be done with all before the other has started.
        while not (processes(videos) if begun else workers(running.pid)):
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGINT)
        _, complaint = running.communicate()
    assert running.returncode == 130
    assert "start the same command again to go on" in complaint
    assert "Traceback" not in complaint
    until = time.monotonic() + 10
    while in_session(running.pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert in_session(running.pid) == []


def test_features_do_not_depend_on_the_number_of_threads(videos, thorough):
    if not thorough:
        pytest.skip("TensorFlow must start twice; --all includes it")
    for threads in (1, 3):
        more = {THREADS: str(threads)}
        extract(videos, "--store", f"by{threads}", "--backbone", EfficientNetLite0.name, **more)
    assert contents(videos / "by1") == contents(videos / "by3")

"""Several devices and several processes: the same updates as one device with all their lanes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from two_devices import stored

from preprocessing.errors import InputError
from trainer.config import TrainConfig
from trainer.distribute import find_replicas
from trainer.lanes import Chunk, Lineup, with_room
from trainer.run import Run, load_run

HERE = Path(__file__).parent
LONGTAKE = "from trainer.cli import main; raise SystemExit(main())"
Task = tuple[Path, Path]
WAYS: dict[str, dict[str, Any]] = {
    "truncated": {"schedule": "cosine", "warmup": 3},
    "full": {"gradient": "full", "accumulate": 2, "normalize": "running"},
    "accumulated": {"accumulate": 3, "cell": "gru", "learn_initial_state": True},
    "windows": {"state": "reset", "inputs": "both", "horizon": 1, "stride": 4},
}
ONLY_WITH_ALL = {"accumulated", "windows"}


def run_python(*words: object, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(HERE.parent), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    "way",
    [pytest.param(way, marks=[pytest.mark.slow] if way in ONLY_WITH_ALL else []) for way in WAYS],
)
def test_two_devices_make_the_updates_of_one_with_all_their_lanes(
    memory_task: Task, tmp_path: Path, way: str
) -> None:
    process = run_python(HERE / "two_devices.py", tmp_path, json.dumps(WAYS[way]))
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "in 6 lanes, " in out
    assert "in 6 lanes on 2 devices, " in out
    assert json.loads(out.splitlines()[-1])["apart"] < 2e-5


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [one.getsockname()[1] for one in sockets]


def options(task: Task, run: Path, epochs: int = 3) -> list[object]:
    return [
        *("train", "--store", task[0], "--labels", task[1], "--run", run, "--epochs", epochs),
        *("--units", 5, "--chunk-length", 6, "--dropout", 0, "--no-tensorboard"),
        *("--patience", epochs, "--checkpoint-updates", 2),
    ]


def begin_workers(count: int, *words: object) -> list[subprocess.Popen[str]]:
    workers = [f"127.0.0.1:{port}" for port in free_ports(count)]
    return [
        run_python(
            *("-c", LONGTAKE, *words, "--strategy", "multiworker"),
            TF_CONFIG=json.dumps(
                {"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}}
            ),
        )
        for index in range(count)
    ]


def finished(processes: list[subprocess.Popen[str]]) -> list[str]:
    said = [process.communicate(timeout=240) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), said
    return [out for out, _ in said]


def wait_for_checkpoint(run: Path) -> None:
    until = time.monotonic() + 120
    while not Run(run).checkpoints.paths():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def straight(memory_task: Task, tmp_path: Path) -> Run:
    """One process with six lanes, never stopped."""
    run = tmp_path / "straight"
    finished([run_python("-c", LONGTAKE, *options(memory_task, run), "--lanes", 6)])
    return load_run(run)


def require_near(one: Run, other: Run) -> None:
    for left, right in zip(stored(one), stored(other), strict=True):
        np.testing.assert_allclose(left, right, atol=5e-5)


def test_a_killed_worker_ends_the_job_and_any_number_of_workers_goes_on(
    memory_task: Task, tmp_path: Path, straight: Run, thorough: bool
) -> None:
    run = tmp_path / "workers"
    chief, other = begin_workers(2, *options(memory_task, run), "--lanes", 3)
    wait_for_checkpoint(run)
    other.kill()
    other.communicate()
    _, err = chief.communicate(timeout=120)
    assert chief.returncode == 75
    assert "another process was lost" in err
    assert "start the same command again in all of them" in err
    assert not load_run(run).progress.finished
    if thorough:  # Six lanes on four workers: two rows stay idle.
        chief, *others = begin_workers(4, *options(memory_task, run), "--lanes", 3)
        time.sleep(12)
        others[0].send_signal(signal.SIGTERM)
        said = [process.communicate(timeout=120)[1] for process in (chief, *others)]
        codes = {process.returncode for process in (chief, *others)}
        assert codes <= {0, 75}, said
    finished([run_python("-c", LONGTAKE, *options(memory_task, run), "--lanes", 3)])
    require_near(straight, load_run(run))


@pytest.mark.slow
def test_only_the_chief_writes_and_a_signal_to_one_worker_stops_all(
    memory_task: Task, tmp_path: Path, straight: Run
) -> None:
    run = tmp_path / "workers"
    workers = begin_workers(2, *options(memory_task, run), "--lanes", 3)
    wait_for_checkpoint(run)
    workers[1].send_signal(signal.SIGTERM)
    said = [process.communicate(timeout=120)[1] for process in workers]
    if not load_run(run).progress.finished:
        assert [process.returncode for process in workers] == [75, 75], said
        assert "another process was stopped" in said[0]
        assert "SIGTERM" in said[1]
    outs = finished(begin_workers(2, *options(memory_task, run), "--lanes", 3))
    assert "going on in epoch" in outs[0]
    assert "sequences to train on" not in outs[1]
    require_near(straight, load_run(run))


def test_idle_lanes_are_added_behind_the_others() -> None:
    chunk = Chunk(0, 0, 4, reset=True, last=True)
    plan = [Lineup(4, (chunk, None, chunk)), Lineup(4, (None, None, chunk))]
    roomy = list(with_room(plan, 4))
    assert [lineup.chunks for lineup in roomy] == [
        (chunk, None, chunk, None),
        (None, None, chunk, None),
    ]
    assert list(with_room(plan, 3)) == plan


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, "which processes. Set TF_CONFIG for each of them, or start them with srun"),
        ("{", "TF_CONFIG cannot be read"),
        ('{"cluster": {}}', "TF_CONFIG cannot be read"),
        ('{"cluster": {"worker": ["a:1", "a:1"]}}', "TF_CONFIG names a worker twice"),
    ],
)
def test_processes_that_nobody_names_are_asked_for(
    memory_task: Task, monkeypatch: pytest.MonkeyPatch, given: str | None, expected: str
) -> None:
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if given is not None:
        monkeypatch.setenv("TF_CONFIG", given)
    config = TrainConfig(*memory_task, Path("run"), strategy="multiworker")
    with pytest.raises(InputError, match=expected):
        find_replicas(config)


def test_slurm_says_which_processes_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    from trainer.distribute import _cluster

    monkeypatch.delenv("TF_CONFIG", raising=False)
    told = {
        "SLURM_STEP_NUM_TASKS": "3",
        "SLURM_STEP_NODELIST": "node[1-2]",
        "SLURM_STEP_TASKS_PER_NODE": "2,1",
        "SLURM_PROCID": "2",
        "SLURM_JOB_ID": "30123",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    cluster = _cluster()
    assert cluster.cluster_spec().as_dict() == {
        "worker": ["node1:20123", "node1:20124", "node2:20123"]
    }
    assert (cluster.task_type, cluster.task_id) == ("worker", 2)

"""Several devices and several processes: the same updates as one device with all their lanes."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from commands import LONGTAKE
from forked import start
from hypothesis import given
from hypothesis import strategies as st
from made_stores import FPS, write_sequence
from numpy.typing import ArrayLike, NDArray
from two_devices import stored

from preprocessing.errors import InputError, Stopped
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, sequence_path, settings_text
from preprocessing.terminal.quiet import import_tensorflow
from trainer import cli
from trainer.batches.sequence_set import SequenceSet
from trainer.column_moments import Moments
from trainer.config import TrainConfig
from trainer.devices import processes as processes_module
from trainer.devices.one_device import OneDevice
from trainer.devices.processes import Processes
from trainer.devices.slurm import cluster_of_step, host_names, task_counts
from trainer.devices.strategy import find_devices
from trainer.layout import Layout
from trainer.plan.epochs import training_plan
from trainer.plan.lineup import Chunk, Lineup, with_room
from trainer.run.folder import Run, load_run
from trainer.step.train_step import TrainStep
from trainer.task import Classification
from trainer.training.feature_moments import shared_moments

ROOT = Path(__file__).parents[2]
AIDS = ROOT / "tests" / "aids"
UNEVEN = (60, 13, 9)  # Steps of sequences.
Task = tuple[Path, Path]
WAYS: dict[str, dict[str, Any]] = {
    "truncated": {"lanes": 6, "schedule": "cosine", "warmup": 3, "smooth": 0.3},
    "full": {
        "lanes": 6,
        "gradient": "full",
        "accumulate": 2,
        "normalize": "running",
        "horizon": -2,
        "direction": "backward",
        "smooth": 0.3,
    },
    "accumulated": {"lanes": 6, "accumulate": 3, "cell": "gru", "learn_initial_state": True},
    "windows": {"lanes": 6, "state": "reset", "inputs": "both", "horizon": 1, "stride": 4},
}


def run_python(*words: object, **environment: str) -> subprocess.Popen[str]:
    return start(
        [sys.executable, *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def uneven_task(tmp_path: Path) -> Task:
    """Three sequences, one of them long: one of two devices has soon none; gaps in labels."""
    generator = np.random.default_rng(2)
    rows = []
    for number, length in enumerate(UNEVEN):
        name = f"s{number}"
        write_sequence(tmp_path / "uneven", name, generator.normal(size=(length, 2)))
        rows += [
            (name, 0.0, length / FPS / 3, "early"),
            (name, length / FPS / 2, length / FPS, "late"),
        ]
    write_intervals(tmp_path / "uneven.csv", rows)
    return tmp_path / "uneven", tmp_path / "uneven.csv"


def test_two_devices_make_the_updates_of_one_with_all_their_lanes(
    memory_task: Task, uneven_task: Task, tmp_path: Path, thorough: bool
) -> None:
    """Also when one of them has no sequence left, or was stopped; but each drops others."""
    config = TrainConfig(*uneven_task, tmp_path, chunk_length=6)
    lineups = list(with_room(training_plan(config, UNEVEN, 3, 0), 4))
    dry = [not (any(lineup.chunks[:2]) and any(lineup.chunks[2:])) for lineup in lineups]
    assert sum(dry) > len(dry) // 2
    uneven = {"lanes": 3, "task": "uneven", "fractions": [1.0, 0.0, 0.0]}
    dropped = {"lanes": 6, "dropout": 0.5}  # Resumed on two devices: bit for bit.
    ways = list(WAYS.values()) if thorough else []
    process = run_python(AIDS / "two_devices.py", tmp_path, json.dumps([*ways, uneven, dropped]))
    out, err = process.communicate()
    assert process.returncode == 0, err
    for way in [*ways, uneven]:
        assert f"in {way['lanes']} lanes, " in out
        assert f"in {way['lanes']} lanes on 2 devices, " in out
    assert "computing on 2 parts of the CPU" in out
    masks, *found = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    assert masks == {"differ": True, "first as alone": True}
    *apart, resumed = [next(iter(each.values())) for each in found]
    assert len(apart) == len(ways) + 1
    assert max(apart) < 2e-5
    assert resumed is True


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
        *("--decoder", "none", "--layers", 1, "--normalize", "train"),
        *("--patience", epochs, "--checkpoint-updates", 2),
    ]


def begin_workers(
    count: int, *words: object, second: tuple[object, ...] = ()
) -> list[subprocess.Popen[str]]:
    """``second`` is an option, and its value, that the second one has instead of the others'."""
    place = words.index(second[0]) if second and second[0] in words else len(words)
    others = (*words[:place], *words[place + 2 :], *second)
    workers = [f"127.0.0.1:{port}" for port in free_ports(count)]
    return [
        run_python(
            *("-c", LONGTAKE, *(others if index else words), "--strategy", "multiworker"),
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
def straight(memory_task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """One process with six lanes, never stopped."""
    words = [*options(memory_task, tmp_path / "straight"), "--lanes", 6]
    monkeypatch.setattr(sys, "argv", ["longtake", *map(str, words)])
    assert cli.main() == 0
    return load_run(tmp_path / "straight")


def require_near(one: Run, other: Run) -> None:
    for left, right in zip(stored(one), stored(other), strict=True):
        np.testing.assert_allclose(left, right, atol=5e-5)


@pytest.mark.slow
def test_a_killed_worker_ends_the_job_and_the_same_command_goes_on(
    memory_task: Task, tmp_path: Path, straight: Run
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
    shutil.copytree(run, tmp_path / "four")
    shutil.copytree(run, tmp_path / "alone")
    first, second = finished(begin_workers(2, *options(memory_task, run), "--lanes", 3))
    assert "in 6 lanes on 2 devices" in first
    assert "going on in epoch" in first
    assert not second
    require_near(straight, load_run(run))
    # Six lanes on four workers: two rows stay idle.
    finished(begin_workers(4, *options(memory_task, tmp_path / "four"), "--lanes", 3))
    require_near(straight, load_run(tmp_path / "four"))
    alone = options(memory_task, tmp_path / "alone")
    finished([run_python("-c", LONGTAKE, *alone, "--lanes", 3)])
    require_near(straight, load_run(tmp_path / "alone"))


@pytest.mark.slow
def test_a_signal_to_one_worker_stops_all_within_a_whole_gradient(
    memory_task: Task, tmp_path: Path
) -> None:
    run = tmp_path / "workers"
    words = [*options(memory_task, run, 400), "--lanes", 3, "--gradient", "full"]
    workers = begin_workers(2, *words)
    wait_for_checkpoint(run)
    workers[1].send_signal(signal.SIGTERM)
    said = [process.communicate(timeout=120)[1] for process in workers]
    assert [process.returncode for process in workers] == [75, 75], said
    assert not load_run(run).progress.finished


@pytest.mark.slow
def test_workers_that_come_while_others_train_go_on_from_where_those_end(
    memory_task: Task, tmp_path: Path, straight: Run
) -> None:
    run = tmp_path / "workers"
    words = [*options(memory_task, run), "--lanes", 3]
    early = begin_workers(2, *words)
    wait_for_checkpoint(run)
    late = begin_workers(2, *words)
    finished(early)
    outs = finished(late)
    assert "was already finished" in outs[0]
    require_near(straight, load_run(run))


@pytest.mark.slow
def test_a_killed_chief_ends_the_job_too(memory_task: Task, tmp_path: Path) -> None:
    run = tmp_path / "workers"
    chief, other = begin_workers(2, *options(memory_task, run, 300), "--lanes", 3)
    wait_for_checkpoint(run)
    chief.kill()
    chief.communicate()
    _, err = other.communicate(timeout=120)
    assert other.returncode == 75
    assert "another process was lost" in err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("other", "reason", "elsewhere"),
    [
        (("--labels", "none.csv"), "none.csv", "another process could not begin"),
        (("--units", 6), "have not the same --units;", "have not the same --units;"),
        (("--normalize", "none"), "the same --normalize;", "the same --normalize;"),
    ],
)
def test_what_one_process_cannot_begin_none_does(
    memory_task: Task, tmp_path: Path, other: tuple[object, ...], reason: str, elsewhere: str
) -> None:
    run = tmp_path / "workers"
    workers = begin_workers(2, *options(memory_task, run), second=other)
    chief, second = [process.communicate(timeout=120)[1] for process in workers]
    assert [process.returncode for process in workers] == [2, 2]
    assert elsewhere in chief
    assert reason in second
    assert not run.exists() or not list(run.glob("*.yaml"))


@pytest.mark.slow
def test_only_the_chief_writes_and_a_signal_to_one_worker_stops_all(
    memory_task: Task, tmp_path: Path, straight: Run
) -> None:
    run = tmp_path / "workers"
    workers = begin_workers(2, *options(memory_task, run), "--lanes", 3)
    wait_for_checkpoint(run)
    workers[1].send_signal(signal.SIGTERM)
    said = [process.communicate(timeout=120)[1] for process in workers]
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
        ('{"cluster": {"worker": ["a:1"]}}', "TF_CONFIG cannot be read .KeyError.'task'"),
        (
            '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
            "TF_CONFIG cannot be read .IndexError",
        ),
        (
            '{"cluster": {"worker": ["a:1", "a:1"]}, "task": {"type": "worker", "index": 0}}',
            "TF_CONFIG names a worker twice",
        ),
        (
            '{"cluster": {"worker": ["a", "b"]}, "task": {"type": "worker", "index": 0}}',
            "TF_CONFIG names workers without a port",
        ),
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
        find_devices(config)


STEP = {
    "SLURM_STEP_NODELIST": "node[9-10]",
    "SLURM_STEP_TASKS_PER_NODE": "2,1",
    "SLURM_PROCID": "2",
    "SLURM_NODEID": "1",
    "SLURM_JOB_ID": "30123",
}


def test_slurm_says_which_processes_there_are() -> None:
    told = cluster_of_step(STEP)
    assert told["cluster"] == {"worker": ["node9:20246", "node9:20247", "node10:20246"]}
    assert told["task"] == {"type": "worker", "index": 2}


def test_jobs_that_share_a_machine_have_other_ports() -> None:
    one, other = (cluster_of_step({**STEP, "SLURM_JOB_ID": job}) for job in ("100", "101"))
    assert not set(one["cluster"]["worker"]) & set(other["cluster"]["worker"])


def test_tasks_dealt_out_in_turn_are_refused() -> None:
    with pytest.raises(InputError, match="srun --distribution=block"):
        cluster_of_step({**STEP, "SLURM_PROCID": "1"})


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        ("a", ["a"]),
        ("n[08-10,2],login", ["n08", "n09", "n10", "n2", "login"]),
        ("r[1-2]n[1-2]-ib,x7", ["r1n1-ib", "r1n2-ib", "r2n1-ib", "r2n2-ib", "x7"]),
    ],
)
def test_lists_of_machines_are_read_in_their_order(listed: str, names: list[str]) -> None:
    assert list(host_names(listed)) == names
    assert list(task_counts("2(x3),1")) == [2, 2, 2, 1]


def test_of_several_gpus_one_can_be_asked_for(
    memory_task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    tf, seen = import_tensorflow(), []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["first", "second"])
    monkeypatch.setattr(tf.config, "set_visible_devices", lambda *told: seen.append(told))
    assert not find_devices(TrainConfig(*memory_task, Path("run"), devices="one")).replicated
    assert seen == [(["first"], "GPU")]


class FakeProcesses(Processes):
    """One of three that train together; the others say what a test tells them to."""

    def __init__(self, others: list[list[float]]):
        super().__init__()
        self.count, self.others = 3, others

    def total(self, values: ArrayLike) -> NDArray[np.float64]:
        return np.asarray(values, "float64") + self.others.pop(0)


def test_what_one_process_says_holds_for_all() -> None:
    assert FakeProcesses([[0, 1, 2]]).agree(False, False, True) == [False, True, True]


def test_alone_a_process_need_not_ask() -> None:
    alone = Processes()
    assert (alone.chief, alone.agree(True, False)) == (True, [True, False])
    assert alone.agree_seldom(False, True) == [False, True]
    with pytest.raises(KeyError), alone.together():
        raise KeyError


def test_others_are_asked_about_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are counted, since clocks differ and all must ask at the same one."""
    now, asked_at = 0.0, []

    class Three(FakeProcesses):
        def total(self, values: ArrayLike) -> NDArray[np.float64]:
            flag, seconds = np.asarray(values, "float64")
            asked_at.append(now)
            return np.array([flag + (now > 5), 3 * seconds])

    monkeypatch.setattr(processes_module.time, "monotonic", lambda: now)
    three, said = Three([]), []
    for _ in range(1000):
        now += 0.01
        said += three.agree_seldom(False)
    assert len(asked_at) in (10, 11)
    assert max(np.diff(asked_at)) == pytest.approx(1, abs=0.02)
    assert 500 < said.index(True) < 610


@given(st.lists(st.integers(1, 40), min_size=2, max_size=5), st.integers(0, 9))
def test_moments_of_shares_are_those_of_the_whole(counts: list[int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    blocks = [generator.normal(5, 3, (count, 2)) for count in counts]
    shares = [Moments.of(block) for block in blocks]
    sums = sum(np.array([own.count, *(own.count * own.mean)]) for own in shares)
    mean = sums[1:] / sums[0]
    squares = sum(own.squares + own.count * (own.mean - mean) ** 2 for own in shares)
    answers = iter((sums, squares))
    together = shares[0].together(lambda _: next(answers))
    whole = np.concatenate(blocks)
    assert together.count == len(whole)
    np.testing.assert_allclose(together.mean, whole.mean(0))
    np.testing.assert_allclose(together.squares, ((whole - whole.mean(0)) ** 2).sum(0), atol=1e-9)


def test_what_no_restart_mends_is_no_lost_process() -> None:
    errors = import_tensorflow().errors
    some = FakeProcesses([[2 * crc32(b"1")], [0]])
    with pytest.raises(InputError, match="did not come together"), some.together():
        raise errors.UnavailableError(None, None, "wrong address")
    some.require_same(units=1)
    with pytest.raises(Stopped, match="another process was lost"), some.together():
        raise errors.UnavailableError(None, None, "gone")
    with pytest.raises(errors.ResourceExhaustedError), some.together():
        raise errors.ResourceExhaustedError(None, None, "too large")


def test_what_differs_is_named() -> None:
    same = 2 * crc32(b"1")
    some = FakeProcesses([[same, same + 9], [0, 0], [0]])
    with pytest.raises(InputError, match="have not the same --lanes; give"):
        some.require_same(**{"--units": 1, "--lanes": 1})


def half_precision(tmp_path: Path) -> SequenceSet:
    """Eight steps of ones in float16, all labelled."""
    origin = Origin("s", "", "4", "test", "0", settings_text())
    with SequenceWriter(sequence_path(tmp_path, "s"), 3, origin, "float16") as writer:
        writer.append(np.arange(8) / 4, np.ones((8, 3), np.float16))
    (tmp_path / "s.txt").write_text("a\n" * 8)
    store = FeatureStore(tmp_path)
    labels = read_labels(LabelOptions(tmp_path), store)
    layout = Layout(Classification(tuple(labels.classes)))
    return SequenceSet(store, [store.info("s")], labels, layout)


def test_features_travel_to_devices_as_they_are_stored(tmp_path: Path) -> None:
    plan = training_plan(TrainConfig(tmp_path, tmp_path, tmp_path, chunk_length=4), [8], 1, 0)
    batches = next(half_precision(tmp_path).read(plan))
    step = TrainStep.__new__(TrainStep)
    step.devices = OneDevice()
    assert step.load(batches).features.dtype == "float16"


def test_of_lanes_of_other_processes_labels_are_known_and_features_are_not(tmp_path: Path) -> None:
    plan = training_plan(TrainConfig(tmp_path, tmp_path, tmp_path, chunk_length=4), [8], 1, 0)
    roomy = list(with_room(plan, 2))
    data = half_precision(tmp_path)
    mine, theirs = (next(data.only(slice(*rows)).read(roomy)) for rows in ((0, 1), (1, 2)))
    assert mine.features[0, :8].all()
    assert not theirs.features.any()
    for batches in (mine, theirs):
        assert batches.weights[0, :8].all()
        assert not batches.weights[1].any()


def test_fewer_sequences_than_processes_are_learned_from_by_each(tmp_path: Path) -> None:
    moments = shared_moments(half_precision(tmp_path), FakeProcesses([]))
    assert (moments.count, moments.mean.tolist()) == (8, [1.0] * 3)

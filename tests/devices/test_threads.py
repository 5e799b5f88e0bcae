"""A run is computed in as many threads as it was begun with, wherever it goes on."""

import os
import random
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from interrupted import Signal, Task, command, config_for, kill_somewhere, require_same
from made_stores import FPS, write_sequence

from preprocessing.errors import Stopped
from preprocessing.labels.writing import write_intervals
from trainer.devices.hardware import tf, threads, use_threads
from trainer.run.folder import Run, load_run
from trainer.threads import THREADS
from trainer.training.command import train


@pytest.fixture
def large_product(tmp_path: Path) -> Task:
    """A store whose gradients are products over so many steps that threads share the sums."""
    generator = np.random.default_rng(0)
    rows = []
    for number in range(6):
        features = generator.normal(size=(300, 64))
        write_sequence(tmp_path / "wide", f"s{number}", features)
        rows += [(f"s{number}", t, t + 5, "abc"[(number + t) % 3]) for t in range(0, 75, 5)]
    write_intervals(tmp_path / "wide.csv", rows)
    assert 300 / FPS == 75
    return tmp_path / "wide", tmp_path / "wide.csv"


def train_in(count: int, arguments: list[str]) -> str:
    environment = {**os.environ, THREADS: str(count)}
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.slow
def test_killed_and_gone_on_with_in_other_threads_it_ends_in_the_same_weights(
    large_product: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"units": 32, "chunk-length": 128, "lanes": 4, "epochs": 12, "checkpoint-updates": 1}
    for name, count in (("straight", 4), ("one", 1)):
        said = train_in(count, command(large_product, tmp_path / name, **options))
        assert "computing in" not in said
    with pytest.raises(AssertionError):  # Or this would show nothing.
        require_same(load_run(tmp_path / "straight"), load_run(tmp_path / "one"))
    arguments = command(large_product, tmp_path / "killed", **options)
    monkeypatch.setenv(THREADS, "4")
    assert kill_somewhere(arguments, tmp_path / "killed/checkpoints", random.Random(3))
    said = train_in(1, arguments)
    assert "note: computing in 4 threads, as the run did so far, where 1 would be usual" in said
    require_same(load_run(tmp_path / "straight"), load_run(tmp_path / "killed"))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What TensorFlow is asked for, in a process in which it has not begun."""
    numbers = [0]
    threading = tf.config.threading
    monkeypatch.setattr(threading, "get_intra_op_parallelism_threads", lambda: numbers[-1])
    monkeypatch.setattr(threading, "set_intra_op_parallelism_threads", numbers.append)
    return numbers


@pytest.mark.parametrize(
    ("variable", "told"), [("3", 3), (" 5 ", 5), ("", None), ("0", None), ("many", None)]
)
def test_their_number_is_what_tensorflow_takes(
    asked: list[int], monkeypatch: pytest.MonkeyPatch, variable: str, told: int | None
) -> None:
    monkeypatch.setenv(THREADS, variable)
    assert threads() == (told or len(os.sched_getaffinity(0)))
    tf.config.threading.set_intra_op_parallelism_threads(7)
    assert threads() == 7


def test_a_run_goes_on_in_as_many_as_it_was_begun_with_and_says_so(
    asked: list[int], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(THREADS, "2")
    use_threads(0)
    use_threads(2)
    assert (asked, capfd.readouterr().err) == ([0], "")
    use_threads(4)
    assert asked == [0, 4]
    assert "computing in 4 threads, as the run did so far, where 2 " in capfd.readouterr().err


def test_their_number_is_kept_and_a_process_that_has_begun_says_what_differs(
    memory_task: Task, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config: Any = config_for(memory_task, tmp_path / "run", epochs=1)
    with pytest.raises(Stopped):
        train(config, [Signal([2])])
    assert Run(config.run).progress.threads == threads()
    use_threads(threads() + 1)
    said = capfd.readouterr().err
    assert f"the run computed in {threads() + 1} threads so far, and this process does in" in said

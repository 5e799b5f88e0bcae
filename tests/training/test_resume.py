"""A run that was killed, or asked to stop, ends exactly as one that was left alone."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from forked import run as run_forked
from forked import start
from interrupted import Signal, Task, command, config_for, kill_somewhere, require_same
from made_stores import copy_with_its_run, write_memory_task

from preprocessing.errors import InputError, Stopped
from preprocessing.terminal.exit_codes import DONE
from trainer import cli
from trainer.config import TrainConfig
from trainer.run.checkpoint import Checkpoints, Progress
from trainer.run.folder import Run, load_run
from trainer.run.interruption import Interruption
from trainer.run.lock import locked
from trainer.training.command import train

# Each adds something that a checkpoint must hold, or another way through an epoch.
CHOICES: dict[str, dict[str, Any]] = {
    "carry": {
        "normalize": "running",
        "dropout": 0.3,
        "learn_initial_state": True,
        "burn_in": 2,
        "random_phase": True,
        "horizon": -2,
        "direction": "backward",
        "smooth": 0.3,
    },
    "full": {"gradient": "full", "accumulate": 2, "dropout": 0.3, "lanes": 2, "smooth": 0.3},
    "windows": {
        "state": "reset",
        "stride": 4,
        "random_phase": True,
        "cell": "gru",
        "accumulate": 3,
        "schedule": "cosine",
        "warmup": 5,
    },
    "own answers": {"inputs": "both", "horizon": 1, "class_weights": ("balanced",)},
    "half precision": {"precision": "mixed_float16", "optimizer": "adamw", "weight_decay": 0.01},
}

ONLY_WITH_ALL = ("full", "windows", "own answers", "half precision")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of the memory task that nothing disturbed, which tests leave as it is."""
    folder = tmp_path_factory.mktemp("straight")
    return train(config_for(write_memory_task(folder), folder / "run"))


@pytest.fixture(scope="module")
def stopped_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the memory task and a run that was stopped after some updates."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.raises(Stopped):
        train(config_for(write_memory_task(folder), folder / "run"), [Signal([3])])
    return folder


@pytest.fixture
def begun(stopped_once: Path, tmp_path: Path) -> TrainConfig:
    """What goes on with a run that was stopped after some updates."""
    copy_with_its_run(stopped_once, tmp_path)
    return Run(tmp_path / "run").config


def stopped_again_and_again(config: TrainConfig, updates: Sequence[int]) -> tuple[Run, int]:
    stops = 0
    while True:
        try:
            return train(config, callbacks=[Signal(updates)]), stops
        except Stopped:
            stops += 1


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(options, marks=[pytest.mark.slow] if name in ONLY_WITH_ALL else [], id=name)
        for name, options in CHOICES.items()
    ],
)
def test_whatever_is_asked_for_a_stopped_run_ends_as_one_left_alone(
    memory_task: Task, tmp_path: Path, options: dict[str, Any], thorough: bool
) -> None:
    straight = train(config_for(memory_task, tmp_path / "straight", **options))
    config = config_for(memory_task, tmp_path / "stopped", **options)
    total = straight.progress.updates
    places = [total // 2, total] if thorough else [total // 2]
    stopped, stops = stopped_again_and_again(config, places)
    assert stops == len(places)
    require_same(straight, stopped)


@pytest.mark.slow
def test_a_callback_remembers_across_a_stop(memory_task: Task, tmp_path: Path) -> None:
    """ReduceLROnPlateau and EarlyStopping count epochs and keep weights."""

    def callbacks() -> list[Any]:
        return [
            keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=1, min_delta=0.5),
            keras.callbacks.EarlyStopping(
                "val_loss", patience=3, min_delta=0.5, restore_best_weights=True
            ),
        ]

    options = {"epochs": 20, "patience": 20}
    straight = train(config_for(memory_task, tmp_path / "one", **options), callbacks())
    assert 3 < len(straight.history) < 20
    config = config_for(memory_task, tmp_path / "two", **options)
    stops = [6, 20]
    while True:
        try:
            stopped = train(config, [*callbacks(), Signal(stops)])
            break
        except Stopped:
            continue
    require_same(straight, stopped)


@pytest.mark.slow
def test_a_callback_that_ends_training_within_an_epoch_is_obeyed_across_a_stop(
    memory_task: Task, tmp_path: Path
) -> None:
    class Enough(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if batch == 5:
                self.model.stop_training = True

    straight = train(config_for(memory_task, tmp_path / "one"), [Enough()])
    assert (straight.progress.epoch, straight.progress.updates) == (1, 6)
    config = config_for(memory_task, tmp_path / "two")
    with pytest.raises(Stopped):
        train(config, [Enough(), Signal([6])])
    require_same(straight, train(config, [Enough(), Signal([])]))


@pytest.mark.parametrize("gradient", [pytest.param("truncated", marks=pytest.mark.slow), "full"])
def test_an_epoch_begins_once_for_callbacks_wherever_a_run_was_stopped(
    memory_task: Task, tmp_path: Path, gradient: Any
) -> None:
    told = []

    class Told(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            told.append(epoch)
            if told == [0]:
                os.kill(os.getpid(), signal.SIGTERM)

    options = {"epochs": 1, "gradient": gradient}
    with pytest.raises(Stopped):
        train(config_for(memory_task, tmp_path / "run", **options), [Told()])
    train(config_for(memory_task, tmp_path / "run", **options), [Told()])
    assert told == [0]


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(["checkpoints"], marks=pytest.mark.slow),
        ["checkpoints", "splits.json", "trained.json", "run.json"],
    ],
)
@pytest.mark.slow
def test_killed_before_anything_was_trained_the_same_command_begins(
    memory_task: Task, tmp_path: Path, left: list[str]
) -> None:
    config = config_for(memory_task, tmp_path / "run", epochs=1)
    whole = train(replace(config, run=tmp_path / "other")).path
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    for name in left[1:]:
        (tmp_path / "run" / name).write_bytes((whole / name).read_bytes())
    (tmp_path / "run" / ".1-00000000.partial.config.yaml").touch()
    assert train(config).progress.finished
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "thesis.tex").touch()
    with pytest.raises(InputError, match="is not empty and no run"):
        train(replace(config, run=tmp_path / "else"))
    assert [path.name for path in (tmp_path / "else").iterdir()] == ["thesis.tex"]


def test_other_labels_under_the_same_name_are_noticed(begun: TrainConfig) -> None:
    (labels,) = begun.labels
    labels.write_text(labels.read_text().replace("s00,0.0,5.0,minus", "s00,0.0,4.0,minus"))
    with pytest.raises(InputError, match="changed are what --labels hold"):
        train(begun)


def test_a_resumed_run_does_not_read_the_store_for_its_moments_again(
    begun: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.training.feature_moments.total_moments", None)
    assert train(begun).progress.finished


@pytest.mark.slow
def test_a_run_that_another_process_trains_is_waited_for(memory_task: Task, tmp_path: Path) -> None:
    with locked(tmp_path / "run" / "train.lock", Interruption()):
        process = start(
            command(memory_task, tmp_path / "run", epochs=1),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        waiting = f"another process trains {tmp_path / 'run'}; waiting"
        assert any(waiting in line for line in process.stderr)
        assert not Checkpoints(tmp_path / "run/checkpoints").paths()
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert load_run(tmp_path / "run").progress.finished


def test_a_finished_run_says_so_and_does_nothing(straight: Run) -> None:
    before = {path: path.stat().st_mtime_ns for path in straight.path.rglob("*")}
    again = train(straight.config)
    assert {path: path.stat().st_mtime_ns for path in again.path.rglob("*")} == before


@pytest.mark.slow
def test_more_epochs_for_a_finished_run_are_those_of_a_longer_run(
    memory_task: Task, tmp_path: Path
) -> None:
    longer = train(config_for(memory_task, tmp_path / "longer", epochs=3))
    train(config_for(memory_task, tmp_path / "raised", epochs=1))
    raised = train(config_for(memory_task, tmp_path / "raised", epochs=3, patience=9))
    require_same(longer, raised)
    assert raised.config.epochs == 3
    scheduled = {"schedule": "cosine"}
    train(config_for(memory_task, tmp_path / "scheduled", epochs=1, **scheduled))
    with pytest.raises(InputError, match="was begun with epochs 1, not 3"):
        train(config_for(memory_task, tmp_path / "scheduled", epochs=3, **scheduled))


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], pytest.param(lambda b: b"", marks=pytest.mark.slow)]
)
def test_a_damaged_checkpoint_is_passed_over_with_a_warning(
    straight: Run,
    memory_task: Task,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    damage: Callable[[bytes], bytes],
) -> None:
    config = config_for(memory_task, tmp_path / "damaged")
    with pytest.raises(Stopped):
        train(config, callbacks=[Signal([25])])
    before, last = Run(config.run).checkpoints.paths()
    last.write_bytes(damage(last.read_bytes()))
    require_same(straight, train(config))
    said = capfd.readouterr().err
    assert f"note: {last} is damaged" in said
    assert "the checkpoint before it is used" in said
    assert before != last


def test_what_is_saved_after_a_damaged_checkpoint_is_not_the_next_to_go(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    values = {"variables/00000": np.zeros(2)}
    for items in (10, 20, 30):
        checkpoints.save(Progress(items=items), values, keep=3)
    for path in checkpoints.paths()[1:]:
        path.write_bytes(b"")
    checkpoints.save(Progress(items=11), values, keep=2)
    assert [path.name for path in checkpoints.paths()] == [
        "000000-000000010.npz",
        "000000-000000011.npz",
    ]
    assert checkpoints.latest().progress.items == 11


def test_a_byte_changed_anywhere_in_a_checkpoint_is_noticed_or_harmless(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    value = np.arange(50.0)
    path = checkpoints.save(Progress(epoch=3), {"variables/00000": value}, keep=1)
    whole = path.read_bytes()
    chance = random.Random(0)
    noticed = 0
    for _ in range(300):
        place = chance.randrange(len(whole))
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        try:
            found = checkpoints.latest()
            np.testing.assert_array_equal(found.group("variables")[0], value)
            assert found.progress == Progress(epoch=3)
        except InputError:
            noticed += 1
    assert noticed > 200


def test_only_the_last_checkpoints_are_kept(memory_task: Task, tmp_path: Path) -> None:
    options = {"checkpoint_updates": 2, "keep_checkpoints": 3}
    run = train(config_for(memory_task, tmp_path / "run", **options))
    names = [path.name for path in run.checkpoints.paths()]
    assert len(names) == 3
    assert names[-1] == "000002-000000000.npz"
    assert names[0].startswith("000001-")


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_good_checkpoint(
    memory_task: Task, tmp_path: Path
) -> None:
    class Poison(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if self.model.optimizer.iterations == 9:
                weight = self.model.trainable_variables[0]
                weight.assign(weight * float("nan"))

    options = {"checkpoint_updates": 1, "keep_checkpoints": 2}
    config = config_for(memory_task, tmp_path / "run", **options)
    with pytest.raises(InputError, match=r"became NaN .*try a lower --learning-rate") as raised:
        train(config, callbacks=[Poison()])
    run = Run(config.run)
    kept = run.checkpoints.latest()
    assert str(kept.path) in str(raised.value)
    assert kept.progress.updates == 8
    assert all(np.isfinite(value).all() for value in kept.group("variables"))


def finished(arguments: list[str]) -> str:
    done = run_forked(arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_killed_at_random_moments_a_run_ends_in_the_same_weights(
    memory_task: Task, tmp_path: Path, thorough: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kills, chance = (20, random.Random(1)) if thorough else (1, random.Random(time.time()))
    epochs = 60 if thorough else 6
    options = {"epochs": epochs, "patience": epochs}
    words = command(memory_task, tmp_path / "straight", **options)
    monkeypatch.setattr(sys, "argv", words[words.index("train") - 1 :])
    assert cli.main() == DONE
    arguments = command(memory_task, tmp_path / "killed", **options)
    killed = 0
    while killed < kills and kill_somewhere(arguments, tmp_path / "killed/checkpoints", chance):
        killed += 1
    finished(arguments)
    assert killed == kills
    require_same(load_run(tmp_path / "straight"), load_run(tmp_path / "killed"))


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [{"gradient": "full"}, {"state": "reset", "accumulate": 2}], ids=["full", "windows"]
)
def test_killed_on_other_ways_through_an_epoch_too(
    memory_task: Task, tmp_path: Path, options: dict[str, Any]
) -> None:
    options = {**options, "epochs": 40, "patience": 40, "checkpoint-updates": 2}
    finished(command(memory_task, tmp_path / "straight", **options))
    arguments = command(memory_task, tmp_path / "killed", **options)
    for number in range(4):
        assert kill_somewhere(arguments, tmp_path / "killed/checkpoints", random.Random(number))
    finished(arguments)
    require_same(load_run(tmp_path / "straight"), load_run(tmp_path / "killed"))


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_a_signal_ends_the_command_with_75_and_the_same_command_goes_on(
    memory_task: Task, tmp_path: Path, number: signal.Signals
) -> None:
    arguments = command(memory_task, tmp_path / "run", epochs=400, patience=400)
    process = start(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not Checkpoints(tmp_path / "run/checkpoints").paths():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 75
    last = said.splitlines()[-1]
    assert last.startswith(f"longtake train: {number.name}: stopped in epoch ")
    assert "Traceback" not in said
    stopped_at = Run(tmp_path / "run").progress
    assert f"after {stopped_at.updates} updates" in last
    config = json.loads(json.dumps(vars(Run(tmp_path / "run").config), default=str))
    assert config["epochs"] == 400


def test_a_history_with_fewer_columns_is_gone_on_with(tmp_path: Path) -> None:
    """Those of an older version."""
    run = Run(tmp_path)
    run.write_history([{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25, "seconds": 3.0}])
    assert run.history == [
        {"epoch": 1, "loss": 0.5, "seconds": None},
        {"epoch": 2, "loss": 0.25, "seconds": 3.0},
    ]

"""Trainings that are interrupted, and what must be the same in the end."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from commands import LONGTAKE
from forked import start

from trainer.config import TrainConfig
from trainer.run.checkpoint import Checkpoints
from trainer.run.folder import Run

Task = tuple[Path, Path]


def config_for(task: Task, run: Path, **options: Any) -> TrainConfig:
    store, labels = task
    small: dict[str, Any] = {"units": 6, "chunk_length": 6, "lanes": 3, "epochs": 2}
    small |= {"tensorboard": False, "learning_rate": 0.02, "decoder": "none"}
    small |= {"layers": 1, "normalize": "train", "dropout": 0.2}
    return TrainConfig(store, labels, run, **{**small, **options})


def require_same(one: Run, other: Run) -> None:
    """Weights, optimizer, random generators, history and the saved model, bit for bit."""
    variables = [run.checkpoints.latest().group("variables") for run in (one, other)]
    for left, right in zip(*variables, strict=True):
        np.testing.assert_array_equal(left, right)
    histories = [
        [{k: v for k, v in row.items() if "second" not in k} for row in run.history]
        for run in (one, other)
    ]
    assert histories[0] == histories[1]
    models = [keras.saving.load_model(run.model_path).get_weights() for run in (one, other)]
    for left, right in zip(*models, strict=True):
        np.testing.assert_array_equal(left, right)


class Signal(keras.callbacks.Callback):
    """Sends this process a signal at some updates, counted over all starts."""

    def __init__(self, updates: Sequence[int], number: int = signal.SIGTERM):
        super().__init__()
        self.number, self.due = number, frozenset(updates)  # a set is nothing to remember
        self.seen = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen += 1
        if self.seen in self.due:
            os.kill(os.getpid(), self.number)


def command(task: Task, run: Path, **options: Any) -> list[str]:
    """A training of some seconds, with all that a checkpoint can hold."""
    store, labels = task
    given = {
        "store": store,
        "labels": labels,
        "run": run,
        "units": 16,
        "layers": 1,
        "chunk-length": 4,
        "lanes": 3,
        "epochs": 15,
        "patience": 15,
        "learning-rate": 0.01,
        "normalize": "running",
        "dropout": 0.3,
        "checkpoint-updates": 5,
        "schedule": "exponential",
        "decoder": "none",
        **options,
    }
    flags = [f"--{name}={value}" for name, value in given.items()]
    switches = ["--no-tensorboard", "--learn-initial-state"]
    if options.get("gradient") != "full":
        switches.append("--random-phase")
    return [sys.executable, "-c", LONGTAKE, "train", *flags, *switches]


def kill_somewhere(arguments: list[str], folder: Path, chance: random.Random) -> bool:
    """Starts a run and kills it after some checkpoints; False if it ended before."""
    process = start(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    left = chance.randrange(1, 12)
    before = Checkpoints(folder).paths()
    while left and process.poll() is None:
        now = Checkpoints(folder).paths()
        left -= now != before
        before = now
        time.sleep(0.002)
    time.sleep(chance.random() * 0.05)
    process.kill()
    process.wait()
    return process.returncode == -signal.SIGKILL

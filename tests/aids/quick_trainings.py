"""A quick stand-in for the process of a training, for tests of what trains many of them."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_stores import FPS, write_sequence

from preprocessing.files.whole_file import write_whole
from preprocessing.labels.writing import write_intervals
from preprocessing.terminal.options import to_yaml
from trainer.config import TrainConfig
from trainer.run.lock import Lock
from trainer.trainings.process import TrainingProcess

# Fails with --units 13. Writes down when it begins and when it ends or is stopped.
STAND_IN = """
import signal, sys, time
from pathlib import Path
from preprocessing.terminal.options import from_yaml, to_yaml
from trainer.config import TrainConfig
from trainer.run.checkpoint import Progress
from trainer.run.folder import Run
config, pace = from_yaml(TrainConfig, Path(sys.argv[1])), float(sys.argv[2])
run = Run(config.run)
run.path.mkdir(parents=True, exist_ok=True)
def write(word):
    with open(run.path.parent / "diary.txt", "a") as file:
        print(time.monotonic(), run.path.name, word, file=file)
def stop(*_):
    write("stopped")
    raise SystemExit(75)
signal.signal(signal.SIGTERM, stop)
write("begun")
if config.units == 13:
    print("python -m trainer train: error: the loss became nan", file=sys.stderr)
    raise SystemExit(2)
done = run.progress.epoch
for epoch in range(done + 1, config.epochs + 1):
    time.sleep(pace)
    run.checkpoints.folder.mkdir(exist_ok=True)
    run.checkpoints.save(Progress(epoch=epoch, finished=epoch == config.epochs), {}, 1)
run.write_history([{"epoch": n + 1, "loss": 1.0} for n in range(config.epochs)])
(run.path / "splits.json").write_text('{"train": ["a"]}')
run.config_path.write_text(to_yaml(config))
run.model_path.touch()
write("done")
"""


def stand_in(folder: Path, pace: float = 0.0) -> Callable[[TrainingProcess], list[str]]:
    """Returns the command line of a stand-in that takes so many seconds an epoch."""
    path = folder / "stand_in.py"
    path.write_text(STAND_IN)
    return lambda training: [sys.executable, str(path), str(training._yaml_path), str(pace)]


def use_stand_in(monkeypatch: pytest.MonkeyPatch, folder: Path, pace: float = 0.0) -> None:
    """Puts a stand-in at the place of all trainings."""
    monkeypatch.setattr(TrainingProcess, "command", property(stand_in(folder, pace)))


def train_here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Has trainings take place in this process; returns the list of those that were begun."""
    begun: list[str] = []

    def start(training: TrainingProcess, lock: Lock, threads: int | None = None) -> None:
        from trainer.training.command import train

        begun.append(training.name)
        write_whole(training._yaml_path, to_yaml(training.config))
        train(training.config)

    monkeypatch.setattr(TrainingProcess, "start", start)
    monkeypatch.setattr(TrainingProcess, "exit_code", property(lambda training: 0))
    return begun


def write_persons(folder: Path, persons: int, takes: int) -> tuple[Path, Path]:
    """Makes a store and labels: in each take of a person the first feature's sign is the label."""
    generator = np.random.default_rng(0)
    rows = []
    for person in range(1, persons + 1):
        for take in range(takes):
            name, half = f"P{person}_{take}", 6 + take
            features = generator.normal(scale=0.3, size=(2 * half, 2))
            features[:half, 0] -= 1
            features[half:, 0] += 1
            write_sequence(folder / "store", name, features)
            rows.append((name, 0.0, half / FPS, "low"))
            rows.append((name, half / FPS, 2 * half / FPS, "high"))
    write_intervals(folder / "labels.csv", rows)
    return folder / "store", folder / "labels.csv"


def trainings(folder: Path, count: int, **options: object) -> list[TrainingProcess]:
    """Makes trainings 0, 1, ... in a folder."""
    config = TrainConfig(Path("store"), Path("labels"), Path("run"), epochs=2, **options)  # type: ignore[arg-type]
    return [TrainingProcess(config, folder / "runs", str(number)) for number in range(count)]


def diary(folder: Path) -> list[tuple[float, str, str]]:
    """Returns when each training began and ended, by the clock of this machine."""
    path = folder / "runs" / "diary.txt"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(float(time), name, word) for time, name, word in map(str.split, lines)]


def wait_for(condition: Callable[[], object]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to pass within 30 s")

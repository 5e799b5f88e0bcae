"""What ``--smooth`` costs: the same updates with and without it, in turn, in one process.

python scripts/bench/smoothing.py               about two minutes
python scripts/bench/smoothing.py --rounds 3    to see that it works

CPU seconds of all threads are told, since they do not depend on what else the machine does.
"""

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tyro
from measure import clock, machine, table, write

from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches.chunk_batch import ChunkBatches
from trainer.config import TrainConfig
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.plan.lineup import Lineup
from trainer.step.optimizers import make_optimizer
from trainer.step.train_step import TrainStep
from trainer.task import Classification

import_tensorflow()

SHAPES = ((4, 32, 512, 64), (8, 64, 1280, 256), (8, 64, 36, 128), (8, 64, 36, 256))
CLASSES, BATCHES, STEPS = 10, 16, 40_000
WEIGHTS = (0.0, 0.15)
COLUMNS = ("B, T, F, units", "without, frames/CPU s", "with", "CPU s, times", "from", "to")


@dataclass(frozen=True)
class Options:
    """Measures updates with and without a loss against flicker."""

    rounds: int = 15
    """How often each is measured, in turn."""


def main(options: Options) -> None:
    """Measures, prints the table and writes the JSON."""
    rows = [_row(shape, options.rounds) for shape in SHAPES]
    about = machine()
    print(*(f"{name}: {value}" for name, value in about.items()), sep="\n")
    print("", table(COLUMNS, rows), sep="\n")
    write("smoothing.json", {"machine": about}, {"shapes": (COLUMNS, rows)})


def _row(shape: tuple[int, ...], rounds: int) -> list[Any]:
    lanes, length, *_ = shape
    made = [_prepared(shape, weight) for weight in WEIGHTS]
    calls = max(1, STEPS // (lanes * length * BATCHES))
    spent: list[list[float]] = [[], []]
    for _ in range(rounds):
        for (step, loaded, carry), seconds in zip(made, spent, strict=True):
            with clock() as one:
                for _ in range(calls):
                    step.update_many(loaded, 0, BATCHES, carry)[0].numpy()
            seconds.append(one["cpu"])
    frames = calls * lanes * length * BATCHES
    rates = [f"{frames / statistics.median(seconds):,.0f}" for seconds in spent]
    ratios = sorted(after / before for before, after in zip(*spent, strict=True))
    quarter = len(ratios) // 4
    shown = (statistics.median(ratios), ratios[quarter], ratios[-1 - quarter])
    return [", ".join(map(str, shape)), *rates, *(f"{ratio:.3f}" for ratio in shown)]


def _prepared(shape: tuple[int, ...], weight: float) -> tuple[TrainStep, Any, Any]:
    """Makes a step that has been compiled, batches of noise and a carry."""
    lanes, length, dimension, units = shape
    config = TrainConfig(Path(), Path(), Path(), units=units, smooth=weight)
    layout = Layout(Classification(tuple(map(str, range(CLASSES)))))
    model = build_model(config, layout, dimension, ())
    step = TrainStep(model, make_optimizer(config), layout.task, smooth=weight)
    chance, places = np.random.default_rng(0), (lanes, BATCHES * length)
    batches = ChunkBatches(
        (Lineup(length, (None,) * lanes),) * BATCHES,
        chance.normal(size=(*places, dimension)).astype("float16"),
        np.zeros((*places, 0), "float32"),
        chance.integers(0, CLASSES, places).astype("int32"),
        np.ones(places, "float32"),
        np.zeros((BATCHES, lanes), bool),
    )
    loaded, carry = step.load(batches), step.initial_carry(lanes)
    step.update_many(loaded, 0, BATCHES, carry)
    return step, loaded, carry


if __name__ == "__main__":
    main(tyro.cli(Options))

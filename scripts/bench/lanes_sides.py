"""Sides of ``lanes.py``; the last line printed is JSON."""

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from trainer.config import TrainConfig
from trainer.model.build import build_model
from trainer.plan.dealing import deal
from trainer.plan.lanes import fixed_lengths, group_plans, lane_plan, shared
from trainer.plan.lineup import Plan
from trainer.step.optimizers import make_optimizer
from trainer.step.totals import Totals
from trainer.step.train_step import TrainStep
from trainer.training.data import load_data
from trainer.training.truncated import truncated_updates

LANES, LENGTH, UNITS, EPOCHS = 8, 64, 128, 3


def main(side: str, folder: Path) -> dict[str, Any]:
    """Trains some epochs; the first is left out."""
    config = TrainConfig(
        store=folder / "store",
        labels=folder / "labels.csv",
        run=folder / "run",
        splits=folder / "splits.json",
        units=UNITS,
        layers=1,
        normalize="none",
    )
    data = load_data(config)
    model = build_model(config, data.layout, data.facts.dimension, ())
    step = TrainStep(model, make_optimizer(config), data.layout.task)
    spent, totals = 0.0, Totals()
    for epoch in range(EPOCHS):
        if epoch == 1:
            spent, totals = 0.0, Totals()
        begun, carry, batches = time.perf_counter(), step.initial_carry(LANES), 0
        plan = plan_of(side, data.train.lengths, f"{epoch}")
        for advance in truncated_updates(
            step, data.train, plan, carry, lambda: sys.maxsize, lambda _: None
        ):
            batches += advance.items
            for some in advance.totals:
                totals = totals + some
        spent += time.perf_counter() - begun
    return {
        "frames_per_second": totals.steps / spent,
        "utilisation": totals.steps / totals.places,
        "batches": batches,
    }


def plan_of(side: str, lengths: list[int], seed: str) -> Plan:
    """An epoch as a side would have it."""
    order = list(range(len(lengths)))
    random.Random(seed).shuffle(order)
    if side == "dealt":
        queues = deal([-(-steps // LENGTH) for steps in lengths], LANES, seed)
        return lane_plan(lengths, queues, fixed_lengths(LENGTH))
    if side == "one queue":
        return lane_plan(lengths, shared(order, LANES), fixed_lengths(LENGTH))
    groups = [order[first : first + LANES] for first in range(0, len(order), LANES)]
    plans = group_plans(lengths, groups, LANES, LENGTH)
    return (lineup for lineups in plans for lineup in lineups)


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))

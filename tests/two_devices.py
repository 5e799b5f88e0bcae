"""Trains on one device and on two, both parts of this machine's processor; prints how far apart.

two_devices.py FOLDER OPTIONS (JSON)
"""

import json
import sys
from pathlib import Path

import numpy as np

from preprocessing.quiet import import_tensorflow
from trainer.config import TrainConfig
from trainer.run import Run

LANES = 6


def main(folder: Path, options: dict[str, object]) -> None:
    tf = import_tensorflow()
    (processor,) = tf.config.list_physical_devices("CPU")
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(processor, halves)
    found = [weights(folder, devices, lanes, options) for devices, lanes in SIDES]
    apart = [np.abs(one - other).max() for one, other in zip(*found, strict=True)]
    print(json.dumps({"apart": float(max(apart))}))


SIDES = (("one", LANES), ("all", LANES // 2))


def weights(folder: Path, devices: str, lanes: int, options: dict[str, object]) -> list[np.ndarray]:
    from trainer.loop import train

    run = train(
        TrainConfig(
            folder / "task",
            folder / "task.csv",
            folder / devices,
            devices=devices,
            lanes=lanes,
            units=5,
            chunk_length=6,
            epochs=2,
            dropout=0.0,
            learning_rate=0.01,
            tensorboard=False,
            **options,
        )
    )
    return stored(run)


def stored(run: Run) -> list[np.ndarray]:
    """Weights, what the optimizer remembers, and each epoch's figures."""
    checkpoint = run.checkpoints.latest()
    assert checkpoint
    names = ("loss", "val_loss")  # A step near the border may change sides.
    rows = [[float(row[name]) for name in names] for row in run.history]
    return [*checkpoint.group("variables"), np.array(rows)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))

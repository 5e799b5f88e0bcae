"""Trains on one device and on two, both parts of this machine's processor; prints how far apart.

And first, what dropout lets through on each of them.

two_devices.py FOLDER WAYS (JSON: options of each training, and its task, a name in FOLDER)
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import TrainConfig
from trainer.run.folder import Run


def main(folder: Path, ways: list[dict[str, object]]) -> None:
    tf = import_tensorflow()
    (processor,) = tf.config.list_physical_devices("CPU")
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(processor, halves)
    print(json.dumps(dropped(folder)))
    for number, options in enumerate(ways):
        lanes = int(str(options.pop("lanes")))
        if options.get("dropout"):
            resumed(folder, lanes // 2, options)
            continue
        one = figures(folder, f"{number}-one", lanes, options)
        two = figures(folder, f"{number}-all", -(-lanes // 2), options)
        apart = [np.abs(left - right).max() for left, right in zip(one, two, strict=True)]
        print(json.dumps({"apart": float(max(apart))}))


def dropped(folder: Path) -> dict[str, bool]:
    """A model that only drops: what it lets through on each of two devices, and on one."""
    import keras
    import tensorflow as tf

    from trainer.devices.strategy import find_devices
    from trainer.step.train_step import TrainStep
    from trainer.task import Classification

    def model() -> keras.Model:
        features = keras.Input((None, 40))
        dropping = keras.layers.SpatialDropout1D(0.5, seed=1)(features)
        return keras.Model([features], [keras.layers.Dense(2)(dropping)])

    def drop(whole: keras.Model, features: Any) -> Any:
        return keras.Model(whole.inputs, whole.layers[1].output)([features], training=True)

    devices = find_devices(TrainConfig(folder, folder, folder))
    alone = drop(model(), np.ones((2, 3, 40), "float32")).numpy()
    with devices.scope():
        both = model()
        TrainStep(both, keras.optimizers.SGD(), Classification(("a", "b")), devices)
    halves = devices.split(np.ones((4, 3, 40), "float32"))
    work = tf.function(lambda x: devices.run(lambda own: drop(both, own), x))
    first, second = devices.strategy.experimental_local_results(work(halves))
    return {
        "differ": bool((first.numpy() != second.numpy()).any()),
        "first as alone": bool((first.numpy() == alone).all()),
    }


def resumed(folder: Path, lanes: int, options: dict[str, object]) -> None:
    """Prints how far a training that stopped between epochs ends from one that did not."""
    straight = figures(folder, "straight-all", lanes, options)
    figures(folder, "stopped-all", lanes, {**options, "epochs": 1})
    again = figures(folder, "stopped-all", lanes, options)
    same = all((one == other).all() for one, other in zip(straight, again, strict=True))
    print(json.dumps({"same": same}))


def figures(folder: Path, name: str, lanes: int, options: dict[str, object]) -> list[np.ndarray]:
    from trainer.training.command import train

    options = {**options}
    task = options.pop("task", "task")
    run = train(
        TrainConfig(
            folder / f"{task}",
            folder / f"{task}.csv",
            folder / name,
            devices="all" if name.endswith("all") else "one",
            lanes=lanes,
            units=5,
            chunk_length=6,
            learning_rate=0.01,
            tensorboard=False,
            decoder="none",
            **{"epochs": 2, "dropout": 0.0, "layers": 1, "normalize": "train", **options},
        )
    )
    return stored(run)


def stored(run: Run) -> list[np.ndarray]:
    """Weights, what the optimizer remembers, and each epoch's losses."""
    checkpoint = run.checkpoints.latest()
    assert checkpoint
    names = ("loss", "val_loss")  # A step near the border may change sides.
    rows = [[float(row[name]) for name in names if name in row] for row in run.history]
    return [*checkpoint.group("variables"), np.array(rows)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))

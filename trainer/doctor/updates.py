"""Five updates on each device of a kind: ``python -m trainer.doctor.updates CPU|GPU FOLDER``.

A process of its own, for what goes wrong in a driver may end it. Writes FOLDER/KIND.json, and the
weights to FOLDER/KIND.npz.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from preprocessing.files.whole_file import write_whole
from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches.chunk_batch import ChunkBatch
from trainer.config import TrainConfig
from trainer.devices.hardware import DRIVER, recurrent
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.step.optimizers import make_optimizer
from trainer.step.train_step import TrainStep
from trainer.task import Classification

LANES, STEPS, FEATURES, CLASSES = 8, 64, 256, 5
UPDATES = 5
TIMED = 20  # More of them, for how fast it is; others use the machine, too: the quickest counts.
Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]
Flat = NDArray[np.float32]
PRECISIONS: tuple[Precision, ...] = ("float32", "mixed_bfloat16", "mixed_float16")


def main(kind: str, folder: Path) -> None:
    """Makes the updates and writes what came of them.

    Args:
        kind: ``CPU`` or ``GPU``.
        folder: gets both files.
    """
    if kind == "CPU":
        os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    tf = import_tensorflow()
    found: list[dict[str, Any]] = []
    weights: dict[str, Flat] = {}
    for number, device in enumerate(tf.config.list_physical_devices(kind)):
        details = tf.config.experimental.get_device_details(device) if kind == "GPU" else {}
        for precision in PRECISIONS:
            key = f"{kind} {number} {precision}"
            with tf.device(f"/{kind}:{number}"):
                begun, ended, facts = updated(precision)
            weights[key], weights[f"{key} begun"] = ended, begun
            name = str(details.get("device_name", ""))
            found.append({"key": key, "precision": precision, "device_name": name, **facts})
    build = {name: str(value) for name, value in tf.sysconfig.get_build_info().items()}
    np.savez(folder / f"{kind}.npz", allow_pickle=False, **weights)
    facts = {"build": build, "driver": DRIVER.exists(), "updates": found}
    write_whole(folder / f"{kind}.json", json.dumps(facts))


def updated(precision: Precision) -> tuple[Flat, Flat, dict[str, Any]]:
    """Makes five updates of a small model.

    Steps of plain gradients: what an optimizer divides by the size of small gradients would make
    of their rounding errors another direction.

    Args:
        precision: of ``--precision``.

    Returns:
        All weights before, all weights after, ``<float32>[W]``, and how fast it was.
    """
    import keras

    keras.utils.set_random_seed(0)
    config = TrainConfig(
        store=Path(),
        labels=(Path(),),
        run=Path(),
        units=128,
        layers=1,
        dropout=0.0,
        normalize="none",
        optimizer="sgd",
        learning_rate=0.1,
        precision=precision,
    )
    task = Classification(tuple(map(str, range(CLASSES))))
    model = build_model(config, Layout(task), FEATURES, ())
    step = TrainStep(model, make_optimizer(config), task)
    carry, seconds = step.initial_carry(LANES), list[float]()
    begun = _flat(model)
    for batch in _batches():
        _, carry = step.update(batch, carry)
    ended = _flat(model)
    for _ in range(TIMED):
        start = time.perf_counter()
        sums, carry = step.update(batch, carry)
        np.asarray(sums)  # Waits for the device.
        seconds.append(time.perf_counter() - start)
    rate = LANES * STEPS / min(seconds)
    return begun, ended, {"steps_a_second": rate, "recurrent": recurrent(model)}


def _flat(model: Any) -> Flat:
    return np.concatenate([v.numpy().ravel() for v in model.trainable_variables]).astype("float32")


def _batches() -> Iterator[ChunkBatch]:
    chance = np.random.default_rng(0)
    for number in range(UPDATES):
        yield ChunkBatch(
            chunks=(None,) * LANES,
            features=chance.normal(size=(LANES, STEPS, FEATURES)).astype("float32"),
            past=np.zeros((LANES, STEPS, 0), "float32"),
            targets=chance.integers(0, CLASSES, (LANES, STEPS)).astype("int32"),
            weights=np.ones((LANES, STEPS), "float32"),
            reset=np.full(LANES, number == 0),
        )


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

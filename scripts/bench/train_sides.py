"""Sides of ``train.py`` that run in Longtake's own environment; the last line printed is JSON."""

import contextlib
import io
import json
import os
import re
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BEGUN = time.perf_counter()
PRODUCT_SIZE, PRODUCTS = 2048, 20


def main(side: str, folder: str, *numbers: str) -> dict[str, Any]:
    """Runs a side."""
    return SIDES[side](Path(folder), *map(int, numbers))


def longtake(
    folder: Path, lanes: int, length: int, dimension: int, units: int, epochs: int
) -> dict[str, Any]:
    """The trainer, as the command ``train`` calls it."""
    from trainer import TrainConfig, train

    run = folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    config = TrainConfig(
        store=folder / "store",
        labels=folder / "labels.csv",
        run=run,
        splits=folder / "splits.json",
        chunk_length=length,
        lanes=lanes,
        units=units,
        layers=1,
        dropout=0.0,
        normalize="none",
        epochs=epochs,
        tensorboard=False,
    )
    said = io.StringIO()
    before = time.perf_counter() - BEGUN
    with contextlib.redirect_stdout(said):
        trained = train(config)
    (first,) = re.findall(r"first update after ([0-9.]+) s", said.getvalue())
    rows = trained.history[1:]
    waits = [float(row["waiting_seconds"]) / float(row["seconds"]) for row in rows]
    return {
        "frames_per_second": statistics.median(float(row["frames_per_second"]) for row in rows),
        "waiting": statistics.median(waits),
        "start": before + float(first),
    }


def keras(
    folder: Path, lanes: int, length: int, dimension: int, units: int, epochs: int
) -> dict[str, Any]:
    """A stateful layer and ``fit``, reading ahead by ``tf.data``."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    import h5py
    import keras
    import numpy as np
    import tensorflow as tf
    from noise import CLASSES

    files = [h5py.File(path) for path in sorted((folder / "store").glob("*.h5"))]
    chunks = len(files[0]["features"]) // length
    labels = np.arange(chunks * length) * CLASSES // (chunks * length)

    def batches() -> Iterator[tuple[Any, Any]]:
        for chunk in range(chunks):
            steps = slice(chunk * length, (chunk + 1) * length)
            yield np.stack([file["features"][steps] for file in files]), [labels[steps]] * lanes

    signature = (
        tf.TensorSpec((lanes, length, dimension), tf.float16),
        tf.TensorSpec((lanes, length), tf.int32),
    )
    data = tf.data.Dataset.from_generator(batches, output_signature=signature)
    data = data.prefetch(tf.data.AUTOTUNE)
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(lanes, length, dimension)),
            keras.layers.LSTM(units, return_sequences=True, stateful=True),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    times, first = [], []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            model.layers[0].reset_states()
            self.begun = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            first.append(time.perf_counter() - BEGUN)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            times.append(time.perf_counter() - self.begun)

    model.fit(data, epochs=epochs, shuffle=False, verbose=0, callbacks=[Clock()])
    rate = lanes * length * chunks / statistics.median(times[1:])
    return {"frames_per_second": rate, "start": first[0]}


def products(*_: Any) -> dict[str, Any]:
    """The fastest product of matrices here."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    import tensorflow as tf

    one = tf.random.normal((PRODUCT_SIZE, PRODUCT_SIZE))
    multiply = tf.function(lambda: tf.reduce_max(tf.matmul(one, one)))
    times = []
    for _ in range(PRODUCTS):
        begun = time.perf_counter()
        multiply().numpy()
        times.append(time.perf_counter() - begun)
    return {"operations_per_second": 2 * PRODUCT_SIZE**3 / statistics.median(times)}


SIDES = {"longtake": longtake, "keras": keras, "products": products}

if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))

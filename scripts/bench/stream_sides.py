"""Sides of ``stream.py`` that run in Longtake's own environment; the last line printed is JSON."""

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

CLASSES, WARM_UP = 7, 20
FRAME_SIZE = (720, 1280)


def longtake(folder: Path, dimension: int, units: int, steps: int) -> dict[str, float]:
    """A follower, as the command ``stream`` uses it."""
    from dataclasses import asdict

    from trainer.evaluation.latency import measure_latency

    return asdict(measure_latency(_run(folder, units), steps))


def keras_call(folder: Path, dimension: int, units: int, steps: int) -> dict[str, float]:
    """The stateful model, called."""
    model = _keras_model(dimension, units)
    return _timed(lambda step: model(step[None, None], training=False).numpy(), dimension, steps)


def keras_predict(folder: Path, dimension: int, units: int, steps: int) -> dict[str, float]:
    """The stateful model, by ``predict``."""
    model = _keras_model(dimension, units)
    return _timed(lambda step: model.predict(step[None, None], verbose=0), dimension, steps)


def way(folder: Path, dimension: int, units: int, steps: int) -> dict[str, float]:
    """A frame of 720p from the decoder to its line, one after the other."""
    import av

    from preprocessing.backbones import load_backbone
    from preprocessing.videos.stream_samples import StreamSample
    from preprocessing.videos.views import resized
    from trainer.streaming.follower import Follower
    from trainer.streaming.lines import Lines
    from trainer.streaming.waiting import Waiting

    backbone, follower = load_backbone("efficientnet-lite0"), Follower(_run(folder, units))
    lines, waiting = Lines(follower.layout, 0.0), Waiting()
    chance = np.random.default_rng(0)
    pixels = chance.integers(0, 255, (*FRAME_SIZE, 3), np.uint8)
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
    spent: dict[str, list[float]] = {}
    for number in range(WARM_UP + steps):
        moments = [time.perf_counter()]
        small = resized(frame, backbone.sizes[0])
        moments.append(time.perf_counter())
        features = backbone([small[None]])[0].astype("float16")
        moments.append(time.perf_counter())
        (answer,) = follower.answers(features)
        moments.append(time.perf_counter())
        sample = StreamSample(number / 4, (small,), time.monotonic())
        with contextlib.redirect_stdout(io.StringIO()):
            waiting.add(sample)
            lines.write(answer, waiting)
        moments.append(time.perf_counter())
        parts = dict(zip(("resize", "describe", "answer", "write"), np.diff(moments), strict=True))
        for part, seconds in {**parts, "whole": moments[-1] - moments[0]}.items():
            spent.setdefault(part, []).append(seconds)
    return {
        f"{part}_{name}": value
        for part, seconds in spent.items()
        for name, value in _milliseconds(seconds).items()
    }


def _run(folder: Path, units: int) -> Any:
    """A run on noise, trained once."""
    from trainer import TrainConfig, train
    from trainer.run.folder import Run

    run = Run(folder / "run")
    if not run.model_path.exists():
        config = TrainConfig(
            store=folder / "store",
            labels=folder / "labels.csv",
            run=run.path,
            splits=folder / "splits.json",
            units=units,
            layers=1,
            normalize="none",
            epochs=1,
            tensorboard=False,
        )
        with contextlib.redirect_stdout(io.StringIO()):
            train(config)
    return run


def _keras_model(dimension: int, units: int) -> Any:
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"
    import keras

    return keras.Sequential(
        [
            keras.Input(batch_shape=(1, 1, dimension)),
            keras.layers.LSTM(units, return_sequences=True, stateful=True),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def _timed(answer: Callable[[Any], object], dimension: int, steps: int) -> dict[str, float]:
    noise = np.random.default_rng(0).normal(size=(8, dimension)).astype("float32")
    seconds = []
    for number in range(WARM_UP + steps):
        begin = time.perf_counter()
        answer(noise[number % len(noise)])
        seconds.append(time.perf_counter() - begin)
    return _milliseconds(seconds)


def _milliseconds(seconds: list[float]) -> dict[str, float]:
    timed = 1000 * np.array(seconds[WARM_UP:])
    return {"median_ms": float(np.median(timed)), "p95_ms": float(np.percentile(timed, 95))}


SIDES: Mapping[str, Callable[..., dict[str, float]]] = {
    "longtake": longtake,
    "keras call": keras_call,
    "keras predict": keras_predict,
    "way": way,
}

if __name__ == "__main__":
    side, folder, *numbers = sys.argv[1:]
    print(json.dumps(SIDES[side](Path(folder), *map(int, numbers))))

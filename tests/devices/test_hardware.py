"""The line that says what computes; kernels of cuDNN are looked for in graphs, without a GPU."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import TrainConfig
from trainer.devices import hardware
from trainer.devices.hardware import name_hardware, recurrent, why_not
from trainer.devices.one_device import OneDevice
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.task import make_task

tf = import_tensorflow()
import keras  # noqa: E402

WIDTH = 3
MOMENTS = ((0.0,) * WIDTH, (1.0,) * WIDTH)
HARDEST = {
    "normalize": "running",
    "shrinkage": 64,
    "layer_norm": True,
    "learn_initial_state": True,
    "dropout": 0.3,
    "layers": 2,
}


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras and TensorFlow believe that there is one."""
    names = sys.modules["keras.src.backend.tensorflow.rnn"]
    monkeypatch.setattr(names, "_is_gpu_available", lambda: True)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    details = {"device_name": "Some GPU"}
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details)


def model_of(**options: Any) -> Any:
    config = TrainConfig(
        Path("s"), Path("l"), Path("r"), units=4, **{"normalize": "none", **options}
    )
    layout = Layout.of(config, make_task("classification", ("a", "b")))
    layout = replace(layout, unknown_features=MOMENTS[0])
    moments = () if config.normalize == "none" else MOMENTS
    return build_model(config, layout, WIDTH, moments, None)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_every_recurrent_layer_that_is_built_runs_in_cudnn(
    gpu: None, cell: str, precision: str
) -> None:
    model = model_of(cell=cell, precision=precision, **HARDEST)
    said = name_hardware(model, OneDevice())
    assert said == "computing on 1 x Some GPU; recurrent layers in cuDNN: 2 of 2"


def test_a_layer_that_does_not_is_named_with_the_reason(gpu: None) -> None:
    x = keras.Input((None, WIDTH))
    h = keras.layers.LSTM(4, return_sequences=True, recurrent_dropout=0.1, name="first")(x)
    h = keras.layers.LSTM(4, return_sequences=True, name="second")(h)
    h = keras.layers.GRU(4, return_sequences=True, reset_after=False, name="third")(h)
    assert recurrent(keras.Model([x], h)) == (
        "recurrent layers in cuDNN: 1 of 3 (first: it has recurrent dropout; "
        "third: it resets before its product)"
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"activation": "relu"}, "its activation is not tanh"),
        ({"recurrent_activation": "hard_sigmoid"}, "its gates are not sigmoid"),
        ({"use_bias": False}, "it has no bias"),
        ({"unroll": True}, "it is unrolled"),
        ({"use_cudnn": False}, "use_cudnn is off"),
    ],
)
def test_each_condition_is_that_of_keras(gpu: None, options: dict[str, Any], reason: str) -> None:
    layer = keras.layers.LSTM(2, return_sequences=True, **options)
    assert why_not(layer) == [reason]
    x = keras.Input((3, WIDTH))
    assert hardware.cudnn_kernels(keras.Model([x], layer(x))) == 0


def test_without_a_gpu_it_is_said_why(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of()
    assert "no cuDNN, for TensorFlow finds no GPU" in name_hardware(model, OneDevice())
    monkeypatch.setattr(hardware, "DRIVER", Path("/dev/null"))
    assert name_hardware(model, OneDevice()).endswith("is longtake[cuda] installed?")

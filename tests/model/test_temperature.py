"""A model gets a temperature and loses it again; its layers stay those of Keras."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from trainer.config import TrainConfig
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.model.carry import call_model, zero_carry
from trainer.model.model_file import save_model
from trainer.model.own_model import OwnModel
from trainer.model.temperature import calibrated, temperature_of, uncalibrated
from trainer.task import Task, make_task
from trainer.training.temperature import warmed


def own_build(size: int, classes: int, config: TrainConfig) -> keras.Model:
    """Ends in an activation of its last layer, so that there are no logits to be found."""
    features, seen = keras.Input((None, size)), keras.Input((2,))
    kind = "softmax" if config.task == "classification" else "sigmoid"
    outputs = keras.layers.Dense(classes, activation=kind, name="logits")(features)
    return keras.Model([features, seen], [outputs, seen + 1.0])


def a_model(task: Task, own: bool) -> keras.Model:
    config = TrainConfig(
        Path(), Path(), Path(), units=3, normalize="running", shrinkage=64, task=task.name
    )
    keras.utils.set_random_seed(1)
    return build_model(config, Layout(task), 4, (), OwnModel("build", own_build) if own else None)


def answers(model: keras.Model) -> list[np.ndarray]:
    steps = np.random.default_rng(0).normal(size=(2, 5, 4))
    features = keras.ops.convert_to_tensor(steps, "float32")
    outputs, carry = call_model(model, features, zero_carry(model, 2))
    return [np.asarray(part) for part in (outputs, *carry)]


@pytest.mark.parametrize("own", [False, True], ids=["ours", "own"])
@pytest.mark.parametrize("name", ["classification", "multilabel"])
def test_a_temperature_is_a_stock_layer_that_can_be_taken_away(
    tmp_path: Path, name: str, own: bool
) -> None:
    task = make_task(name, ("a", "b", "c"))
    model = a_model(task, own)
    before = answers(model)
    warm = calibrated(model, task, 2.5)
    outputs, *carry = answers(warm)
    expected = warmed(before[0].reshape(-1, 3), 2.5, name == "multilabel")
    np.testing.assert_allclose(outputs.reshape(-1, 3), expected, atol=1e-5)
    assert (outputs.argmax(-1) == before[0].argmax(-1)).all()
    for one, other in zip(carry, before[1:], strict=True):
        np.testing.assert_array_equal(one, other)
    assert temperature_of(model) == 1
    save_model(warm, tmp_path / "model.keras")
    opened = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(answers(opened)[0], outputs)
    assert temperature_of(opened) == pytest.approx(2.5)
    for one, other in zip(opened.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(answers(uncalibrated(opened)), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_model_without_one_stays_the_same_model() -> None:
    task: Any = make_task("classification", ("a", "b"))
    model = a_model(task, own=False)
    assert uncalibrated(model) is model

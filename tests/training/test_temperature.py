"""The temperature is the one that makes labels most probable."""

from collections.abc import Iterator

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from trainer.training.temperature import HIGHEST, LOWEST, Read, fit_temperature, warmed

sizes = st.integers(2, 5)


def made(seed: int, classes: int, sharpness: float, marks: bool) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn by other, related ones."""
    chance = np.random.default_rng(seed)
    logits = chance.normal(size=(60, classes))
    if marks:
        return sharpness * logits, (chance.random(logits.shape) < 1 / (1 + np.exp(-logits))) * 1
    true = [chance.choice(classes, p=np.exp(row) / np.exp(row).sum()) for row in logits]
    return sharpness * logits, np.array(true)


def probabilities_of(logits: np.ndarray, marks: bool) -> np.ndarray:
    layer = keras.layers.Activation("sigmoid" if marks else "softmax", dtype="float64")
    return np.asarray(layer(logits))


def loss_at(logits: np.ndarray, true: np.ndarray, temperature: float) -> float:
    p = probabilities_of(logits / temperature, true.ndim > 1)
    if true.ndim > 1:
        return float(-np.log(np.where(true == 1, p, 1 - p)).sum())
    return float(-np.log(p[np.arange(len(true)), true]).sum())


def reading(p: np.ndarray, true: np.ndarray, at_once: int) -> Read:
    def read() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(p), at_once):
            yield p[start : start + at_once], true[start : start + at_once]

    return read


@given(
    seed=st.integers(0, 50),
    classes=sizes,
    sharpness=st.floats(0.4, 6),
    marks=st.booleans(),
    at_once=st.integers(1, 60),
)
@settings(max_examples=25)
def test_no_other_temperature_makes_the_labels_more_probable(
    seed: int, classes: int, sharpness: float, marks: bool, at_once: int
) -> None:
    logits, true = made(seed, classes, sharpness, marks)
    found = fit_temperature(reading(probabilities_of(logits, marks), true, at_once))
    best = minimize_scalar(
        lambda t: loss_at(logits, true, t), bounds=(LOWEST, HIGHEST), options={"xatol": 1e-6}
    )
    assert loss_at(logits, true, found) <= best.fun * (1 + 1e-4)  # It is flat there.
    assert LOWEST <= found <= HIGHEST


@given(seed=st.integers(0, 50), classes=sizes, marks=st.booleans(), by=st.floats(0.3, 9))
@settings(max_examples=15)
def test_answers_with_a_temperature_are_those_of_divided_logits(
    seed: int, classes: int, marks: bool, by: float
) -> None:
    logits, _ = made(seed, classes, 1.5, marks)
    found = warmed(probabilities_of(logits, marks).astype("float32"), by, marks)
    np.testing.assert_allclose(found, probabilities_of(logits / by, marks), atol=2e-5)


def test_answers_that_are_all_right_or_tell_nothing_ask_for_no_endless_sharpness() -> None:
    true = np.array([0, 1, 2] * 5)
    sure = np.eye(3)[true] * 0.7 + 0.1
    assert fit_temperature(reading(sure, true, 4)) == LOWEST
    assert fit_temperature(reading(sure, (true + 1) % 3, 4)) == HIGHEST
    assert fit_temperature(reading(np.full((15, 3), 1 / 3), true, 4)) == 1.0
    assert fit_temperature(lambda: []) == 1.0


@pytest.mark.parametrize("marks", [False, True])
def test_certainty_itself_is_no_trouble(marks: bool) -> None:
    true = np.array([0, 1, 1, 0])
    certain = np.eye(2, dtype="float32")[true]
    truth = np.eye(2, dtype="int8")[[0, 1, 0, 0]] if marks else np.array([0, 1, 0, 0])
    assert np.isfinite(fit_temperature(reading(certain, truth, 2)))
    assert np.isfinite(warmed(certain, 2.0, marks)).all()

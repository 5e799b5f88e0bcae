"""Faster layers are Keras' layers: by result, by every gradient, by what is saved."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.terminal.quiet import import_tensorflow
from trainer.kernels.accelerate import accelerate
from trainer.kernels.xla import compiled_by_xla
from trainer.step.forward import ForwardStep

tf = import_tensorflow()
import keras  # noqa: E402

KINDS = {"lstm": (keras.layers.LSTM, 2), "gru": (keras.layers.GRU, 1)}
ATOL = 1e-5


def model_of(kind: str, dimension: int = 3, units: int = 4, **options: Any) -> Any:
    """One recurrent layer whose weights, biases too, are anything."""
    layer, states = KINDS[kind]
    sequences = keras.Input((None, dimension))
    before = [keras.Input((units,)) for _ in range(states)]
    recurrent = layer(units, return_sequences=True, return_state=True, **options)
    outputs, *after = recurrent(sequences, initial_state=before)
    model = keras.Model([sequences, *before], [outputs, *after])
    generator = np.random.default_rng(7)
    for weight in model.weights:
        if weight.dtype == "float32":
            weight.assign(generator.normal(scale=0.7, size=weight.shape))
    return model


def gradients_of(
    model: Any, inputs: list[Any], compiled: bool, training: bool = False
) -> list[Any]:
    """Outputs, states and the gradient of a sum that weighs all of them, by all there is."""
    names = [weight.path for weight in model.trainable_variables]

    def work(*inputs: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            results = model(list(inputs), training=training)
            loss = sum(
                tf.reduce_sum(
                    tf.sin(tf.range(tf.cast(tf.size(r), "float32"))) * tf.reshape(r, [-1])
                )
                for r in results
            )
        return results, tape.gradient(loss, [*inputs, *model.trainable_variables])

    results, gradients = tf.function(work, jit_compile=compiled)(*inputs)
    assert len(gradients) == len(inputs) + len(names)
    return [value.numpy() for value in (*results, *gradients)]


def inputs_of(model: Any, lanes: int, steps: int) -> list[Any]:
    generator = np.random.default_rng(8)
    sequences, *states = model.inputs
    shapes = [(lanes, steps, sequences.shape[-1]), *[(lanes, s.shape[-1]) for s in states]]
    return [tf.constant(generator.normal(size=shape), "float32") for shape in shapes]


def require_equal(plain: list[Any], fast: list[Any]) -> None:
    for one, other in zip(plain, fast, strict=True):
        np.testing.assert_allclose(one, other, atol=ATOL, rtol=ATOL)


@pytest.mark.parametrize("kind", ["lstm", pytest.param("gru", marks=pytest.mark.slow)])
@settings(max_examples=3, deadline=None)
@given(st.integers(1, 4), st.integers(1, 9), st.integers(1, 6), st.integers(1, 6))
def test_results_and_all_gradients_are_those_of_keras(
    kind: str, lanes: int, steps: int, dimension: int, units: int
) -> None:
    """Sequences, kernel, recurrent kernel, bias, initial h and, of an LSTM, c."""
    model = model_of(kind, dimension, units)
    inputs = inputs_of(model, lanes, steps)
    plain = gradients_of(model, inputs, compiled=False)
    accelerate(model)
    assert len(plain) == {"lstm": 3 + 3 + 3, "gru": 2 + 2 + 3}[kind]
    require_equal(plain, gradients_of(model, inputs, compiled=False))


@pytest.mark.parametrize("kind", KINDS)
def test_so_they_are_where_xla_compiles(kind: str) -> None:
    model = model_of(kind)
    inputs = inputs_of(model, 3, 7)
    plain = gradients_of(model, inputs, compiled=True)
    accelerate(model)
    require_equal(plain, gradients_of(model, inputs, compiled=True))


@pytest.mark.parametrize("kind", ["lstm", pytest.param("gru", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "options",
    [
        {"use_bias": False},
        {"dropout": 0.5, "seed": 4},
        {"activation": "relu"},
        {"recurrent_activation": "hard_sigmoid"},
        {"recurrent_dropout": 0.3, "seed": 4},
        {"go_backwards": True},
    ],
    ids=lambda options: next(iter(options)),
)
def test_whatever_a_layer_is_told_the_result_is_that_of_keras(
    kind: str, options: dict[str, Any]
) -> None:
    plain, fast = model_of(kind, **options), model_of(kind, **options)
    accelerate(fast)
    inputs = inputs_of(plain, 2, 5)
    both = [gradients_of(model, inputs, compiled=False, training=True) for model in (plain, fast)]
    require_equal(*both)


def test_a_gru_that_resets_before_the_product_is_left_alone() -> None:
    model = model_of("gru", reset_after=False)
    accelerate(model)
    assert "inner_loop" not in vars(model.layers[-1])


def test_a_masked_sequence_goes_the_way_of_keras() -> None:
    model = model_of("lstm")
    inputs, mask = (
        inputs_of(model, 2, 5),
        tf.constant([[True] * 5, [True, True, False, False, False]]),
    )
    layer = model.layers[-1]
    plain = layer(inputs[0], initial_state=inputs[1:], mask=mask)
    accelerate(model)
    assert "inner_loop" in vars(layer)
    require_equal(plain, layer(inputs[0], initial_state=inputs[1:], mask=mask))


def test_models_within_a_model_are_reached_and_nothing_is_replaced_twice() -> None:
    inner = model_of("lstm")
    inputs = [keras.Input(part.shape[1:]) for part in inner.inputs]
    model = keras.Model(inputs, inner(inputs))
    accelerate(model)
    loop = vars(inner.layers[-1])["inner_loop"]
    accelerate(model)
    assert vars(inner.layers[-1])["inner_loop"] is loop


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_model_is_one_of_stock_layers(kind: str, tmp_path: Path) -> None:
    model = model_of(kind)
    config, inputs = model.get_config(), inputs_of(model, 2, 6)
    accelerate(model)
    assert model.get_config() == config
    model.save(tmp_path / "m.keras")
    opened = keras.saving.load_model(tmp_path / "m.keras", safe_mode=True)
    assert type(opened.layers[-1]) is KINDS[kind][0]
    assert "inner_loop" not in vars(opened.layers[-1])
    for one, other in zip(opened(inputs), model(inputs), strict=True):
        np.testing.assert_allclose(one, other, atol=ATOL)


@pytest.mark.parametrize("axis_shared", [True, False])
def test_dropout_drops_the_share_it_is_told_and_keeps_the_mean(axis_shared: bool) -> None:
    kind = keras.layers.SpatialDropout1D if axis_shared else keras.layers.Dropout
    sequences = keras.Input((50, 400))
    model = keras.Model(sequences, kind(0.3, seed=1)(sequences))
    accelerate(model)

    def draw(x: Any) -> Any:
        with compiled_by_xla():
            return model(x, training=True)

    compiled = tf.function(draw, jit_compile=True)
    first, second = (compiled(tf.ones((8, 50, 400))).numpy() for _ in range(2))
    assert np.unique(first.round(5)).tolist() == pytest.approx([0, 1 / 0.7])
    assert (first == 0).mean() == pytest.approx(0.3, abs=0.05)
    assert (first != second).mean() == pytest.approx(2 * 0.3 * 0.7, abs=0.05)
    assert (first == first[:, :1]).all() == axis_shared
    assert not (first[0] == first[1]).all()
    np.testing.assert_array_equal(model(tf.ones((1, 50, 400))), 1)


@pytest.mark.parametrize("noise_shape", [(4,), (5, 4), (None, 1, 4), (None, None, 1), (2, 1, 1)])
def test_noise_has_the_shape_that_keras_gives_it(noise_shape: tuple[int | None, ...]) -> None:
    """Ones where it is shared; of fewer axes, it is of the last ones."""
    sequences = keras.Input((5, 4))
    model = keras.Model(sequences, keras.layers.Dropout(0.5, noise_shape, seed=3)(sequences))
    ones = tf.ones((2, 5, 4))
    plain = [model(ones, training=True).numpy() for _ in range(9)]
    accelerate(model)

    def draw(x: Any) -> Any:
        with compiled_by_xla():
            return model(x, training=True)

    compiled = tf.function(draw, jit_compile=True)
    fast = [compiled(ones).numpy() for _ in range(9)]
    for axis in range(3):
        shared = [all((m == m.take([0], axis)).all() for m in some) for some in (plain, fast)]
        assert shared[0] == shared[1]


def test_on_a_gpu_nothing_is_replaced_and_xla_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that Keras finds its cuDNN kernel."""
    asked: list[bool] = []
    function = tf.function

    def spy(*arguments: Any, jit_compile: bool, **options: Any) -> Any:
        asked.append(jit_compile)
        return function(*arguments, jit_compile=jit_compile, **options)

    model = model_of("lstm")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    monkeypatch.setattr(tf, "function", spy)
    ForwardStep(model)
    assert asked == [False]
    assert "inner_loop" not in vars(model.layers[-1])
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    ForwardStep(model)
    assert asked == [False, True]
    assert "inner_loop" in vars(model.layers[-1])


@pytest.mark.parametrize("kind", KINDS)
def test_so_they_are_where_the_number_of_steps_is_not_known_beforehand(kind: str) -> None:
    model = model_of(kind)
    accelerate(model)
    signature = [tf.TensorSpec([1, None, 3]), *[tf.TensorSpec([1, 4])] * KINDS[kind][1]]
    free = tf.function(lambda *inputs: model(list(inputs)), input_signature=signature)
    for steps in (1, 6):
        inputs = inputs_of(model, 1, steps)
        for one, other in zip(free(*inputs), model_of(kind)(inputs), strict=True):
            np.testing.assert_allclose(one, other, atol=ATOL)


def test_dropout_outside_of_xla_is_that_of_keras() -> None:
    features = keras.Input((40,))
    plain, fast = (keras.Model(features, keras.layers.Dropout(0.5, seed=1)(features)) for _ in "ab")
    accelerate(fast)
    for _ in range(2):
        drawn = [model(tf.ones((9, 40)), training=True) for model in (plain, fast)]
        np.testing.assert_array_equal(*drawn)

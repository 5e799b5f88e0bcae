"""The properties that make the result right, on real stores and the real compiled steps."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import MadeStore, write_sequence

from preprocessing.labels.base import LabelOptions
from preprocessing.labels.intervals import IntervalLabels
from preprocessing.store.feature_store import FeatureStore
from trainer.batches.chunk_batch import ChunkBatch
from trainer.batches.sequence_set import SequenceSet
from trainer.column_moments import BLOCK_STEPS, total_moments
from trainer.config import TrainConfig
from trainer.kernels.xla import compiled_by_xla
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.model.carry import zero_carry
from trainer.plan.epochs import training_groups
from trainer.plan.lanes import fixed_lengths, lane_plan, shared, varied_lengths
from trainer.plan.windows import Windows, window_plan
from trainer.predictions.inference import predict_pieces
from trainer.step.forward import FeedbackStep, ForwardStep
from trainer.step.train_step import TrainStep
from trainer.task import Classification, Task, make_task
from trainer.training.full import full_updates
from trainer.training.truncated import accumulated_updates, truncated_updates

tensor = keras.ops.convert_to_tensor
LENGTHS = [23, 4, 11, 8, 1, 17]
CLASSES = ("a", "b", "c", "d")
CONFIG = TrainConfig(Path("store"), Path("labels"), Path("run"), units=5, layers=2, dropout=0.0)
LAYOUT = Layout(Classification(CLASSES))
# Models whose carry holds more, or something else, than h and c of two layers.
VARIANTS: dict[str, dict[str, Any]] = {
    "lstm": {},
    "gru": {"cell": "gru"},
    "running": {"normalize": "running", "shrinkage": 3},
    "initial state": {"learn_initial_state": True, "layers": 1},
    "layer norm": {"layer_norm": True},
    "all": {
        "cell": "gru",
        "normalize": "running",
        "shrinkage": 64,
        "learn_initial_state": True,
        "layer_norm": True,
    },
}
variants = pytest.mark.parametrize(
    "options",
    [
        pytest.param(options, id=name, marks=[] if name == "all" else [pytest.mark.slow])
        for name, options in VARIANTS.items()
    ],
)


def a_model(store: FeatureStore, config: TrainConfig = CONFIG, layout: Layout = LAYOUT) -> Any:
    """A model whose weights, also those that begin at zero, are anything."""
    keras.utils.set_random_seed(3)
    infos = [store.info(sequence_id) for sequence_id in store.ids()]
    moments = total_moments(a_set(store).feature_blocks(range(len(infos)), BLOCK_STEPS))
    scale = () if config.normalize == "none" else (moments.mean, moments.variance)
    model = build_model(config, layout, infos[0].dimension, scale)
    generator = np.random.default_rng(4)
    for variable in model.trainable_variables:
        variable.assign(generator.normal(scale=0.4, size=variable.shape))
    return model


def a_set(store: FeatureStore) -> SequenceSet:
    infos = [store.info(sequence_id) for sequence_id in store.ids()]
    return SequenceSet(store, infos, None, LAYOUT)


def outputs_of(
    model: Any, data: SequenceSet, lanes: int, chunk_length: int, **options: Any
) -> dict[str, np.ndarray]:
    outputs = {info.sequence_id: np.full((info.steps, 4), np.nan) for info in data.infos}
    config = replace(CONFIG, chunk_length=chunk_length, **options)
    for piece in predict_pieces(model, data, config, lanes):
        chunk = piece.chunk
        rows = outputs[data.infos[chunk.sequence].sequence_id]
        assert np.isnan(rows[chunk.start : chunk.stop]).all()
        rows[chunk.start : chunk.stop] = piece.outputs
    return outputs


def whole(model: Any, store: FeatureStore, sequence_id: str) -> np.ndarray:
    features = store.features(sequence_id, 0, store.info(sequence_id).steps)[None]
    outputs, *_ = model([tensor(features), *zero_carry(model, 1)])
    return np.asarray(outputs)[0]


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(1, 4), st.integers(1, 13))
def test_chunks_with_carry_equal_one_pass_over_the_whole_sequence(
    lengths: list[int], lanes: int, chunk_length: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        generator = np.random.default_rng(0)
        for number, length in enumerate(lengths):
            write_sequence(Path(folder), f"s{number}", generator.normal(size=(length, 3)))
        store = FeatureStore(folder)
        model = a_model(store)
        for sequence_id, outputs in outputs_of(model, a_set(store), lanes, chunk_length).items():
            np.testing.assert_allclose(outputs, whole(model, store, sequence_id), atol=1e-5)


@variants
def test_whatever_is_in_the_carry_chunks_equal_one_pass(
    make_store: MadeStore, options: dict[str, Any]
) -> None:
    store = make_store(LENGTHS)
    model = a_model(store, replace(CONFIG, **options))
    for lanes, chunk_length in ((2, 5), (6, 1), (4, 4)):
        for sequence_id, outputs in outputs_of(model, a_set(store), lanes, chunk_length).items():
            np.testing.assert_allclose(outputs, whole(model, store, sequence_id), atol=1e-5)


@pytest.mark.parametrize(
    "precision", ["mixed_bfloat16", pytest.param("mixed_float16", marks=pytest.mark.slow)]
)
def test_in_mixed_precision_the_carry_is_float32_and_chunks_equal_one_pass(
    make_store: MadeStore, precision: str
) -> None:
    store = make_store(LENGTHS)
    model = a_model(store, replace(CONFIG, precision=precision, normalize="running", shrinkage=64))
    forward = ForwardStep(model)
    batch = next(a_set(store).batches(lane_plan(LENGTHS, shared([0], 1), fixed_lengths(5))))
    outputs, carry = forward(batch, forward.initial_carry(1))
    assert outputs.dtype == "float32"
    assert {state.dtype.name for state in carry} == {"float32"}
    for sequence_id, outputs in outputs_of(model, a_set(store), 3, 5).items():
        np.testing.assert_allclose(outputs, whole(model, store, sequence_id), atol=2e-2)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_chunks_equal_a_stateful_keras_layer_with_the_same_weights(
    make_store: MadeStore, cell: str
) -> None:
    lanes, chunk_length, chunks = 3, 4, 5
    store = make_store([chunk_length * chunks] * lanes)
    config = replace(CONFIG, cell=cell, layers=1, normalize="none")
    model = build_model(config, LAYOUT, 3, ())
    kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    stateful = kind(config.units, stateful=True, return_sequences=True)
    stateful.build((lanes, chunk_length, 3))
    stateful.set_weights(model.get_layer(f"{cell}_0").get_weights())
    forward, carry = ForwardStep(model), zero_carry(model, lanes)
    plan = lane_plan([20] * lanes, shared(range(lanes), lanes), fixed_lengths(chunk_length))
    for batch in a_set(store).batches(plan):
        outputs, carry = forward(batch, carry)
        features = tensor(batch.features)
        expected = model.get_layer("probabilities")(model.get_layer("logits")(stateful(features)))
        np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_a_learned_initial_state_is_where_sequences_begin_and_nowhere_else(
    make_store: MadeStore,
) -> None:
    store = make_store([9])
    config = replace(CONFIG, learn_initial_state=True, layers=1, normalize="none")
    model = a_model(store, config)
    lstm = keras.layers.LSTM(config.units, return_sequences=True)
    lstm.build((1, 9, 3))
    lstm.set_weights(model.get_layer("lstm_0").get_weights())
    begin = [model.get_layer(f"initial_{name}_0").kernel for name in "hc"]
    begin = [tensor(state) for state in begin]
    hidden = lstm(tensor(store.features("s0", 0, 9)[None]), initial_state=begin)
    expected = model.get_layer("probabilities")(model.get_layer("logits")(hidden))
    outputs = outputs_of(model, a_set(store), 1, 4)["s0"]
    np.testing.assert_allclose(outputs, np.asarray(expected)[0], atol=1e-6)


def test_running_moments_are_those_of_the_sequence_so_far_shrunk_towards_training(
    make_store: MadeStore,
) -> None:
    from trainer.model.normalization import scale_by_sequence

    generator = np.random.default_rng(0)
    z = generator.normal(2.0, 3.0, (1, 12, 2)).astype("float32")
    features = keras.Input((None, 2))
    scaled, before, after = scale_by_sequence(features, shrinkage=4)
    model = keras.Model([features, *before], [scaled, *after])
    outputs, *_ = model([tensor(z), *zero_carry(model, 1)])
    for t in range(12):
        # Four steps of mean 0 and variance 1 come first.
        seen = np.concatenate([[[-1, -1], [1, 1]] * 2, z[0, : t + 1]])
        expected = (z[0, t] - seen.mean(0)) / seen.std(0)
        np.testing.assert_allclose(np.asarray(outputs)[0, t], expected, rtol=1e-4)


def test_without_the_carry_every_window_starts_from_zero(make_store: MadeStore) -> None:
    store = make_store([12])
    model = a_model(store)
    outputs = outputs_of(model, a_set(store), 1, 5, state="reset")["s0"]
    for start in (0, 5, 10):
        features = store.features("s0", start, min(start + 5, 12))[None]
        features = tensor(features)
        expected, *_ = model([features, *zero_carry(model, 1)])
        np.testing.assert_allclose(outputs[start : start + 5], np.asarray(expected)[0], atol=1e-5)


def test_windows_with_a_burn_in_answer_with_what_came_before_in_mind(
    make_store: MadeStore,
) -> None:
    store = make_store([12])
    model = a_model(store)
    outputs = outputs_of(model, a_set(store), 2, 5, state="reset", burn_in=2)["s0"]
    for start, first in ((0, 0), (3, 5), (6, 8), (9, 11)):
        features = store.features("s0", start, min(start + 5, 12))[None]
        expected, *_ = model([tensor(features), *zero_carry(model, 1)])
        answers = np.asarray(expected)[0, first - start :]
        np.testing.assert_allclose(outputs[first : start + 5], answers, atol=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(VARIANTS["lstm"], id="lstm", marks=pytest.mark.slow),
        pytest.param(VARIANTS["all"], id="all"),
    ],
)
def test_changing_one_sequence_changes_no_other(
    make_store: MadeStore, tmp_path: Path, options: dict[str, Any]
) -> None:
    store = make_store(LENGTHS)
    model = a_model(store, replace(CONFIG, **options))
    before = [outputs_of(model, a_set(store), lanes, 4) for lanes in (1, 2, 4)]
    store.close()
    write_sequence(tmp_path / "store", "s2", np.full((LENGTHS[2], 3), 9.0))
    for place, lanes in enumerate((1, 2, 4)):
        after = outputs_of(model, a_set(store), lanes, 4)
        assert not np.allclose(before[place]["s2"], after["s2"])
        for sequence_id in after.keys() - {"s2"}:
            np.testing.assert_array_equal(before[place][sequence_id], after[sequence_id])


class CountSteps(keras.layers.Layer):
    """A cell that only counts: its output says how many steps since the carry was reset."""

    def call(self, features: Any, count: Any) -> Any:
        steps = keras.ops.cumsum(keras.ops.ones_like(features[..., :1]), axis=1)
        outputs = steps + count[:, None, :]
        return outputs, outputs[:, -1]


def counting_model() -> Any:
    features, count = keras.Input((None, 1)), keras.Input((1,))
    return keras.Model([features, count], CountSteps()(features, count))


def test_a_counting_cell_shows_where_each_lane_resets(make_store: MadeStore) -> None:
    data = a_set(make_store([5, 2, 3], dimension=1))
    model = counting_model()
    forward, carry = ForwardStep(model), zero_carry(model, 2)
    counts: list[list[int]] = [[], []]
    for batch in data.batches(lane_plan(data.lengths, shared(range(3), 2), fixed_lengths(2))):
        outputs, carry = forward(batch, carry)
        for lane in range(2):
            counts[lane] += np.asarray(outputs)[lane, :, 0].astype(int).tolist()
    #                     s0 s0 s0 s0 s0  pad
    assert counts[0] == [1, 2, 3, 4, 5, 6]
    #                     s1 s1 s2 s2 s2  pad
    assert counts[1] == [1, 2, 1, 2, 3, 4]


TASKS = {
    "classification": Classification(CLASSES),
    "multilabel": make_task("multilabel", CLASSES),
    "regression": make_task("regression", CLASSES, ([1.0] * 4, [2.0] * 4)),
}


def a_batch(task: Task, weights: np.ndarray, padding: float) -> ChunkBatch:
    """Steps without a weight have no label, and ``padding`` for features."""
    generator = np.random.default_rng(5)
    features = generator.normal(size=(*weights.shape, 3)).astype("float32")
    features[weights == 0] = padding
    targets = task.no_targets(weights.shape)
    numbers = generator.integers(0, 2, targets.shape).astype(targets.dtype)
    targets[weights > 0] = numbers[weights > 0]
    past = np.zeros((*weights.shape, 0), "float32")
    reset = np.ones(len(weights), bool)
    return ChunkBatch((None,) * len(weights), features, past, targets, weights, reset)


def updated_weights(task: Task, batch: ChunkBatch) -> list[np.ndarray]:
    keras.utils.set_random_seed(1)
    model = build_model(replace(CONFIG, units=4, layers=1), Layout(task), 3, ())
    step = TrainStep(model, keras.optimizers.SGD(1.0), task)
    step.update(batch, zero_carry(model, len(batch.weights)))
    return [np.asarray(weight) for weight in model.get_weights()]


@pytest.mark.parametrize(
    "name", ["classification", pytest.param("multilabel", marks=pytest.mark.slow), "regression"]
)
def test_what_stands_in_the_padding_changes_no_gradient(name: str) -> None:
    task = TASKS[name]
    weights = np.ones((3, 6), "float32")
    weights[0, 4:] = weights[2] = 0  # a tail, and an idle lane
    clean, dirty = (
        updated_weights(task, a_batch(task, weights, padding)) for padding in (0.0, 50.0)
    )
    for one, other in zip(clean, dirty, strict=True):
        assert np.isfinite(one).all()
        np.testing.assert_array_equal(one, other)


def test_no_keras_mask_is_used_and_tails_are_padded_on_the_right(make_store: MadeStore) -> None:
    store = make_store([7, 3])
    model = a_model(store)
    kinds = {type(layer) for layer in model.layers}
    assert keras.layers.Masking not in kinds
    assert not any(getattr(layer, "mask_zero", False) for layer in model.layers)
    assert all(getattr(tensor, "_keras_mask", None) is None for tensor in model.outputs)
    data = a_labelled_set(store)
    *_, last = data.batches(lane_plan([7, 3], shared(range(2), 2), fixed_lengths(4)))
    assert last.weights.tolist() == [[1, 1, 1, 0], [0, 0, 0, 0]]
    assert not last.features[last.weights == 0].any()


def a_labelled_set(store: FeatureStore, layout: Layout | None = None) -> SequenceSet:
    infos = [store.info(sequence_id) for sequence_id in store.ids()]
    rows = [(info.sequence_id, 0.5, 1e3, "x") for info in infos]
    rows += [(info.sequence_id, 0.0, 0.5, "nothing") for info in infos]
    options = LabelOptions(Path("labels"), tolerance=1e6, ignored=("nothing",))
    layout = layout or Layout(Classification(("x",)))
    return SequenceSet(store, infos, IntervalLabels(rows, options), layout)


def test_every_labelled_step_counts_exactly_once_an_epoch(make_store: MadeStore) -> None:
    data = a_labelled_set(make_store(LENGTHS))
    labelled = sum(max(length - 2, 0) for length in LENGTHS)  # the first 0.5 s have no label
    plans = [
        lane_plan(LENGTHS, shared(range(len(LENGTHS)), 3), fixed_lengths(4)),
        lane_plan(LENGTHS, shared(range(len(LENGTHS)), 3), varied_lengths(4, "1")),
        window_plan(LENGTHS, 3, Windows(4, 4), "1"),
        window_plan(LENGTHS, 3, Windows(4, 4, shift=3), "1"),
        [lineup for group in training_groups(CONFIG, LENGTHS, 4, 0) for lineup in group],
    ]
    for plan in plans:
        assert sum(batch.weights.sum() for batch in data.batches(plan)) == labelled


@given(st.integers(0, 30))
@settings(max_examples=10)
def test_with_a_horizon_the_last_steps_are_asked_nothing(horizon: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, length in enumerate(LENGTHS):
            write_sequence(Path(folder), f"s{number}", np.zeros((length, 1)))
        layout = Layout(Classification(("x",)), horizon=horizon)
        data = a_labelled_set(FeatureStore(folder), layout)
        plan = lane_plan(LENGTHS, shared(range(len(LENGTHS)), 2), fixed_lengths(4))
        asked = sum(batch.weights.sum() for batch in data.batches(plan))
    # Labels from step 2 on, of which those of the first ``horizon`` steps are nobody's target.
    assert asked == sum(max(length - max(horizon, 2), 0) for length in LENGTHS)


def test_one_answer_a_sequence_is_asked_at_its_last_step_only(make_store: MadeStore) -> None:
    layout = Layout(Classification(("x",)), outputs="sequence")
    data = a_labelled_set(make_store(LENGTHS), layout)
    asked = 0
    plan = lane_plan(LENGTHS, shared(range(len(LENGTHS)), 2), fixed_lengths(4))
    for batch in data.batches(plan):
        for chunk, weights in zip(batch.chunks, batch.weights, strict=True):
            if chunk is not None and weights.any():
                assert chunk.last
                assert weights.nonzero()[0].tolist() == [chunk.steps - 1]
                asked += 1
    assert asked == sum(length > 2 for length in LENGTHS)


def a_task(store: FeatureStore, inputs: str = "features", horizon: int = 0) -> SequenceSet:
    """Labels that change from step to step, some of them missing."""
    infos = [store.info(sequence_id) for sequence_id in store.ids()]
    generator = np.random.default_rng(6)
    rows = [
        (info.sequence_id, step / 4, (step + 1) / 4, generator.choice(CLASSES))
        for info in infos
        for step in range(info.steps)
        if generator.random() < 0.8
    ]
    labels = IntervalLabels(rows, LabelOptions(Path("labels"), tolerance=1e6))
    layout = Layout(Classification(CLASSES), inputs, "frame", horizon)
    return SequenceSet(store, infos, labels, layout)


@pytest.mark.parametrize("horizon", [0, 2])
@pytest.mark.parametrize("inputs", ["labels", "both"])
def test_the_model_sees_the_step_before_and_its_label_wherever_chunks_are_cut(
    make_store: MadeStore, inputs: str, horizon: int
) -> None:
    store = make_store(LENGTHS)
    data = a_task(store, inputs, horizon)
    plan = lane_plan(LENGTHS, shared(range(len(LENGTHS)), 2), fixed_lengths(4))
    for batch in data.batches(plan):
        for row, chunk in enumerate(batch.chunks):
            if chunk is None:
                continue
            info = data.infos[chunk.sequence]
            labels = data.labels.at(info, 0, store.timestamps(info.sequence_id))
            features = store.features(info.sequence_id, 0, info.steps)
            for place in range(chunk.steps):
                t = chunk.start + place
                past = np.zeros(4) if t == 0 or labels[t - 1] < 0 else np.eye(4)[labels[t - 1]]
                np.testing.assert_array_equal(batch.past[row, place], past)
                if inputs == "both":
                    seen = features[t - 1] if t else np.zeros(3)
                    np.testing.assert_array_equal(batch.features[row, place], seen)
                ahead = labels[t + horizon] if t + horizon < info.steps else -1
                assert batch.targets[row, place] == ahead


@pytest.mark.parametrize(
    ("inputs", "horizon"),
    [
        pytest.param("both", 0, marks=pytest.mark.slow),
        pytest.param("labels", 2, marks=pytest.mark.slow),
        pytest.param("labels", 0, marks=pytest.mark.slow),
        ("both", 2),
    ],
)
def test_own_answers_are_fed_step_by_step_wherever_chunks_are_cut(
    make_store: MadeStore, inputs: str, horizon: int
) -> None:
    store = make_store(LENGTHS)
    data = a_task(store, inputs, horizon)
    config = replace(CONFIG, inputs=inputs, normalize="none")
    model = a_model(store, config, data.layout)
    found = {}
    for lanes, chunk_length in ((1, 64), (3, 4), (6, 1)):
        options = {"inputs": inputs, "horizon": horizon}
        found = outputs_of(model, data, lanes, chunk_length, **options)
        for info in data.infos:
            expected = fed_back(model, store, info, inputs, horizon)
            np.testing.assert_allclose(found[info.sequence_id], expected, atol=1e-5)


def fed_back(model: Any, store: FeatureStore, info: Any, inputs: str, horizon: int) -> np.ndarray:
    """One step at a time, by hand."""
    features = store.features(info.sequence_id, 0, info.steps)
    carry, answers = zero_carry(model, 1), []
    for t in range(info.steps):
        seen = [features[t - 1] if t else np.zeros(3)] if inputs == "both" else []
        # What is known of step t - 1 was answered at step t - 1 - horizon.
        known = t - 1 - horizon
        past = np.eye(4)[answers[known].argmax()] if known >= 0 else np.zeros(4)
        step = np.concatenate([*seen, past])[None, None].astype("float32")
        answer, *carry = model([tensor(step), *carry])
        answers.append(np.asarray(answer)[0, 0])
    return np.array(answers)


def test_true_labels_can_be_fed_instead(make_store: MadeStore) -> None:
    store = make_store(LENGTHS)
    data = a_task(store, "both")
    model = a_model(store, replace(CONFIG, inputs="both", normalize="none"), data.layout)
    taught = outputs_of(model, data, 3, 4, inputs="both", feed="truth")
    own = outputs_of(model, data, 3, 4, inputs="both", feed="predictions")
    assert not np.allclose(taught["s0"], own["s0"])
    batch = next(data.batches(lane_plan(LENGTHS, shared([0], 1), fixed_lengths(23))))
    inputs = np.concatenate([batch.features, batch.past], -1)
    expected, *_ = model([tensor(inputs), *zero_carry(model, 1)])
    np.testing.assert_allclose(taught["s0"], np.asarray(expected)[0], atol=1e-5)


def test_numbers_are_fed_back_as_they_are_and_nothing_known_is_their_mean() -> None:
    task = make_task("regression", ("y",), ([3.0], [4.0]))
    features, state = keras.Input((None, 1)), keras.Input((1,))
    model = keras.Model([features, state], [features + 1.0, state])  # each answer is one more
    step = FeedbackStep(model, task, 0)
    batch = ChunkBatch(
        (None,),
        np.zeros((1, 4, 0), "float32"),
        np.zeros((1, 4, 1), "float32"),
        task.no_targets((1, 4)),
        np.zeros((1, 4), "float32"),
        np.array([True]),
    )
    outputs, carry = step(batch, step.initial_carry(1))
    assert np.asarray(outputs).ravel().tolist() == [4, 5, 6, 7]
    outputs, _ = step(replace(batch, reset=np.array([False])), carry)
    assert np.asarray(outputs).ravel().tolist() == [8, 9, 10, 11]


def gradient_reference(model: Any, batches: list[ChunkBatch], truncated: bool) -> list[np.ndarray]:
    """Gradient of the mean loss of consecutive batches, without any of the trainer's own steps."""

    def compiled() -> list[Any]:  # Since other random numbers are drawn without XLA.
        with compiled_by_xla():
            return gradient_of_tape(model, batches, truncated)

    return [gradient.numpy() for gradient in tf.function(compiled, jit_compile=True)()]


def gradient_of_tape(model: Any, batches: list[ChunkBatch], truncated: bool) -> list[Any]:
    carry = zero_carry(model, len(batches[0].reset))
    with tf.GradientTape() as tape:
        total, weight = 0.0, 0.0
        for batch in batches:
            kept = tf.constant(1.0 - batch.reset.astype("float32"))[:, None]
            carry = [state * kept for state in carry]
            if truncated:
                carry = [tf.stop_gradient(state) for state in carry]
            inputs = np.concatenate([batch.features.astype("float32"), batch.past], -1)
            outputs, *carry = model([tensor(inputs), *carry], training=True)
            chosen = tf.gather(outputs, np.maximum(batch.targets, 0), batch_dims=2)
            total += tf.reduce_sum(-tf.math.log(chosen) * batch.weights)
            weight += batch.weights.sum()
        loss = total / weight
    return tape.gradient(loss, model.trainable_variables)


def weights_of(model: Any) -> list[np.ndarray]:
    return [variable.numpy() for variable in model.trainable_variables]


@variants
def test_full_gradients_equal_those_of_the_unchunked_sequences(
    make_store: MadeStore, options: dict[str, Any]
) -> None:
    store = make_store(LENGTHS)
    config = replace(CONFIG, chunk_length=4, **options)
    model, data = a_model(store, config), a_task(store)
    before = weights_of(model)
    (whole_batch,) = data.batches(
        lane_plan(LENGTHS, shared(range(6), 6), fixed_lengths(max(LENGTHS)))
    )
    expected = gradient_reference(model, [whole_batch], truncated=False)
    step = TrainStep(model, keras.optimizers.SGD(1.0), data.layout.task)
    groups = training_groups(config, LENGTHS, 6, 0)
    (update,) = full_updates(step, data, groups, 1, lambda _: None, lambda: False)
    assert update.totals[0].steps == sum(LENGTHS)
    for old, new, gradient in zip(before, weights_of(model), expected, strict=True):
        np.testing.assert_allclose(old - new, gradient, atol=2e-6)


@pytest.mark.slow
@pytest.mark.parametrize("accumulate", [1, 2])
def test_full_gradients_with_dropout_equal_one_tape_over_all_chunks(
    make_store: MadeStore, accumulate: int
) -> None:
    """The masks of the way there are those of the way back."""
    lengths = [9, 4, 6, 5]
    store = make_store(lengths)
    config = replace(CONFIG, chunk_length=4, dropout=0.5)
    model, data = a_model(store, config), a_task(store)
    step = TrainStep(model, keras.optimizers.SGD(1.0), data.layout.task)
    before, chance = weights_of(model), [v.numpy() for v in model.non_trainable_variables]
    groups = list(training_groups(config, lengths, 2, 0))
    assert len(groups) == 2
    gradients, weights = [], []
    for group in groups[:accumulate]:
        batches = list(data.batches(group))
        gradients.append(gradient_reference(model, batches, truncated=False))
        weights.append(sum(batch.weights.sum() for batch in batches))
    after = [v.numpy() for v in model.non_trainable_variables]
    for variable, value in zip(model.non_trainable_variables, chance, strict=True):
        variable.assign(value)
    next(full_updates(step, data, iter(groups), accumulate, lambda _: None, lambda: False))
    for place, (old, new) in enumerate(zip(before, weights_of(model), strict=True)):
        expected = sum(s[place] * w for s, w in zip(gradients, weights, strict=True)) / sum(weights)
        np.testing.assert_allclose(old - new, expected, atol=2e-6)
    for variable, value in zip(model.non_trainable_variables, after, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_an_update_under_way_is_undone_when_a_signal_comes(make_store: MadeStore) -> None:
    store = make_store(LENGTHS)
    config = replace(CONFIG, chunk_length=4, dropout=0.5)
    model, data = a_model(store, config), a_task(store)
    step = TrainStep(model, keras.optimizers.SGD(1.0), data.layout.task)
    before = [variable.numpy() for variable in model.variables]
    for asked in range(1, 13):  # six chunks there, six back, and once at the end
        calls = iter(range(100))
        groups = training_groups(config, LENGTHS, 6, 0)
        stop = lambda calls=calls, asked=asked: next(calls) >= asked  # noqa: E731
        assert not list(full_updates(step, data, groups, 1, lambda _: None, stop))
        for variable, value in zip(model.variables, before, strict=True):
            np.testing.assert_array_equal(variable.numpy(), value)
    undisturbed = a_model(store, config)
    fresh = TrainStep(undisturbed, keras.optimizers.SGD(1.0), data.layout.task)
    for one in (step, fresh):
        groups = training_groups(config, LENGTHS, 6, 0)
        list(full_updates(one, data, groups, 1, lambda _: None, lambda: False))
    for one, other in zip(weights_of(model), weights_of(undisturbed), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("options", "accumulate"),
    [
        (VARIANTS["lstm"], 1),
        pytest.param(VARIANTS["all"], 1, marks=pytest.mark.slow),
        pytest.param(VARIANTS["all"], 3, marks=pytest.mark.slow),
    ],
)
def test_truncated_gradients_equal_a_reference_that_cuts_the_carry(
    make_store: MadeStore, options: dict[str, Any], accumulate: int
) -> None:
    store = make_store(LENGTHS)
    model, data = a_model(store, replace(CONFIG, **options)), a_task(store)
    lineups = list(lane_plan(LENGTHS, shared(range(6), 2), fixed_lengths(4)))
    step = TrainStep(model, keras.optimizers.SGD(1.0), data.layout.task)
    before = weights_of(model)
    expected = gradient_reference(model, list(data.batches(lineups[:accumulate])), truncated=True)
    carry = zero_carry(model, 2)
    if accumulate == 1:
        next(truncated_updates(step, data, lineups, carry, lambda: 1, lambda _: None))
    else:
        next(accumulated_updates(step, data, lineups, carry, accumulate, lambda _: None))
    for old, new, gradient in zip(before, weights_of(model), expected, strict=True):
        np.testing.assert_allclose(old - new, gradient, atol=2e-6)

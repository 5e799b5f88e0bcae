"""The properties that make the result right, on real stores and the real compiled steps."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from conftest import MadeStore, write_sequence
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.labels import IntervalLabels, LabelOptions
from preprocessing.store import FeatureStore
from trainer.batches import ChunkBatch, SequenceSet
from trainer.carry import zero_carry
from trainer.config import TrainConfig
from trainer.inference import predict_pieces
from trainer.lanes import lane_plan, shuffled, window_plan
from trainer.model import build_model
from trainer.normalization import learn_moments
from trainer.step import compile_forward_step, compile_train_step

LENGTHS = [23, 4, 11, 8, 1, 17]
CONFIG = TrainConfig(Path("store"), Path("labels"), Path("run"), units=5, layers=2, dropout=0.0)


def a_model(store: FeatureStore, config: TrainConfig = CONFIG) -> Any:
    keras.utils.set_random_seed(3)
    infos = [store.info(sequence_id) for sequence_id in store.ids()]
    return build_model(config, infos[0].dimension, 4, learn_moments(store, infos))


def a_set(store: FeatureStore) -> SequenceSet:
    return SequenceSet(store, [store.info(sequence_id) for sequence_id in store.ids()], None)


def outputs_of(
    model: Any, store: FeatureStore, lanes: int, chunk_length: int, state: str = "carry"
) -> dict[str, np.ndarray]:
    data = a_set(store)
    outputs = {info.sequence_id: np.full((info.steps, 4), np.nan) for info in data.infos}
    config = replace(CONFIG, chunk_length=chunk_length, state=state)
    for piece in predict_pieces(model, data, config, lanes):
        chunk = piece.chunk
        rows = outputs[data.infos[chunk.sequence].sequence_id]
        rows[chunk.start : chunk.start + chunk.steps] = piece.probabilities
    return outputs


def whole(model: Any, store: FeatureStore, sequence_id: str) -> np.ndarray:
    features = store.features(sequence_id, 0, store.info(sequence_id).steps)[None]
    outputs, *_ = model([keras.ops.convert_to_tensor(features), *zero_carry(model, 1)])
    return np.asarray(outputs)[0]


@settings(max_examples=8, deadline=None)
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
        for sequence_id, outputs in outputs_of(model, store, lanes, chunk_length).items():
            np.testing.assert_allclose(outputs, whole(model, store, sequence_id), atol=1e-5)


def test_outputs_do_not_depend_on_lanes_or_chunk_length(make_store: MadeStore) -> None:
    store = make_store(LENGTHS)
    model = a_model(store)
    reference = outputs_of(model, store, 1, 64)
    for lanes, chunk_length in ((2, 5), (6, 1), (9, 7)):
        for sequence_id, outputs in outputs_of(model, store, lanes, chunk_length).items():
            np.testing.assert_allclose(outputs, reference[sequence_id], atol=1e-5)


def test_chunks_equal_a_stateful_keras_layer_with_the_same_weights(make_store: MadeStore) -> None:
    lanes, chunk_length, chunks = 3, 4, 5
    store = make_store([chunk_length * chunks] * lanes)
    config = replace(CONFIG, layers=1, normalize="none")
    model = build_model(config, 3, 4, None)
    stateful = keras.layers.LSTM(config.units, stateful=True, return_sequences=True)
    stateful.build((lanes, chunk_length, 3))
    stateful.set_weights(model.get_layer("lstm_0").get_weights())
    forward, carry = compile_forward_step(model), zero_carry(model, lanes)
    for batch in a_set(store).batches(
        lane_plan([20] * lanes, range(lanes), lanes, chunk_length), chunk_length
    ):
        outputs, carry = forward(batch, carry)
        features = keras.ops.convert_to_tensor(batch.features)
        expected = model.get_layer("probabilities")(model.get_layer("logits")(stateful(features)))
        np.testing.assert_allclose(outputs, expected, atol=1e-6)


def test_without_the_carry_every_chunk_starts_from_zero(make_store: MadeStore) -> None:
    store = make_store([12])
    model = a_model(store)
    outputs = outputs_of(model, store, 1, 5, state="reset")["s0"]
    for start in (0, 5, 10):
        features = store.features("s0", start, min(start + 5, 12))[None]
        features = keras.ops.convert_to_tensor(features)
        expected, *_ = model([features, *zero_carry(model, 1)])
        np.testing.assert_allclose(outputs[start : start + 5], np.asarray(expected)[0], atol=1e-5)


@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_changing_one_sequence_changes_no_other(
    make_store: MadeStore, tmp_path: Path, lanes: int
) -> None:
    store = make_store(LENGTHS)
    model = a_model(store)
    before = outputs_of(model, store, lanes, 4)
    store.close()
    write_sequence(tmp_path / "store", "s2", np.full((LENGTHS[2], 3), 9.0))
    after = outputs_of(model, store, lanes, 4)
    assert not np.allclose(before["s2"], after["s2"])
    for sequence_id in before.keys() - {"s2"}:
        np.testing.assert_array_equal(before[sequence_id], after[sequence_id])


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
    forward, carry = compile_forward_step(model), zero_carry(model, 2)
    counts: list[list[int]] = [[], []]
    for batch in data.batches(lane_plan(data.lengths, range(3), 2, 2), 2):
        outputs, carry = forward(batch, carry)
        for lane in range(2):
            counts[lane] += np.asarray(outputs)[lane, :, 0].astype(int).tolist()
    #                     s0 s0 s0 s0 s0  pad
    assert counts[0] == [1, 2, 3, 4, 5, 6]
    #                     s1 s1 s2 s2 s2  pad
    assert counts[1] == [1, 2, 1, 2, 3, 4]


def a_batch(weights: np.ndarray, padding: float) -> ChunkBatch:
    generator = np.random.default_rng(5)
    features = generator.normal(size=(*weights.shape, 3)).astype("float32")
    features[weights == 0] = padding
    labels = generator.integers(0, 4, weights.shape).astype("int32")
    reset = np.ones(len(weights), bool)
    return ChunkBatch((None,) * len(weights), features, labels, weights, reset)


def updated_weights(batch: ChunkBatch) -> list[np.ndarray]:
    keras.utils.set_random_seed(1)
    model = build_model(replace(CONFIG, units=4), 3, 4, None)
    loss = keras.losses.SparseCategoricalCrossentropy(reduction=None)
    step = compile_train_step(model, keras.optimizers.SGD(1.0), loss)
    step(batch, zero_carry(model, len(batch.weights)))
    return [np.asarray(weight) for weight in model.get_weights()]


def test_what_stands_in_the_padding_changes_no_gradient() -> None:
    weights = np.ones((3, 6), "float32")
    weights[0, 4:] = weights[2] = 0
    clean, dirty = (updated_weights(a_batch(weights, padding)) for padding in (0.0, 50.0))
    for one, other in zip(clean, dirty, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_keras_mask_is_used_and_tails_are_padded_on_the_right(make_store: MadeStore) -> None:
    store = make_store([7, 3])
    model = a_model(store)
    assert not any(layer.supports_masking and "asking" in layer.name for layer in model.layers)
    assert all(getattr(tensor, "_keras_mask", None) is None for tensor in model.outputs)
    data = a_labelled_set(store)
    *_, last = data.batches(lane_plan([7, 3], range(2), 2, 4), 4)
    assert last.weights.tolist() == [[1, 1, 1, 0], [0, 0, 0, 0]]
    assert not last.features[last.weights == 0].any()


def a_labelled_set(store: FeatureStore) -> SequenceSet:
    infos = [store.info(sequence_id) for sequence_id in store.ids()]
    rows = [(info.sequence_id, 0.5, 1e3, "x") for info in infos]
    rows += [(info.sequence_id, 0.0, 0.5, "nothing") for info in infos]
    options = LabelOptions(Path("labels"), tolerance=1e6, ignored=("nothing",))
    return SequenceSet(store, infos, IntervalLabels(rows, options))


def test_every_labelled_step_counts_exactly_once_an_epoch(make_store: MadeStore) -> None:
    data = a_labelled_set(make_store(LENGTHS))
    labelled = sum(max(length - 2, 0) for length in LENGTHS)  # the first 0.5 s have no label
    order = shuffled(len(LENGTHS), "1")
    for plan in (lane_plan(LENGTHS, order, 3, 4), window_plan(LENGTHS, 3, 4, "1")):
        assert sum(batch.weights.sum() for batch in data.batches(plan, 4)) == labelled


def test_one_answer_a_sequence_is_asked_at_its_last_step_only(make_store: MadeStore) -> None:
    store = make_store(LENGTHS)
    data = SequenceSet(store, a_set(store).infos, a_labelled_set(store).labels, "sequence")
    asked = 0
    for batch in data.batches(lane_plan(LENGTHS, range(len(LENGTHS)), 2, 4), 4):
        for chunk, weights in zip(batch.chunks, batch.weights, strict=True):
            if chunk is not None and weights.any():
                assert chunk.last
                assert weights.nonzero()[0].tolist() == [chunk.steps - 1]
                asked += 1
    assert asked == sum(length > 2 for length in LENGTHS)

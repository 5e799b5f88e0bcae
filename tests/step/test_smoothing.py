"""The loss against flicker is a naive sum over the unchunked sequence, wherever chunks are cut."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import MadeStore

from preprocessing.labels.base import LabelOptions
from preprocessing.labels.intervals import IntervalLabels
from preprocessing.labels.reading import read_labels
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from trainer.batches.chunk_batch import ChunkBatch
from trainer.batches.sequence_set import SequenceSet
from trainer.config import TrainConfig
from trainer.devices.one_device import OneDevice
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.model.carry import call_model, zero_carry
from trainer.plan.epochs import training_groups
from trainer.plan.lanes import fixed_lengths, lane_plan, shared, varied_lengths
from trainer.plan.lineup import Lineup
from trainer.plan.windows import Windows, window_plan
from trainer.step.smoothing import Smoothing
from trainer.step.train_step import TrainStep
from trainer.task import Multilabel, Task, make_task
from trainer.training.full import full_updates
from trainer.training.truncated import accumulated_updates

CLASSES = ("a", "b", "c")
LENGTHS = [11, 3, 8, 1, 6]
CONFIG = TrainConfig(Path(), Path(), Path(), units=4, layers=1, dropout=0.0, chunk_length=4)
WEIGHT = 0.7


def naive(task: Task, outputs: Any, weights: Sequence[float]) -> Any:
    """Step by step over one whole sequence, as equations 8 to 10 of the paper say it."""
    total = tf.zeros(())
    for t in range(1, len(weights)):
        both = [outputs[t - 1], outputs[t]]
        if isinstance(task, Multilabel):
            both = [tf.concat([p, 1 - p], 0) for p in both]
        before, now = (tf.math.log(p) for p in both)
        apart = tf.minimum(tf.abs(now - tf.stop_gradient(before)), 4.0)
        total += weights[t] * tf.reduce_mean(tf.square(apart))
    return total


@given(
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=5),
    lanes=st.integers(1, 3),
    chunk_length=st.integers(1, 6),
    varied=st.booleans(),
    sharpness=st.sampled_from([0.5, 5.0, 50.0]),
    name=st.sampled_from(["classification", "multilabel"]),
    seed=st.integers(0, 99),
)
@settings(max_examples=25)
def test_the_sum_over_chunks_is_that_of_the_whole_sequences(
    lengths: list[int],
    lanes: int,
    chunk_length: int,
    varied: bool,
    sharpness: float,
    name: str,
    seed: int,
) -> None:
    """Whatever has no weight counts nothing; what stands in padding and idle lanes is anything."""
    task, chance = make_task(name, CLASSES), np.random.default_rng(seed)

    def answers(steps: int) -> np.ndarray:
        logits = tf.constant(sharpness * chance.normal(size=(steps, 3)), tf.float32)
        return (tf.nn.softmax(logits) if name == "classification" else tf.sigmoid(logits)).numpy()

    outputs = [np.clip(answers(length), 1e-6, 1 - 1e-6) for length in lengths]
    weights = [chance.choice([0.0, 1.0, 2.5], length) for length in lengths]
    smoothing = Smoothing(task, WEIGHT)
    carry, total = smoothing.zero_carry(lanes), 0.0
    edges = varied_lengths(chunk_length, "x") if varied else fixed_lengths(chunk_length)
    for lineup in lane_plan(lengths, shared(range(len(lengths)), lanes), edges):
        chunk_of = np.stack([answers(lineup.chunk_length) for _ in range(lanes)])
        weigh = np.zeros(chunk_of.shape[:2], "float32")
        for lane, chunk in enumerate(lineup.chunks):
            if chunk:
                here = slice(chunk.start, chunk.stop)
                chunk_of[lane, : chunk.steps] = outputs[chunk.sequence][here]
                weigh[lane, : chunk.steps] = weights[chunk.sequence][here]
        reset = np.array([chunk is None or chunk.reset for chunk in lineup.chunks])
        more, carry = smoothing.total(tf.constant(chunk_of), weigh, reset, carry)
        total += float(more)
    whole = sum(float(naive(task, o, w)) for o, w in zip(outputs, weights, strict=True))
    np.testing.assert_allclose(total, WEIGHT * whole, rtol=1e-4, atol=1e-5)


def a_set(store: FeatureStore, tmp_path: Path, name: str) -> SequenceSet:
    """Classes that change from step to step, some of them missing."""
    infos = [store.info(sequence_id) for sequence_id in store.ids()]
    chance = np.random.default_rng(6)
    rows = [
        (info.sequence_id, step / 4, (step + 1) / 4, str(chance.choice(CLASSES)))
        for info in infos
        for step in range(info.steps)
        if chance.random() < 0.8
    ]
    task = make_task(name, CLASSES)
    if name == "classification":
        labels = IntervalLabels(rows, LabelOptions(Path("labels"), tolerance=1e6))
    else:
        write_intervals(tmp_path / "labels.csv", rows)
        labels = read_labels(LabelOptions(tmp_path / "labels.csv", task="multilabel"), store)
    return SequenceSet(store, infos, labels, Layout(task))


def a_step(data: SequenceSet, smooth: float = WEIGHT) -> TrainStep:
    """A model whose weights are anything; it is not compiled by XLA, which would take long."""
    keras.utils.set_random_seed(3)
    model = build_model(CONFIG, data.layout, 3, ())
    chance = np.random.default_rng(4)
    for variable in model.trainable_variables:
        variable.assign(chance.normal(scale=0.8, size=variable.shape))
    device = OneDevice(any_length=True)
    return TrainStep(model, keras.optimizers.SGD(1.0), data.layout.task, device, smooth)


def reference(step: TrainStep, batches: list[ChunkBatch], truncated: bool) -> list[np.ndarray]:
    """The gradient of both losses over whole sequences, put together of what chunks answered."""
    model, task = step.model, step.gradients.task
    carry: Any = zero_carry(model, len(batches[0].reset))
    with tf.GradientTape() as tape:
        loss, weight = tf.zeros(()), 0.0
        answered: list[tuple[list[Any], list[float]]] = []
        lanes: dict[int, tuple[list[Any], list[float]]] = {}
        for batch in batches:
            kept = tf.constant(1.0 - batch.reset.astype("float32"))[:, None]
            carry = [tf.stop_gradient(state) if truncated else state for state in carry]
            features = tf.constant(batch.features, tf.float32)
            outputs, carry = call_model(model, features, [state * kept for state in carry])
            loss += tf.reduce_sum(task.loss(batch.targets, outputs, True) * batch.weights)
            weight += batch.weights.sum()
            for lane, chunk in enumerate(batch.chunks):
                if chunk is None:
                    continue
                if chunk.reset:
                    lanes[lane] = ([], [])
                    answered.append(lanes[lane])
                lanes[lane][0].append(outputs[lane, : chunk.steps])
                lanes[lane][1].extend(batch.weights[lane, : chunk.steps])
        for outputs, weights in answered:
            loss += WEIGHT * naive(task, tf.concat(outputs, 0), weights)
        loss /= weight
    return [g.numpy() for g in tape.gradient(loss, model.trainable_variables)]


def require_gradient(step: TrainStep, expected: list[np.ndarray], advance: Any) -> None:
    before = [variable.numpy() for variable in step.variables]
    advance()
    for old, new, gradient in zip(before, step.variables, expected, strict=True):
        np.testing.assert_allclose(old - new.numpy(), gradient, atol=3e-6)


@pytest.mark.parametrize(
    "name", ["classification", pytest.param("multilabel", marks=pytest.mark.slow)]
)
def test_full_gradients_are_those_of_a_naive_sum_over_the_unchunked_sequences(
    make_store: MadeStore, tmp_path: Path, name: str
) -> None:
    data = a_set(make_store(LENGTHS), tmp_path, name)
    step = a_step(data)
    whole = list(data.batches(lane_plan(LENGTHS, shared(range(5), 5), fixed_lengths(11))))
    expected = reference(step, whole, truncated=False)
    groups = training_groups(CONFIG, LENGTHS, 5, 0)
    updates = full_updates(step, data, groups, 1, lambda _: None, lambda: False)
    require_gradient(step, expected, lambda: list(updates))


@pytest.mark.parametrize(
    "windows", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["carry", "windows"]
)
def test_gradients_that_end_at_chunk_edges_still_know_the_answer_before(
    make_store: MadeStore, tmp_path: Path, windows: bool
) -> None:
    data = a_set(make_store(LENGTHS), tmp_path, "classification")
    step = a_step(data)
    plan: list[Lineup] = list(lane_plan(LENGTHS, shared(range(5), 2), fixed_lengths(3), burn_in=2))
    if windows:
        plan = list(window_plan(LENGTHS, 2, Windows(3, 2, burn_in=1), "x"))
    expected = reference(step, list(data.batches(plan)), truncated=True)
    carry = step.initial_carry(2)
    updates = accumulated_updates(step, data, plan, carry, len(plan), lambda _: None)
    require_gradient(step, expected, lambda: list(updates))


def test_losses_are_told_without_it_so_that_they_can_be_compared(
    make_store: MadeStore, tmp_path: Path
) -> None:
    data = a_set(make_store(LENGTHS), tmp_path, "classification")
    batch = next(data.batches(lane_plan(LENGTHS, shared(range(5), 5), fixed_lengths(11))))
    sums, weights = [], []
    for smooth in (0.0, WEIGHT):
        step = a_step(data, smooth)
        assert len(step.initial_carry(5)) == 2 + bool(smooth)
        found, _ = step.update(batch, step.initial_carry(5))
        sums.append(found.numpy())
        weights.append(step.variables[0].numpy())
    np.testing.assert_array_equal(*sums)
    assert not np.array_equal(*weights)

"""The gradient of a model and its backbone is that of one tape over all frames."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from frame_tasks import finetuning, save_network, write_frame_task

from preprocessing.terminal.quiet import import_tensorflow
from trainer.backbone import passes as passes_module
from trainer.backbone.frame_stores import FramePlace
from trainer.backbone.passes import FramePasses
from trainer.batches.chunk_batch import ChunkBatch
from trainer.batches.sequence_set import SequenceSet
from trainer.config import TrainConfig
from trainer.devices.one_device import OneDevice
from trainer.model.build import build_model
from trainer.plan.lanes import fixed_lengths, lane_plan, shared
from trainer.step.batch_tensors import arrays_of
from trainer.step.finetune_step import FinetuneStep
from trainer.step.gradients import GATHERED_SHARE
from trainer.step.optimizers import make_optimizer
from trainer.training.data import Data, load_data

tf = import_tensorflow()
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finetuned")
    write_frame_task(folder)
    save_network(folder / "net.keras")
    return folder


def loaded(folder: Path, **options: Any) -> tuple[TrainConfig, Data]:
    plain = {"normalize": "none", "dropout": 0.0, "decoder": "none"}
    config = finetuning(folder, **{**plain, **options})
    return config, load_data(config)


def step_of(config: TrainConfig, data: Data) -> FinetuneStep:
    passes = FramePasses(data.backbone, OneDevice(), config.frames_at_once)
    model = build_model(config, data.layout, data.facts.dimension, (), None)
    optimizer = make_optimizer(config, passes.variables)
    return FinetuneStep(model, optimizer, data.layout.task, passes)


def batches_of(data: SequenceSet, lanes: int, length: int) -> list[ChunkBatch]:
    queues = shared(range(len(data.lengths)), lanes)
    return list(data.batches(lane_plan(data.lengths, queues, fixed_lengths(length))))


def frames_of(batch: ChunkBatch, size: tuple[int, int]) -> np.ndarray:
    places = batch.features[..., 0]
    frames = np.zeros((*places.shape, *size, 3), "float32")
    for at, place in np.ndenumerate(places):
        if isinstance(place, FramePlace):
            frames[at] = place.read()
    return frames


def reference(
    step: FinetuneStep, data: Data, batches: Sequence[ChunkBatch], cut: bool = False
) -> list[np.ndarray]:
    """Gradients of the summed loss of batches that follow each other, by one tape."""
    network = data.backbone.network
    with tf.GradientTape() as tape:
        carry, loss = step.initial_carry(len(batches[0].reset)), 0.0
        for batch in batches:
            frames = frames_of(batch, data.backbone.size)
            there = np.array([[it != 0 for it in row] for row in batch.features[..., 0]])
            flat = network(frames.reshape(-1, *frames.shape[2:]), training=False)
            features = tf.reshape(flat, (*there.shape, -1)) * there[..., None]
            tensors = arrays_of(batch)._replace(features=features)
            _, total, carry = step.gradients._with_loss(tensors, carry)
            carry = tuple(map(tf.stop_gradient, carry)) if cut else carry
            loss += total
    found = tape.gradient(loss, step.variables, unconnected_gradients="zero")
    return [np.asarray(one) for one in found]


def require_equal(step: FinetuneStep, expected: list[np.ndarray]) -> None:
    found = [total.numpy() / GATHERED_SHARE for total in step._gathered.totals[:-1]]
    largest = max(np.abs(one).max() for one in expected)
    assert largest > 0.1
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE * largest)


@pytest.mark.parametrize(
    ("length", "at_once", "begin"),
    [
        (16, 10, "two"),
        (16, 2, "0"),
        *(
            pytest.param(*each, marks=pytest.mark.slow)
            for each in ((4, 64, "two"), (16, 7, "three"), (40, 10, "sum"), (1, 2, "0"))
        ),
    ],
)
def test_truncated_gradients_are_those_of_one_tape(folder, length, at_once, begin):
    config, data = loaded(folder, trainable_from=begin, frames_at_once=at_once)
    step = step_of(config, data)
    batches = batches_of(data.train, 2, length)
    carry = step.initial_carry(2)
    for batch in batches[:6]:
        _, carry = step.gather(batch, carry)
    require_equal(step, reference(step, data, batches[:6], cut=True))
    assert step.traces["gather"] == 1


@pytest.mark.parametrize(
    "options",
    [{"horizon": -3}, pytest.param({"direction": "backward"}, marks=pytest.mark.slow)],
)
def test_frames_that_a_step_sees_again_or_backward_count_as_they_are_seen(folder, options):
    config, data = loaded(folder, **options)
    step = step_of(config, data)
    batches = batches_of(data.train, 2, 50)
    step.gather(batches[0], step.initial_carry(2))
    require_equal(step, reference(step, data, batches[:1]))


def test_full_gradients_are_those_of_one_tape_over_whole_sequences(folder):
    config, data = loaded(folder, gradient="full")
    step = step_of(config, data)
    batches = batches_of(data.train, 3, 8)
    edges, carry = [], step.initial_carry(3)
    for batch in batches:
        edges.append(carry)
        _, carry = step.forward_only(batch, carry)
    gradient = step.initial_carry(3)
    for batch in reversed(batches):
        gradient = step.go_back(batch, edges.pop(), gradient)
    require_equal(step, reference(step, data, batches))


@pytest.mark.parametrize("room", [25_000, pytest.param(0, marks=pytest.mark.slow)])
def test_what_there_is_no_room_to_keep_is_computed_again(folder, room, monkeypatch):
    monkeypatch.setattr(passes_module, "KEPT_BYTES", room)
    config, data = loaded(folder, trainable_from="three")
    step = step_of(config, data)
    step.passes._keeps = True
    batches = batches_of(data.train, 2, 16)
    looked = step.passes.look(batches[0].features[..., 0])
    assert len(looked.entered) == (1 if room else 0)
    step.gather(batches[0], step.initial_carry(2))
    require_equal(step, reference(step, data, batches[:1]))


def test_an_update_moves_the_backbone_at_its_own_rate(folder):
    config, data = loaded(folder, learning_rate=1e-2, backbone_rate=1e-4)
    step = step_of(config, data)
    before = [variable.numpy() for variable in step.variables]
    step.update(batches_of(data.train, 2, 16)[0], step.initial_carry(2))
    moved = [
        np.abs(variable.numpy() - was).max()
        for variable, was in zip(step.variables, before, strict=True)
    ]
    own = len(step.passes.variables)
    # The first step of Adam is as long as its rate, whatever the gradient.
    np.testing.assert_allclose(moved[:-own], 1e-2, rtol=0.05)
    np.testing.assert_allclose(moved[-own:], 1e-4, rtol=0.05)


def test_padding_has_features_of_zero_and_no_gradient(folder):
    config, data = loaded(folder)
    step = step_of(config, data)
    batch = batches_of(data.train, 3, 40)[0]
    features = step.passes.look(batch.features[..., 0]).features.numpy()
    assert (features[1, 28:] == 0).all()
    assert (features[1, :28] != 0).any(axis=1).all()

"""A training of a backbone with its model: an ordinary run, and an ordinary backbone."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from frame_tasks import finetuning, save_network, write_frame_task
from interrupted import Signal, require_same
from made_stores import write_sequence

from preprocessing.backbones import load_backbone
from preprocessing.errors import InputError, Stopped
from preprocessing.store.decoded_frames import decoded_frames
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import sequence_path, settings_text
from trainer.evaluation.command import evaluate
from trainer.evaluation.options import EvaluateConfig
from trainer.labelling.command import run_predict
from trainer.labelling.options import PredictConfig
from trainer.predictions.reader import open_answers
from trainer.run.folder import Run
from trainer.same_features import extraction_like
from trainer.training.command import train
from trainer.training.data import load_data

ALL = ("crop", "mirror", "colour")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finetuned")
    write_frame_task(folder)
    save_network(folder / "net.keras")
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    """A training with augmentation, that nothing disturbed."""
    return train(finetuning(folder, augment=ALL, normalize="running"))


def extracted(folder: Path, run: Run, store: Path) -> Path:
    """Writes the features of a store of frames by the backbone of a run, as ``extract`` does."""
    backbone = load_backbone(str(run.backbone_path))
    frames = FeatureStore(folder / "store")
    settings = settings_text(**backbone.settings, dtype="float32")
    for sequence_id in frames.ids():
        info = frames.info(sequence_id)
        made = backbone([decoded_frames(frames, info, 0, info.steps)])
        origin = replace(
            info.origin,
            backbone=backbone.name,
            backbone_digest=backbone.digest,
            settings=settings,
        )
        path = sequence_path(store, sequence_id)
        with SequenceWriter(path, backbone.dimension, origin, "float32") as writer:
            writer.append(frames.timestamps(sequence_id), made)
    return store


def test_what_comes_out_is_a_run_and_a_backbone_like_any_other(folder, run):
    network = keras.saving.load_model(run.backbone_path, safe_mode=True)
    assert network.output_shape == (None, 5)
    assert load_backbone(str(run.backbone_path)).digest == run.facts.backbone_digest
    facts = json.loads(run.facts_path.read_text())
    assert facts["begun_from"].startswith("net.keras ")
    assert run.facts.dimension == 5


def test_what_lies_below_stays_and_what_lies_above_is_trained(folder, run):
    before = keras.saving.load_model(folder / "net.keras")
    after = keras.saving.load_model(run.backbone_path)
    for name, trained in (("one", False), ("two", True), ("three", True), ("four", True)):
        kernels = [model.get_layer(name).get_weights()[0] for model in (before, after)]
        assert (kernels[0] != kernels[1]).any() == trained


def test_it_learns_what_frames_show(folder, run):
    losses = [float(row["val_loss"]) for row in run.history]
    assert losses[-1] < losses[0]


def test_evaluation_of_frames_is_that_of_features_extracted_by_the_backbone(folder, run, tmp_path):
    store = extracted(folder, run, tmp_path / "features")
    rows = []
    for given in (None, store):
        metrics = evaluate(EvaluateConfig(run.path, store=given))
        with open_answers(run.evaluation_path("test") / "predictions.h5") as answers:
            rows.append(answers.file["s4"]["probabilities"][:])
        assert 0 < metrics["accuracy"] <= 1
    np.testing.assert_allclose(*rows, atol=1e-5)


def test_predict_takes_a_store_of_frames(folder, run, tmp_path):
    assert run_predict(PredictConfig(run.path, (folder / "store",), tmp_path / "out")) == 0
    assert (tmp_path / "out" / "labels.csv").exists()


def test_new_videos_are_extracted_by_the_backbone_of_the_run(run, tmp_path):
    made = extraction_like(run, (tmp_path,), tmp_path / "store")
    assert made.backbone == str(run.backbone_path)
    assert (made.dtype, made.pixels, made.fps) == ("float32", "0-255", 4.0)


@pytest.mark.parametrize(
    "options",
    [{}, pytest.param({"gradient": "full", "epochs": 2}, marks=pytest.mark.slow)],
)
def test_stopped_and_gone_on_it_ends_in_the_same_weights(folder, run, options, tmp_path):
    config = finetuning(folder, augment=ALL, normalize="running")
    straight = run
    if options:
        straight = train(replace(config, run=tmp_path / "straight", **options))
    config = replace(config, run=tmp_path / "run", checkpoint_updates=2, **options)
    with pytest.raises(Stopped):
        train(config, [Signal([3])])
    again = train(config)
    require_same(straight, again)
    backbones = [keras.saving.load_model(one.backbone_path) for one in (straight, again)]
    for one, other in zip(*(each.get_weights() for each in backbones), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_run_is_continued_with_its_backbone_and_no_other(folder, run):
    config = finetuning(folder, "then", continue_from=run.path)
    assert load_data(replace(config, finetune=str(run.backbone_path))).backbone
    with pytest.raises(InputError, match=r"answers by features of backbone\.keras"):
        load_data(config)


@pytest.mark.slow
def test_a_run_of_features_is_continued_with_its_backbone(folder, tmp_path):
    """First a model of features as they are, then both together."""
    frozen = Run(tmp_path / "none")
    frozen.path.mkdir()
    frozen.backbone_path.write_bytes((folder / "net.keras").read_bytes())
    store = extracted(folder, frozen, tmp_path / "features")
    config = finetuning(folder)
    plain = {"finetune": None, "trainable_from": "0.67", "backbone_rate": 2e-5}
    first = train(
        replace(config, **plain, frames_at_once=32, store=store, run=tmp_path / "first", epochs=1)
    )
    given = str(frozen.backbone_path)
    then = replace(config, finetune=given, continue_from=first.path, run=tmp_path / "then")
    assert train(replace(then, epochs=1)).backbone_path.is_file()
    other = save_network(tmp_path / "other.keras", seed=1)
    with pytest.raises(InputError, match=r"answers by features of backbone\.keras"):
        train(replace(then, finetune=str(other), run=tmp_path / "other"))


NONE = {"finetune": None, "trainable_from": "0.67", "backbone_rate": 2e-5, "frames_at_once": 32}
CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    (NONE, "store holds frames, not features: train on them with --finetune"),
    (NONE | {"trainable_from": "two"}, "--trainable-from without --finetune: no backbone is"),
    ({"trainable_from": "five"}, "from five: small has no layer .* it has one, two, three, four"),
    ({"trainable_from": "1.5"}, "1.5: expected the name of a layer, or a share from 0"),
    ({"finetune": "flow"}, "flow is no network of Keras, which alone can be trained"),
    ({"finetune": "flow+hog"}, "expected one backbone, not several"),
    ({"inputs": "both"}, "with --inputs both"),
    ({"strategy": "multiworker"}, "with --strategy multiworker"),
    ({"cache": "memory"}, "--cache memory with --finetune"),
]


@pytest.mark.parametrize(("options", "message"), CONTRADICTIONS)
def test_what_does_not_go_together_is_said(folder, options, message):
    with pytest.raises(InputError, match=message):
        load_data(finetuning(folder, "none", **options))


def test_batch_normalisation_must_be_frozen(folder, tmp_path):
    path = tmp_path / "norm.keras"
    config = finetuning(folder, finetune=str(path))
    norm = keras.layers.BatchNormalization(name="norm")
    save_network(path, norm)
    with pytest.raises(InputError, match=r"batch normalisation \(norm\) would be trained"):
        load_data(config)
    load_data(replace(config, trainable_from="four"))
    save_network(path, keras.layers.BatchNormalization(name="norm", trainable=False))
    load_backbone.cache_clear()
    assert load_data(config).backbone


def test_lanes_that_no_group_has_room_for_are_said(folder, tmp_path):
    with pytest.raises(InputError, match="--frames-at-once 2 with 3 lanes on a device"):
        train(finetuning(folder, "crowded", frames_at_once=2, lanes=3))


def test_features_are_no_frames(folder, tmp_path):
    for name in ("s0", "s1", "s2", "s3", "s4"):
        write_sequence(tmp_path / "store", name, np.zeros((8, 2)) + np.arange(8)[:, None])
    with pytest.raises(InputError, match="holds features, of which no backbone can be trained"):
        load_data(replace(finetuning(folder), store=tmp_path / "store"))

"""A model that follows a sequence answers as evaluation does."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from made_stores import write_sequence

from preprocessing.errors import InputError
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.options import to_yaml
from trainer.config import TrainConfig
from trainer.evaluation.command import EvaluateConfig, evaluate
from trainer.evaluation.latency import measure_latency
from trainer.export.command import export
from trainer.export.options import ExportConfig
from trainer.model.build import build_model
from trainer.model.model_file import save_model
from trainer.run.checkpoint import Checkpoint
from trainer.run.folder import Run
from trainer.streaming.follower import Follower
from trainer.training.command import train
from trainer.training.data import load_data

CHANCE = np.random.default_rng(3)
WAYS: dict[str, dict[str, Any]] = {
    "carry": {},
    "running moments": {"normalize": "running", "cell": "gru"},
    "windows": {"state": "reset", "chunk_length": 5},
    "windows with burn-in": {"state": "reset", "chunk_length": 6, "burn_in": 2, "stride": 4},
    "late": {"horizon": -3},
    "late windows": {"state": "reset", "chunk_length": 6, "burn_in": 2, "horizon": -7},
    "labels and features": {"inputs": "both", "feed": "predictions"},
    "labels, ahead": {"inputs": "labels", "feed": "predictions", "horizon": 2, "normalize": "none"},
}
ONLY_WITH_ALL = {
    *("carry", "running moments", "windows", "windows with burn-in"),
    *("labels and features", "late windows", "labels, ahead"),
}


@pytest.fixture
def data(tmp_path: Path) -> dict[str, Any]:
    rows = []
    for number, steps in enumerate((17, 23)):
        write_sequence(tmp_path / "store", f"s{number}", CHANCE.normal(size=(steps, 3)))
        rows += [(f"s{number}", t, t + 1, "ab"[int(t) % 2]) for t in np.arange(0, steps / 4 - 1)]
    write_intervals(tmp_path / "labels.csv", rows)
    (tmp_path / "splits.json").write_text(json.dumps({"train": ["s0"], "test": ["s1"]}))
    return {
        "store": tmp_path / "store",
        "labels": tmp_path / "labels.csv",
        "run": tmp_path / "run",
        "splits": tmp_path / "splits.json",
        "chunk_length": 8,
        "units": 5,
        "epochs": 1,
        "tensorboard": False,
    }


@pytest.fixture
def untrained(data: dict[str, Any]) -> Run:
    """A run whose answers come five steps late."""
    config = TrainConfig(**{**data, "horizon": -5, "normalize": "none"})
    run, loaded = Run(config.run), load_data(config)
    run.begin(config, loaded.splits, loaded.facts)
    save_model(build_model(config, loaded.layout, loaded.facts.dimension, ()), run.model_path)
    return run


def steps_of(run: Run) -> np.ndarray:
    store = FeatureStore(run.config.store)
    return store.features("s1", 0, store.info("s1").steps)


@pytest.mark.parametrize(
    "way",
    [pytest.param(way, marks=[pytest.mark.slow] if way in ONLY_WITH_ALL else []) for way in WAYS],
)
def test_following_is_evaluating_step_by_step(data: dict[str, Any], way: str) -> None:
    run = train(TrainConfig(**{**data, **WAYS[way]}))
    evaluate(EvaluateConfig(run.path))
    with h5py.File(run.evaluation_path("test") / "predictions.h5") as file:
        expected = file["s1/probabilities"][()]
    steps, half, saved = steps_of(run), Follower(run), Checkpoint(run.path, {})
    answers = []
    for number, step in enumerate(steps):
        answers += half.answers(step)
        if number == 12:
            saved = Checkpoint(run.path, dict(half.arrays()))
    answers += half.finish()
    assert [answer.step for answer in answers] == list(range(len(steps)))
    found = [answer.outputs for answer in answers]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    resumed = Follower(run)
    resumed.restore(saved)
    assert resumed.steps == 13
    rest = [answer for step in steps[13:] for answer in resumed.answers(step)]
    rest += resumed.finish()
    np.testing.assert_array_equal([answer.outputs for answer in rest], found[-len(rest) :])
    assert not resumed.finish()


def test_what_goes_on_after_an_end_is_answered_as_if_there_had_been_none(
    untrained: Run,
) -> None:
    steps, whole, follower = steps_of(untrained), Follower(untrained), Follower(untrained)
    expected = [answer for step in steps for answer in whole.answers(step)] + whole.finish()
    assert [answer.step for answer in expected] == list(range(len(steps)))
    answers = [answer for step in steps[:9] for answer in follower.answers(step)]
    asif = [*answers, *follower.finish()]
    assert [answer.step for answer in asif] == list(range(9))
    assert not follower.finish()
    rest = [answer for step in steps[9:] for answer in follower.answers(step)]
    rest += follower.finish()
    for answer, wanted in zip([*answers, *rest], [*expected[:4], *expected[9:]], strict=True):
        assert answer.step == wanted.step
        np.testing.assert_array_equal(answer.outputs, wanted.outputs)


def test_a_sequence_shorter_than_answers_are_late_is_answered_at_its_end(untrained: Run) -> None:
    follower = Follower(untrained)
    assert not follower.finish()
    assert not [answer for step in steps_of(untrained)[:2] for answer in follower.answers(step)]
    assert [answer.step for answer in follower.finish()] == [0, 1]


def test_a_run_that_goes_backward_follows_nothing(untrained: Run, tmp_path: Path) -> None:
    run = Run(tmp_path / "backward")
    shutil.copytree(untrained.path, run.path)
    run.config_path.write_text(to_yaml(replace(untrained.config, direction="backward")))
    with pytest.raises(InputError, match="it begins at the end of a recording, and a stream has"):
        Follower(run)
    with pytest.raises(InputError, match="a program that gets steps as they come cannot begin at"):
        export(ExportConfig(run.path, "keras"))
    assert measure_latency(run) is None


def test_features_that_do_not_fit_are_refused(untrained: Run) -> None:
    follower = Follower(untrained)
    with pytest.raises(
        InputError, match=r"step 0 has features of shape \[2\], .*expected 3 finite"
    ):
        follower.answers(np.zeros(2))
    with pytest.raises(InputError, match="NaN"):
        follower.answers(np.array([0.0, np.nan, 0.0]))

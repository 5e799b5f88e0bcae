"""A model that follows a sequence answers as evaluation does."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from made_stores import write_sequence

from preprocessing.errors import InputError
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from trainer.config import TrainConfig
from trainer.evaluation.command import EvaluateConfig, evaluate
from trainer.run.checkpoint import Checkpoint
from trainer.run.folder import Run
from trainer.streaming.follower import Follower
from trainer.training.command import train

CHANCE = np.random.default_rng(3)
WAYS: dict[str, dict[str, Any]] = {
    "carry": {},
    "running moments": {"normalize": "running", "cell": "gru"},
    "windows": {"state": "reset", "chunk_length": 5},
    "windows with burn-in": {"state": "reset", "chunk_length": 6, "burn_in": 2, "stride": 4},
    "labels and features": {"inputs": "both", "feed": "predictions"},
    "labels, ahead": {"inputs": "labels", "feed": "predictions", "horizon": 2, "normalize": "none"},
}
ONLY_WITH_ALL = {"running moments", "windows", "labels and features"}


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


def test_features_that_do_not_fit_are_refused(data: dict[str, Any]) -> None:
    follower = Follower(train(TrainConfig(**data)))
    with pytest.raises(
        InputError, match=r"step 0 has features of shape \[2\], .*expected 3 finite"
    ):
        follower.answers(np.zeros(2))
    with pytest.raises(InputError, match="NaN"):
        follower.answers(np.array([0.0, np.nan, 0.0]))

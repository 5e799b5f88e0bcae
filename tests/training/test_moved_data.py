"""A run goes on wherever its data are, if they are what it was begun with."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from interrupted import Signal, config_for, require_same
from made_stores import copy_with_its_run, write_memory_task

from preprocessing.errors import InputError, Stopped
from preprocessing.store.feature_store import FeatureStore
from trainer.config import TrainConfig
from trainer.run.folder import Run
from trainer.training import features_digest as looked
from trainer.training.command import train
from trainer.training.features_digest import features_digest, stretches


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a task and a run that was stopped after some updates."""
    folder = tmp_path_factory.mktemp("begun")
    with pytest.raises(Stopped):
        train(config_for(write_memory_task(folder), folder / "run"), [Signal([5])])
    return folder


@pytest.fixture
def interrupted(begun: Path, tmp_path: Path) -> TrainConfig:
    copy_with_its_run(begun, tmp_path)
    return Run(tmp_path / "run").config


def change(path: Path, step: int = 0, name: str = "features") -> None:
    """Changes a number in place; all attributes stay."""
    with h5py.File(path, "r+") as file:
        file[name][step] = file[name][step] + 0.01


def test_a_moved_store_and_moved_labels_are_the_same_data(
    interrupted: TrainConfig, tmp_path: Path
) -> None:
    config = interrupted
    straight = train(replace(config, run=tmp_path / "straight"))
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    shutil.move(config.store, moved / "features")
    (labels,) = config.labels
    shutil.move(labels, moved)
    with pytest.raises(InputError, match="give the folder where it is"):
        train(config)
    config = replace(config, store=moved / "features", labels=moved / labels.name)
    require_same(straight, train(config))
    assert Run(config.run).config.store == moved / "features"


@pytest.mark.parametrize("name", ["features", "timestamps"])
def test_what_was_changed_in_place_is_noticed_and_named(
    interrupted: TrainConfig, name: str
) -> None:
    config = interrupted
    train_id = Run(config.run).splits.train[-1]
    change(config.store / f"{train_id}.h5", 7, name)
    with pytest.raises(InputError, match="other data: changed are the features in --store; give"):
        train(config)


@pytest.mark.slow
def test_a_run_of_before_there_was_such_a_digest_goes_on_and_has_one_then(
    interrupted: TrainConfig,
) -> None:
    config = interrupted
    path = config.run / "run.json"
    told = json.loads(path.read_text())
    digest = told.pop("features_digest")
    path.write_text(json.dumps(told))
    train(config)
    assert Run(config.run).facts.features_digest == digest


@pytest.mark.slow
def test_moments_of_other_features_are_not_taken_from_a_run_that_had_no_checkpoint(
    interrupted: TrainConfig,
) -> None:
    config = interrupted
    shutil.rmtree(config.run / "checkpoints")
    before = Run(config.run).facts.feature_moments
    change(config.store / f"{Run(config.run).splits.train[0]}.h5")
    train(config)
    assert Run(config.run).facts.feature_moments != before


@given(st.integers(1, 10**6), st.integers(1, 10**4), st.integers(0, 10**7))
def test_both_ends_are_looked_at_and_not_more_than_the_share(
    steps: int, step_bytes: int, share: int
) -> None:
    found = list(stretches(steps, step_bytes, share))
    flat = [edge for stretch in found for edge in stretch]
    assert flat == sorted(flat)
    assert flat[0] == 0
    read = sum(stop - start for start, stop in found)
    assert read * step_bytes <= max(share, step_bytes)
    assert read == steps or read > share / step_bytes - looked.PIECES - 1
    if read > 1:
        assert flat[-1] == steps


def test_of_a_large_store_parts_are_looked_at(make_store, monkeypatch: pytest.MonkeyPatch) -> None:
    store: FeatureStore = make_store([4000, 30])
    infos = store.uniform(["s0", "s1"])
    whole = features_digest(store, infos)
    monkeypatch.setattr(looked, "LOOKED_AT", 8000)
    monkeypatch.setattr(looked, "LEAST", 200)
    parts = features_digest(store, infos)
    assert parts != whole
    change(store.path("s0"), 3999)
    last = features_digest(store, infos)
    assert last != parts
    change(store.path("s0"), 130)
    assert features_digest(store, infos) == last
    monkeypatch.undo()
    assert np.unique([whole, features_digest(store, infos)]).size == 2

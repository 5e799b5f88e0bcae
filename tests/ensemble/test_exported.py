"""An ensemble as one graph: its answers are the mean of those of its members, call after call."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import ops
from quick_trainings import write_persons
from spoken import Longtake, refusal, speaking
from untrained_runs import untrained

from trainer.config import TrainConfig
from trainer.ensemble.command import make_ensemble
from trainer.ensemble.options import EnsembleConfig
from trainer.export.formats import FORMATS
from trainer.layout import Layout
from trainer.model.build import build_model
from trainer.model.carry import call_model, zero_carry
from trainer.model.together import joined_model, mean_answer
from trainer.run.folder import Run
from trainer.task import make_task

RUNNING = {"normalize": "running", "shrinkage": 64}


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("exported")
    write_persons(root, 3, 2)
    return root


def ensemble(root: Path, new: Path, *each: dict[str, Any]) -> Run:
    runs = []
    for number, options in enumerate(each):
        path = new.with_name(f"{new.name}-{number}")
        untrained(root / "store", root / "labels.csv", path, weights=number, **options)
        runs.append(path)
    make_ensemble(EnsembleConfig(tuple(runs), new))
    return Run(new)


@pytest.mark.parametrize("name", ["classification", "multilabel", "regression"])
def test_one_graph_answers_as_the_mean_of_its_models(name: str) -> None:
    task, chance = make_task(name, ("a", "b", "c")), np.random.default_rng(0)
    configs = [
        TrainConfig(Path(), Path(), Path(), task=name, units=3),
        TrainConfig(Path(), Path(), Path(), task=name, units=5, cell="gru", **RUNNING),
    ]
    models = [build_model(config, Layout.of(config, task), 4, ()) for config in configs]
    inputs = ops.convert_to_tensor(chance.normal(scale=20, size=(2, 6, 4)).astype("float32"))
    expected = [call_model(one, inputs, zero_carry(one, 2))[0].numpy() for one in models]
    joined = joined_model(models, task)
    assert {state.name[:7] for state in joined.inputs[1:]} == {"model_1", "model_2"}
    carry, found = zero_carry(joined, 2), []
    for start in range(0, 6, 2):
        outputs, carry = call_model(joined, inputs[:, start : start + 2], carry)
        found.append(outputs.numpy())
    np.testing.assert_allclose(np.concatenate(found, 1), mean_answer(task, expected), atol=1e-5)
    assert joined_model(models[:1], task) is models[0]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_it_is_exported_like_a_run(
    root: Path, tmp_path: Path, longtake: Longtake, form: str
) -> None:
    run = ensemble(root, tmp_path / "both", {}, {"cell": "gru", **RUNNING})
    code, out, err = longtake("export", run.path, "--format", form)
    assert code == 0, err
    assert "largest difference from the run's own answers: " in out
    (described,) = (run.path / "export").glob("*.json")
    told = json.loads(described.read_text())
    assert {name[:7] for name in told["carry"]} == {"model_1", "model_2"}
    assert told["outputs"]["outputs"][-1] == 2


def test_what_no_single_call_can_answer_is_refused(
    root: Path, tmp_path: Path, longtake: Longtake
) -> None:
    run = ensemble(root, tmp_path / "late", {}, {"horizon": -2})
    said = refusal(longtake("export", run.path, "--format", "keras"))
    assert f"{run.path} has models of --horizon 0 and -2, which no single call can answer" in said
    windows = [{"state": "reset", "chunk_length": length} for length in (4, 6)]
    run = ensemble(root, tmp_path / "windows", *windows)
    said = refusal(longtake("export", run.path, "--format", "keras"))
    assert f"{run.path} has models of --chunk-length 4 and 6, which no single call" in said
    run = ensemble(root, tmp_path / "ways", {}, {"direction": "backward"})
    assert "--direction forward and backward" in refusal(
        longtake("export", run.path, "--format", "keras")
    )

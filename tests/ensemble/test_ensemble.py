"""Ensembles as a user has them: made of runs, evaluated, compared and followed like one."""

import json
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from quick_trainings import write_persons
from spoken import Longtake, speaking
from untrained_runs import untrained

from trainer.model.together import mean_answer
from trainer.run.folder import Run

SPLITS = {
    "train": ["P1_0", "P1_1", "P1_2"],
    "validation": ["P2_0"],
    "test": ["P3_0", "P3_1", "P3_2"],
}


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store, labels, splits and runs: forward, late and another kind of layer."""
    root = tmp_path_factory.mktemp("ensemble")
    write_persons(root, 3, 3)
    (root / "splits.json").write_text(json.dumps(SPLITS))
    made(root, "one")
    made(root, "late", weights=2, cell="gru", seed=7, horizon=-3)
    return root


def made(root: Path, name: str, **options: Any) -> Run:
    given = {"splits": root / "splits.json", **options}
    return untrained(root / "store", root / "labels.csv", root / name, **given)


def ensemble(longtake: Longtake, run: Path, *runs: Path) -> Path:
    assert longtake("ensemble", *runs, "--run", run)[0] == 0
    return run


def probabilities(run: Path, split: str = "test") -> dict[str, np.ndarray]:
    with h5py.File(run / "evaluation" / split / "predictions.h5") as file:
        return {name: group["probabilities"][()] for name, group in file.items()}


def metrics_of(run: Path) -> dict[str, Any]:
    return dict(json.loads((run / "evaluation" / "test" / "metrics.json").read_text()))


def test_its_answers_are_the_mean_of_those_of_its_members(root: Path, longtake: Longtake) -> None:
    runs = [root / "one", root / "late"]
    code, out, _ = longtake("ensemble", *runs, "--run", root / "both")
    assert code == 0
    assert out.splitlines() == [
        f"{root / 'both'}: 2 models; next: longtake evaluate {root / 'both'}",
        "they differ in --horizon 0, -3; --cell lstm, gru; --seed 0, 7",
    ]
    for run in (*runs, root / "both"):
        assert longtake("evaluate", run, "--bootstrap", 0)[0] == 0
    each = [probabilities(run) for run in runs]
    both = probabilities(root / "both")
    assert sorted(both) == SPLITS["test"]
    for name, found in both.items():
        expected = mean_answer(Run(runs[0]).layout.task, [own[name] for own in each])
        assert (found == expected).all()
    page = (root / "both" / "evaluation" / "test" / "report.html").read_text()
    assert "The mean of the answers of 2 models, trained on 3 sequences" in page
    assert not list((root / "both").rglob(".*"))


def test_an_ensemble_of_one_is_that_one_and_needs_it_no_more(
    root: Path, tmp_path: Path, longtake: Longtake
) -> None:
    longtake("evaluate", root / "one", "--bootstrap", 0)
    shutil.copytree(root / "one", tmp_path / "one")
    assert longtake("ensemble", tmp_path / "one", "--run", tmp_path / "alone")[0] == 0
    shutil.rmtree(tmp_path / "one")
    assert longtake("evaluate", tmp_path / "alone", "--bootstrap", 0)[0] == 0
    expected = probabilities(root / "one")
    for name, found in probabilities(tmp_path / "alone").items():
        assert found.tobytes() == expected[name].tobytes()
    assert metrics_of(tmp_path / "alone") == metrics_of(root / "one")


def test_compare_says_what_its_models_were_trained_with(root: Path, longtake: Longtake) -> None:
    ensemble(longtake, root / "compared", root / "one", root / "late")
    for run in (root / "one", root / "compared"):
        assert longtake("evaluate", run, "--bootstrap", 0)[0] == 0
    code, out, _ = longtake("compare", root / "one", root / "compared", "--bootstrap", 0)
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["ensemble", "-", "2", "models"] in lines
    assert ["--cell", "lstm", "lstm,", "gru"] in lines
    assert ["--seed", "0", "0", "7"] in lines

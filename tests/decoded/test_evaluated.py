"""Decoded answers of ``evaluate`` and ``predict``, from the command line to files and pages."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from made_decoders import majority, use_majority
from made_stores import FPS, write_sequence
from spoken import Longtake, speaking

from preprocessing.labels.writing import write_intervals
from trainer.config import TrainConfig
from trainer.metrics import ANSWERED
from trainer.run.folder import Run
from trainer.training.command import train

CHANCE = np.random.default_rng(5)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A hardly trained run of each task that can be decoded; answers change from step to step."""
    root = tmp_path_factory.mktemp("decoded")
    for number, steps in enumerate((17, 23, 20, 1)):
        write_sequence(root / "store", f"s{number}", CHANCE.normal(size=(steps, 3)))
    rows = [(f"s{n}", t, t + 1, "ab"[(t + n) % 2]) for n in range(3) for t in range(4)]
    write_intervals(root / "labels.csv", [*rows, ("s3", 0.0, 0.25, "a")])
    splits = {"train": ["s0"], "test": ["s1", "s2", "s3"]}
    (root / "splits.json").write_text(json.dumps(splits))

    def made(task: Any) -> Run:
        return train(
            TrainConfig(
                root / "store", root / "labels.csv", root / task, splits=root / "splits.json",
                task=task, units=4, chunk_length=8, epochs=1, tensorboard=False,
            )
        )  # fmt: skip

    return {task: made(task) for task in ("classification", "multilabel")}


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


def arrays_of(path: Path) -> dict[str, dict[str, np.ndarray]]:
    with h5py.File(path) as file:
        return {name: {key: group[key][()] for key in group} for name, group in file.items()}


def naive_accuracy(arrays: dict[str, dict[str, np.ndarray]], said: str) -> float:
    right: list[bool] = []
    for rows in arrays.values():
        pairs = zip(rows["true"].tolist(), rows[said].tolist(), strict=True)
        right += [true == named for true, named in pairs if np.min(true) >= 0]
    return sum(right) / len(right)


@pytest.mark.parametrize("task", ["classification", "multilabel"])
@pytest.mark.parametrize("lag", [None, 0.5])
def test_decoded_answers_stand_beside_raw_ones(
    task: str, lag: float | None, runs: dict[str, Run], longtake: Longtake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    run = runs[task]
    several = task == "multilabel"
    folder = run.evaluation_path("test")
    assert longtake("evaluate", run.path, "--decode", "none")[0] == 0
    before = json.loads((folder / "metrics.json").read_text())
    raw = arrays_of(folder / "predictions.h5")
    assert (before["decoded"], before["decoder"]) == (None, None)
    use_majority(monkeypatch, run.path, kind="lengths" if several else "viterbi")
    options = () if lag is None else ("--lag", lag)
    code, out, _ = longtake("evaluate", run.path, *options)
    assert code == 0
    metrics = json.loads((folder / "metrics.json").read_text())
    arrays = arrays_of(folder / "predictions.h5")
    for name, rows in arrays.items():
        seen = None if lag is None else round(lag * FPS)
        expected = majority(rows["probabilities"], seen, several)
        np.testing.assert_array_equal(rows["decoded"], expected)
        assert rows["decoded"].dtype == expected.dtype
        for key, values in raw[name].items():
            np.testing.assert_array_equal(rows[key], values)
    decoded = metrics.pop("decoded")
    assert metrics.pop("decoder") == {
        "kind": "lengths" if several else "viterbi", "lag": lag, "weights": {"majority": 1.0},
    }  # fmt: skip
    assert {**metrics, "decoded": None, "decoder": None} == before
    assert set(ANSWERED[task]) < set(decoded)
    assert decoded["accuracy"] == pytest.approx(naive_accuracy(arrays, "decoded"))
    assert decoded["accuracy"] != metrics["accuracy"]
    assert set(decoded["per_class"]) == {"a", "b"}
    assert len(decoded["per_sequence"]) == 3
    assert set(decoded["intervals"]) == set(ANSWERED[task])
    how = "whole sequences at once" if lag is None else "with a lag of 0.5 s"
    assert f", {how}:\n    " in out
    assert f"    accuracy   {decoded['accuracy']:.4f}" in out
    page = (folder / "report.html").read_text()
    assert how in page
    assert f"{decoded['accuracy']:.3f}" in page
    if not several:
        assert page.count('alt="decoded labels of') == 3

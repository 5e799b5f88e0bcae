"""Seeds and folds that decode, some of them, evaluated as one."""

import csv
import json
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from run_decoders import write_made_decoder
from spoken import Longtake, speaking

from trainer.metrics import ANSWERED
from trainer.run.folder import Run


@pytest.fixture
def trained(runs: dict[str, Run]) -> Run:
    return runs["classification"]


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


def copies(trained: Run, folder: Path, suffix: str) -> list[Run]:
    """Two copies of a run: the decoder of the first helps, that of the second does not."""
    runs = []
    for name in ("1", "2"):
        shutil.copytree(trained.path, folder / name)
        (folder / f"{name}{suffix}").write_text("{}")
        runs.append(Run(folder / name))
        write_made_decoder(runs[-1], won=name == "1")
    return runs


def metrics_of(run: Path) -> dict:  # type: ignore[type-arg]
    found: dict = json.loads((run / "evaluation" / "test" / "metrics.json").read_text())  # type: ignore[type-arg]
    return found


@pytest.mark.slow
def test_of_seeds_the_mean_is_told_raw_and_decoded(
    trained: Run, longtake: Longtake, tmp_path: Path
) -> None:
    runs = copies(trained, tmp_path / "seeds", ".yaml")
    (tmp_path / "repeats.yaml").write_text("{}")
    code, out, _ = longtake("evaluate", tmp_path, "--bootstrap", 20)
    assert code == 0
    one, other = (metrics_of(run.path) for run in runs)
    assert one["decoded"]
    assert other["decoded"] is None
    both = metrics_of(tmp_path)
    assert both["decoder"]["kind"] == "mixed"
    assert both["decoder"]["seeds"] == {"1": one["decoder"], "2": other["decoder"]}
    decoded = both["decoded"]
    assert (both["behind"], decoded["behind"]) == (0, None)
    for name in ANSWERED["classification"]:
        values = [one["decoded"][name], other[name]]
        assert decoded["seeds"][name]["values"] == values
        if None not in values:
            assert decoded[name] == pytest.approx(np.mean(values))
        assert both["seeds"][name]["values"] == [one[name], other[name]]
    assert decoded["intervals"]["accuracy"][0] <= decoded["accuracy"]
    assert "decoded by a decoder in some runs, raw in the others, whole sequences at once:" in out
    page = (tmp_path / "evaluation" / "test" / "report.html").read_text()
    assert "<h2>Decoded</h2>" in page
    assert page.count("<th>edit</th>") == 2
    longtake("evaluate", tmp_path, "--decode", "none", "--bootstrap", 0)
    plain = metrics_of(tmp_path)
    assert (plain["decoder"], plain["decoded"]) == (None, None)
    assert plain["accuracy"] == both["accuracy"]


def test_of_folds_one_file_has_decoded_answers_of_all(
    trained: Run, longtake: Longtake, tmp_path: Path
) -> None:
    runs = copies(trained, tmp_path / "folds", ".splits.json")
    (tmp_path / "cross-validation.yaml").write_text("{}")
    for run, test in zip(runs, ("s1", "s2"), strict=True):
        (run.path / "splits.json").write_text(json.dumps({"train": ["s0"], "test": [test]}))
    code, out, _ = longtake("evaluate", tmp_path, "--bootstrap", 20)
    assert code == 0
    one, other = (metrics_of(run.path) for run in runs)
    both = metrics_of(tmp_path)
    assert both["decoder"]["folds"] == {"1": one["decoder"], "2": other["decoder"]}
    assert (both["behind"], both["decoded"]["behind"]) == (0, None)
    first, second = (row["decoded"] for row in both["folds"])
    assert first["edit"] == one["decoded"]["edit"]
    assert second["edit"] == other["edit"]
    spread = both["decoded"]["over_folds"]["edit"]
    assert spread["mean"] == pytest.approx((first["edit"] + second["edit"]) / 2)
    with h5py.File(tmp_path / "evaluation" / "test" / "predictions.h5") as file:
        pooled = {name: file[f"{name}/decoded"][()] for name in ("s1", "s2")}
        raw = file["s2/predicted"][()]
    with h5py.File(runs[0].evaluation_path("test") / "predictions.h5") as file:
        np.testing.assert_array_equal(pooled["s1"], file["s1/decoded"][()])
    np.testing.assert_array_equal(pooled["s2"], raw)
    assert "\n  decoded  " in out
    with (tmp_path / "evaluation" / "test" / "summary.csv").open() as file:
        counted = {row["sequence"] for row in csv.DictReader(file)}
    assert counted == {"s1", "s2"}
    assert "<h3>Decoded</h3>" in (tmp_path / "evaluation" / "test" / "report.html").read_text()

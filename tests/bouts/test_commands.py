"""Tables of bouts, as a person gets them from evaluate and predict."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from made_stores import write_sequence
from prediction_files import write_predictions
from spoken import Longtake, refusal, speaking
from untrained_runs import untrained

import trainer
from preprocessing.errors import InputError
from preprocessing.labels.writing import write_intervals
from trainer.bouts.tables import require_bouts
from trainer.run.folder import Run

STEPS = 24


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose model answers by chance, and two sequences of 6 s to test it on."""
    folder = tmp_path_factory.mktemp("bouts")
    generator = np.random.default_rng(4)
    for name in ("s0", "day/s1", "day/s2"):
        write_sequence(folder / "store", name, generator.normal(size=(STEPS, 3)))
    rows = [("s0", 0.0, 6.0, "a"), ("day/s1", 0.0, 1.5, "a"), ("day/s1", 1.5, 4.0, "b")]
    write_intervals(folder / "labels.csv", [*rows, ("day/s2", 0.0, 6.0, "a")])
    splits = {"train": ["s0"], "test": ["day/s1", "day/s2"]}
    (folder / "splits.json").write_text(json.dumps(splits))
    made = untrained(
        folder / "store", folder / "labels.csv", folder / "run", splits=folder / "splits.json"
    )
    made.write_history([{"epoch": 1, "loss": 1.0}])
    return made


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_evaluate_counts_bouts_of_the_truth_beside_those_of_the_model(
    run: Run, longtake: Longtake
) -> None:
    code, out, _ = longtake("evaluate", run.path, "--bins", 0.05, "--bootstrap", 0)
    folder = run.evaluation_path("test")
    assert code == 0
    told = f"bouts of each class: {folder / 'bouts.csv'}; how often, how long: "
    assert f"{told}{folder / 'summary.csv'}\n" in out
    bouts, rows = rows_of(folder / "bouts.csv"), rows_of(folder / "summary.csv")
    true = [tuple(row.values())[:6] for row in bouts if row["source"] == "truth"]
    assert true == [
        ("day/s1", "truth", "a", "0.0", "1.5", "1.5"),
        ("day/s1", "truth", "b", "1.5", "4.0", "2.5"),
        ("day/s2", "truth", "a", "0.0", "6.0", "6.0"),
    ]
    found = {
        (row["sequence"], row["source"], row["class"], row["bin"]): list(row.values())[4:]
        for row in rows
    }
    assert len(found) == len(rows) == 2 * 2 * 2 * (1 + 2)
    assert found["day/s1", "truth", "b", "all"] == [
        *("0.0", "6.0", "4.0", "1", "2.5", "2.5", "", "0.625", "1.5", "900.0")
    ]
    assert found["day/s1", "truth", "b", "1"][:5] == ["0.0", "3.0", "3.0", "1", "1.5"]
    assert found["day/s1", "truth", "b", "2"][:5] == ["3.0", "6.0", "1.0", "0", "1.0"]
    for name in ("day/s1", "day/s2"):
        shares = [float(found[name, "prediction", label, "all"][7]) for label in "ab"]
        assert sum(shares) == pytest.approx(1)
    sure = [float(row["confidence"]) for row in bouts if row["source"] == "prediction"]
    assert sure
    assert all(0.5 <= share <= 1 for share in sure)
    page = (folder / "report.html").read_text()
    assert '<h2 id="bouts">Bouts</h2>' in page


def test_predict_counts_bouts_of_its_labels(run: Run, longtake: Longtake, tmp_path: Path) -> None:
    store, out = run.config.store, tmp_path / "out"
    code, printed, _ = longtake("predict", run.path, store, "--out", out)
    assert code == 0
    assert f"bouts of each class: {out / 'bouts.csv'}; how often, how long: " in printed
    bouts = rows_of(out / "bouts.csv")
    labels = rows_of(out / "labels.csv")
    assert [(r["sequence"], r["start"], r["end"], r["class"]) for r in bouts] == sorted(
        (r["sequence"], r["start"], r["end"], r["label"]) for r in labels
    )
    assert {row["source"] for row in bouts} == {"prediction"}
    assert {row["bin"] for row in rows_of(out / "summary.csv")} == {"all"}
    (out / "summary.csv").write_text("mine")
    said = refusal(longtake("predict", run.path, store, "--out", out))
    assert f"{out / 'summary.csv'} is not known to be as predict wrote it" in said
    assert (out / "summary.csv").read_text() == "mine"


def test_bins_that_make_no_sense_are_refused_before_any_work(
    run: Run, longtake: Longtake, tmp_path: Path
) -> None:
    for bins in ("0", "-1", "nan", "inf"):
        said = refusal(longtake("evaluate", run.path, "--bins", bins))
        assert f"--bins {bins}: expected minutes, more than 0; see" in said
    out = tmp_path / "out"
    said = refusal(
        longtake("predict", run.path, run.config.store, "--out", out, "--bins", "0.0000001")
    )
    assert "--bins 1e-07: 'day/s1' lasts 0:00:06 and would have 1,000,000 bins; expected" in said
    assert "524,288 at most with 2 classes; give more minutes" in said
    assert not out.exists()
    for task, outputs, what in (
        ("regression", "frame", "with numbers"),
        ("classification", "sequence", "once a sequence"),
    ):
        with pytest.raises(InputError, match=f"--bins 5: run answers {what}, without bouts"):
            require_bouts(5.0, Path("run"), task, outputs)
        require_bouts(None, Path("run"), task, outputs)


def test_tables_are_made_of_a_file_of_predictions_from_python(tmp_path: Path) -> None:
    arrays = {"s": {"probabilities": np.eye(2)[[0, 1, 1]], "true": [0, 0, 1]}}
    path = write_predictions(tmp_path / "p.h5", ["a", "b"], arrays)
    trainer.write_bouts(str(path), f"{tmp_path}/bouts.csv", f"{tmp_path}/summary.csv", bins=1)
    assert [row["class"] for row in rows_of(tmp_path / "bouts.csv")] == ["a", "b", "a", "b"]
    assert len(rows_of(tmp_path / "summary.csv")) == 2 * 2 * 2
    numbers = {"s": {"predicted": [[1.0]], "true": [[1.0]]}}
    path = write_predictions(tmp_path / "n.h5", ["x"], numbers, "regression")
    with pytest.raises(InputError, match="holds numbers, which have no bouts; expected classes"):
        trainer.write_bouts(path, tmp_path / "bouts.csv", tmp_path / "summary.csv")
    assert len(rows_of(tmp_path / "bouts.csv")) == 4  # As it was.

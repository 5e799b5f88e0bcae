"""The ways in which figures come out too good, as a new user meets them on the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_stores import write_sequence
from spoken import Longtake, speaking

PERSONS, EACH = 24, 3
QUICK = ("--units", 8, "--chunk-length", 10, "--learning-rate", 0.05, "--no-tensorboard")
QUICK += ("--normalize", "train", "--layers", 1, "--dropout", 0.2)
DEALT = ("--fractions", 0.6, 0.1, 0.3)


@pytest.fixture
def longtake(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Longtake:
    """Runs a command in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return speaking(capfd, monkeypatch)


@pytest.fixture
def persons(tmp_path: Path) -> Path:
    """Sequences that show who somebody is, and labels that nothing in them but that can tell."""
    generator = np.random.default_rng(0)
    rows = ["sequence,label"]
    for person in range(PERSONS):
        look = generator.normal(scale=2, size=32)
        for number in range(EACH):
            name = f"P{person:02d}_{number}"
            features = look + generator.normal(scale=0.3, size=(10, 32))
            write_sequence(tmp_path / "store", name, features, fingerprint=f"print of {name}")
            rows.append(f"{name},{('ill', 'well')[person % 2]}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    return tmp_path


def accuracy(run: Path) -> float:
    metrics = json.loads((run / "evaluation" / "test" / "metrics.json").read_text())
    assert metrics["seen"] == []
    return float(metrics["accuracy"])


@pytest.mark.slow
def test_persons_in_two_parts_make_figures_that_new_persons_do_not(
    longtake: Longtake, persons: Path
) -> None:
    common = ("train", "--store", "store", "--labels", "labels.csv", *QUICK, *DEALT)
    code, out, said = longtake(*common, "--epochs", 8, "--run", "careless")
    assert code == 0
    assert "note: ids look grouped by what stands before the first _ or -" in said
    assert "--group-by '^([^_-]+)' keeps each in one part, or refuses" in said
    assert "groups: " not in out
    code, out, said = longtake(*common, "--epochs", 8, "--run", "honest", "--group-by", "^([^_-]+)")
    assert code == 0
    assert "look grouped" not in said
    assert "groups: 14 in train, 2 in validation, 8 in test" in out
    for run in ("careless", "honest"):
        assert longtake("evaluate", run, "--bootstrap", 0)[0] == 0
    assert accuracy(persons / "careless") > 0.9
    assert accuracy(persons / "honest") < 0.7
    drawn = [json.loads(path.read_text())["bootstrap"] for path in persons.rglob("metrics.json")]
    assert sorted("groups" in found for found in drawn) == [False, True]


@pytest.mark.slow
def test_one_recording_under_two_names_is_refused_and_a_group_mends_it(
    longtake: Longtake, persons: Path
) -> None:
    copy = np.random.default_rng(1).normal(size=(10, 32))
    write_sequence(persons / "store", "copy", copy, fingerprint="print of P00_0")
    with (persons / "labels.csv").open("a") as file:
        file.write("\ncopy,ill")
    (persons / "splits.json").write_text(json.dumps({"train": ["copy"], "test": ["P00_0"]}))
    train = ("train", "--store", "store", "--labels", "labels.csv", *QUICK, "--epochs", 1)
    code, _, said = longtake(*train, "--run", "run", "--splits", "splits.json")
    assert code == 2
    assert "copy (train) and P00_0 (test) are the same recording" in said
    assert not (persons / "run").exists()
    names = [path.stem for path in (persons / "store").glob("*.h5")]
    groups = [f"{name},{'P00' if name == 'copy' else name[:3]}" for name in names]
    (persons / "groups.csv").write_text("\n".join(["sequence,group", *groups]))
    assert longtake(*train, "--run", "run", "--group-by", "groups.csv")[0] == 0
    splits = json.loads((persons / "run" / "splits.json").read_text())
    assert [{"copy", "P00_0"} <= set(splits[part]) for part in splits].count(True) == 1
    # Started again from elsewhere, with the table moved, it is the same run.
    (persons / "groups.csv").rename(persons / "moved.csv")
    assert longtake(*train, "--run", "run", "--group-by", "moved.csv")[0] == 0
    code, _, said = longtake(*train, "--run", "run", "--split-seed", 1, "--group-by", "moved.csv")
    assert code == 2
    assert "was begun with split-seed None, not 1" in said

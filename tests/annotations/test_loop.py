"""The loop: label in BORIS, train, predict, correct in BORIS, train again."""

import json
from pathlib import Path

import numpy as np
import pytest
from made_stores import FPS, write_sequence
from spoken import Longtake, speaking

from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from trainer.run.folder import Run

STEPS = 32


@pytest.fixture
def longtake(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Longtake:
    return speaking(capfd, monkeypatch)


def made(folder: Path, names: list[str]) -> list[tuple[str, float, float, str]]:
    """Makes sequences whose one feature is the class; returns their labels."""
    rows, half, generator = [], STEPS // 2, np.random.default_rng
    for number, name in enumerate(names):
        classes = np.repeat([number % 2, 1 - number % 2], half)
        features = classes[:, None] * 2.0 - 1.0 + generator(ord(name)).normal(0.0, 0.1, (STEPS, 1))
        write_sequence(folder, name, features, FPS, "import-test")
        for place, label in enumerate(("rest", "walk")[one] for one in classes[::half]):
            rows.append((name, place * half / FPS, (place + 1) * half / FPS, label))
    return rows


def test_label_train_predict_correct_and_train_again(
    longtake: Longtake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_intervals(Path("l.csv"), made(Path("old"), ["a", "b", "c", "d"]))
    assert longtake("labels", "l.csv", "--to", "boris", "--out", "mine.boris")[0] == 0
    small = ("--units", 4, "--layers", 1, "--lanes", 2, "--chunk-length", 16, "--epochs", 1)
    small += ("--cache", "none")
    given = ("--store", "old", "--labels", "mine.boris", "--run", "first")
    assert longtake("train", *given, *small)[0] == 0

    made(Path("new"), ["x", "y"])
    assert longtake("predict", "first", "new", "--out", "out", "--write", "boris")[0] == 0
    written = Path("out/annotations/labels.boris")
    project = json.loads(written.read_text())
    lasting = STEPS / FPS
    # Somebody says that all of x is rest, and that y is rest, then walk.
    changed = {"x": [(0.0, lasting, "rest")], "y": [(0.0, 3.0, "rest"), (3.0, lasting, "walk")]}
    for name, rows in changed.items():
        project["observations"][name]["events"] = [
            [time, "", label, "", ""] for start, end, label in rows for time in (start, end)
        ]
    written.write_text(json.dumps(project))
    code, _, err = longtake("predict", "first", "new", "--out", "out", "--write", "boris")
    assert code == 2
    assert "is not known to be as predict wrote it" in err

    made(Path("all"), ["a", "b", "c", "d", "x", "y"])
    given = ("--store", "all", "--labels", "mine.boris", written, "--run", "second")
    assert longtake("train", *given, *small, "--continue-from", "first")[0] == 0
    parts = Run(Path("second")).splits
    assert {*parts.train, *parts.validation, *parts.test} == set("abcdxy")
    code, out, _ = longtake("labels", *given[3:5], "--store", "all")
    assert code == 0
    rows = {line.split()[0]: line.split()[1:3] for line in out.splitlines()[2:4]}
    assert rows == {"rest": ["6", f"{4 * 4 + lasting + 3:g}"], "walk": ["5", f"{4 * 4 + 5:g}"]}
    assert FeatureStore(Path("all")).ids() == [*"abcdxy"]

"""Time without a label from training to new labels: left out and said to be, or background."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_stores import FPS, write_sequence

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.exit_codes import DONE
from trainer.config import TrainConfig
from trainer.evaluation.command import EvaluateConfig, evaluate, run_evaluate
from trainer.labelling.command import PredictConfig, run_predict
from trainer.report.label_section import label_section
from trainer.run.folder import Run
from trainer.training.command import run_train, train

NOTE = "% of the time of the {} has no label"


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> TrainConfig:
    """Sequences that show nothing in their first half, and their feature in the second."""
    folder = tmp_path_factory.mktemp("unlabelled")
    rows, generator = [], np.random.default_rng(0)
    for number in range(8):
        features = generator.normal(scale=0.1, size=(16, 2))
        features[8:, number % 2] += 3
        write_sequence(folder / "store", f"s{number}", features)
        rows.append((f"s{number}", 8 / FPS, 16 / FPS, ("left", "right")[number % 2]))
    write_intervals(folder / "labels.csv", rows)
    ids = [f"s{number}" for number in range(8)]
    parts = {"train": ids[:4], "validation": ids[4:6], "test": ids[6:]}
    (folder / "splits.json").write_text(json.dumps(parts))
    return TrainConfig(
        folder / "store",
        folder / "labels.csv",
        folder / "run",
        splits=folder / "splits.json",
        units=8,
        layers=1,
        chunk_length=8,
        lanes=2,
        epochs=30,
        learning_rate=0.02,
        dropout=0.0,
        tensorboard=False,
    )


@pytest.fixture(scope="module")
def background(task: TrainConfig) -> Run:
    return train(replace(task, run=task.run / "background", unlabelled="background"))


@pytest.mark.slow
def test_what_is_trained_on_is_told_before_it_is_trained_on(
    task: TrainConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    run_train(replace(task, run=task.run / "plain", epochs=1))
    out, err = capsys.readouterr()
    table = [
        "seconds, stretches and sequences of each class:",
        "                train  validation      test",
        "left        4  2    2    2  1   1   2  1  1",
    ]
    assert table[0] in out
    assert out.index(table[0]) < out.index("epoch 1")
    assert "50.0" + NOTE.format("sequences") in err
    run = Run(task.run / "plain")
    told = json.loads(run.labels_path.read_text())
    assert told["parts"]["train"]["class_seconds"] == [4.0, 4.0]
    assert told["parts"]["test"]["labelled"] == 4.0

    assert run_evaluate(EvaluateConfig(run.path)) == DONE
    metrics = json.loads((run.evaluation_path("test") / "metrics.json").read_text())
    assert metrics["labelled_share"] == 0.5
    assert "50.0" + NOTE.format("test split") in capsys.readouterr().err
    page = (run.evaluation_path("test") / "report.html").read_text()
    assert "50.0" + NOTE.format("test split") in page
    assert "What it was trained on: classes in each part, 1 remark</summary>" in page
    assert "50.0" + NOTE.format("sequences") in page

    damaged = ('{"parts": 3}', "[]", "{", run.labels_path.read_text().replace("[2, 2]", "[1e999]"))
    for text in damaged:
        run.labels_path.write_text(text)
        assert label_section(run.labels_path) is None
        assert "the report goes without its table" in capsys.readouterr().err


@pytest.mark.slow
def test_where_somebody_has_chosen_nothing_needs_to_be_said(
    task: TrainConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(replace(task, run=task.run / "ignore", epochs=1, unlabelled="ignore"))
    metrics = evaluate(EvaluateConfig(run.path))
    assert metrics["labelled_share"] == 0.5
    assert metrics["steps"] == 16
    assert "has no label" not in capsys.readouterr().err
    assert "has no label" not in (run.evaluation_path("test") / "report.html").read_text()


def test_background_is_trained_counted_and_predicted(
    task: TrainConfig, background: Run, tmp_path: Path
) -> None:
    assert background.facts.classes == ("background", "left", "right")
    metrics = evaluate(EvaluateConfig(background.path))
    assert (metrics["labelled_share"], metrics["steps"]) == (1.0, 32)
    assert metrics["per_class"]["background"]["steps"] == 16
    assert metrics["accuracy"] == 1.0
    left_out = evaluate(EvaluateConfig(background.path, ignore_label=("background",)))
    assert (left_out["labelled_share"], left_out["steps"]) == (0.5, 16)

    run_predict(PredictConfig(background.path, (task.store,), tmp_path / "out"))
    with (tmp_path / "out" / "labels.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["sequence"] == "s0"]
    assert [row["label"] for row in rows] == ["background", "left"]
    store = FeatureStore(task.store)
    said, written = (
        read_labels(LabelOptions(path, unlabelled="background"), store)
        for path in (*task.labels, tmp_path / "out" / "labels.csv")
    )
    info, times = store.info("s7"), store.timestamps("s7")
    assert said.at(info, 0, times).tolist() == written.at(info, 0, times).tolist()


def test_a_run_that_is_continued_keeps_its_background(
    task: TrainConfig, background: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    config = replace(task, run=task.run / "more", epochs=1, continue_from=background.path)
    more = train(config)
    assert f"--unlabelled background, as in {background.path}" in capsys.readouterr().err
    assert more.config.unlabelled == "background"
    assert more.facts.classes == background.facts.classes
    with pytest.raises(InputError, match="--unlabelled ignore, but the model of"):
        train(replace(config, run=task.run / "other", unlabelled="ignore"))

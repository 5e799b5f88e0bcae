"""The table with a row a step."""

import csv
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from label_inputs import write
from prediction_files import write_predictions

from preprocessing.store.feature_store import FeatureStore
from trainer.labelling import step_table
from trainer.labelling.step_table import write_steps
from trainer.predictions.reader import open_answers

CLASSES = ("walk, slowly", "=1+1")


def lines(
    folder: Path, task: str, arrays: Any, horizon: int = 0, classes: Sequence[str] = CLASSES
) -> list[list[str]]:
    """Writes the answers to a sequence of 4 steps a second, which players show from second 2 on."""
    steps = len(arrays["true"])
    times = 2.5 + np.arange(steps) / 4
    write(folder / "store", "day/s", times, start_time=2.0)
    store = FeatureStore(folder / "store")
    path = write_predictions(
        folder / "p.h5", classes, {"day/s": arrays}, task, horizon, {"day/s": times}
    )
    with open_answers(path) as answers:
        write_steps(folder / "steps.csv", [store.info("day/s")], answers)
    with (folder / "steps.csv").open(newline="") as file:
        return list(csv.reader(file))


def test_a_step_has_its_label_and_the_probability_of_each_class(tmp_path: Path) -> None:
    arrays = {"probabilities": [[0.9, 0.1], [0.4, 0.6]], "true": [-1, -1]}
    expected = ["sequence", "time", "label", "confidence", *CLASSES]
    assert lines(tmp_path, "classification", arrays) == [
        expected,
        ["day/s", "0.5", "walk, slowly", "0.9", "0.9", "0.1"],
        ["day/s", "0.75", "=1+1", "0.6", "0.4", "0.6"],
    ]
    arrays["decoded"] = [0, 0]  # The label is decoded, and the confidence is that of the label.
    assert lines(tmp_path, "classification", arrays)[2][2:4] == ["walk, slowly", "0.4"]
    # A step of the model ahead is about the step that it tells of.
    assert [row[1] for row in lines(tmp_path, "classification", arrays, horizon=1)] == [
        *("time", "0.75", "1.0")
    ]


def test_no_two_columns_are_called_the_same(tmp_path: Path) -> None:
    arrays = {"probabilities": [[0.9, 0.1]], "true": [-1]}
    assert lines(tmp_path, "classification", arrays, classes=("label", "time"))[0] == [
        *("sequence", "time", "label", "confidence", "probability of label", "probability of time")
    ]


def test_several_labels_stand_side_by_side(tmp_path: Path) -> None:
    arrays = {"probabilities": [[0.9, 0.7], [0.4, 0.2], [0.1, 0.8]], "true": -np.ones((3, 2))}
    assert lines(tmp_path, "multilabel", arrays)[1:] == [
        ["day/s", "0.5", "walk, slowly|=1+1", "0.7", "0.9", "0.7"],
        ["day/s", "0.75", "", "", "0.4", "0.2"],
        ["day/s", "1.0", "=1+1", "0.8", "0.1", "0.8"],
    ]


def test_numbers_are_written_as_they_are(tmp_path: Path) -> None:
    arrays = {"predicted": [[1.5, -0.1]], "true": [[np.nan] * 2]}
    assert lines(tmp_path, "regression", arrays) == [
        ["sequence", "time", *CLASSES],
        ["day/s", "0.5", "1.5", "-0.1"],
    ]


@settings(max_examples=20)
@given(shares=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=9))
def test_rows_are_the_answers_whatever_is_read_at_once(shares: list[float]) -> None:
    probabilities = np.array([[share, 1 - share] for share in shares])
    arrays = {"probabilities": probabilities, "true": [-1] * len(shares)}
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(step_table, "NUMBERS_AT_ONCE", 4)
        _, *rows = lines(Path(name), "classification", arrays)
    assert [float(row[1]) for row in rows] == [0.5 + step / 4 for step in range(len(shares))]
    found = np.array([row[4:] for row in rows], float)
    np.testing.assert_allclose(found, probabilities, atol=1e-6)
    assert [row[2] for row in rows] == [CLASSES[number] for number in probabilities.argmax(1)]
    assert [row[3] for row in rows] == [max(row[4:], key=float) for row in rows]

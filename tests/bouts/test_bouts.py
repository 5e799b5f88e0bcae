"""Bouts are what somebody would find who looked at each class by itself, step by step."""

import csv
import itertools
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from label_inputs import info_of
from prediction_files import write_predictions

from preprocessing.store.sequence_info import SequenceInfo
from trainer.bouts import finding
from trainer.bouts.bins import bin_edges
from trainer.bouts.tables import write_bouts
from trainer.labelling.label_file import write_predicted_labels

CLASSES = ("a", "b", "c")
STEP = 0.25
Row = dict[str, str]


def tables(folder: Path, path: Path, **options: Any) -> tuple[list[Row], list[Row]]:
    """The rows of both tables of a file of predictions."""
    write_bouts(path, folder / "bouts.csv", folder / "summary.csv", **options)
    with (folder / "bouts.csv").open() as one, (folder / "summary.csv").open() as other:
        return list(csv.DictReader(one)), list(csv.DictReader(other))


def known(steps: int, start: float = 0.0) -> SequenceInfo:
    """What a store would say of ``s``, whose labels count from second ``start``."""
    return replace(info_of("s", steps), start_time=start)


def naive_bouts(labels: Sequence[int], shares: Any) -> Iterator[tuple[str, float, float, float]]:
    """Class, start, end and confidence of each bout of one label a step."""
    step = 0
    for label, group in itertools.groupby(labels):
        count = len(list(group))
        if label >= 0:
            mean = statistics.fmean(shares[n][label] for n in range(step, step + count))
            yield CLASSES[label], step * STEP, (step + count) * STEP, mean
        step += count


@st.composite
def answered(draw: st.DrawFn) -> dict[str, Any]:
    """A sequence of up to 12 steps: truth with gaps, and how probable each class is."""
    steps = draw(st.integers(1, 12))
    true = draw(st.lists(st.integers(-1, 2), min_size=steps, max_size=steps))
    cell = st.integers(0, 8).map(lambda eighths: eighths / 8)
    row = st.tuples(cell, cell, cell)
    return {"true": true, "probabilities": draw(st.lists(row, min_size=steps, max_size=steps))}


@settings(max_examples=40)
@given(arrays=answered(), at_once=st.integers(1, 5), start=st.sampled_from([0.0, 2.0]))
def test_bouts_are_those_of_a_look_at_each_step(
    arrays: dict[str, Any], at_once: int, start: float
) -> None:
    predicted = np.argmax(arrays["probabilities"], -1).tolist()
    small = patch.object(finding, "NUMBERS_AT_ONCE", at_once * (len(CLASSES) + 1))
    with tempfile.TemporaryDirectory() as name, small:
        folder = Path(name)
        info = known(len(predicted), start)
        times = {"s": start + np.arange(len(predicted)) * STEP}
        path = write_predictions(folder / "p.h5", CLASSES, {"s": arrays}, times=times)
        rows, _ = tables(folder, path, infos=[info])
    said = [tuple(row.values()) for row in rows if row["source"] == "prediction"]
    assert [(row[2], *map(float, row[3:5])) for row in said] == [
        bout[:3] for bout in naive_bouts(predicted, arrays["probabilities"])
    ]
    for row, bout in zip(said, naive_bouts(predicted, arrays["probabilities"]), strict=True):
        assert float(row[5]) == bout[2] - bout[1]
        assert float(row[6]) == pytest.approx(bout[3])
    told = [tuple(row.values()) for row in rows if row["source"] == "truth"]
    assert [(row[2], *map(float, row[3:5])) for row in told] == [
        bout[:3] for bout in naive_bouts(arrays["true"], arrays["probabilities"])
    ]
    assert {row[6] for row in told} <= {""}  # Nobody says how sure a person was.


@settings(max_examples=40)
@given(
    marks=st.lists(st.tuples(*[st.booleans()] * 3), min_size=1, max_size=9),
    horizon=st.integers(0, 3),
)
def test_predicted_bouts_are_the_intervals_of_the_label_file(
    marks: list[tuple[bool, ...]], horizon: int
) -> None:
    arrays = {"probabilities": np.array(marks, float), "true": np.zeros((len(marks), 3))}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        info = known(len(marks))
        path = write_predictions(folder / "p.h5", CLASSES, {"s": arrays}, "multilabel", horizon)
        rows, _ = tables(folder, path, infos=[info], truth=False)
        write_predicted_labels(folder / "labels.csv", [info], path, "frame")
        with (folder / "labels.csv").open() as file:
            expected = [row for row in csv.DictReader(file) if row["label"]]
    assert [(row["start"], row["end"], row["class"]) for row in rows] == [
        (row["start"], row["end"], row["label"]) for row in expected
    ]
    assert {row["confidence"] for row in rows} <= {"1.0"}


def test_decoded_answers_count_where_there_are_any(tmp_path: Path) -> None:
    raw = np.array([[0.9, 0.1, 0], [0.2, 0.8, 0], [0.7, 0.3, 0]])
    arrays = {"probabilities": raw, "true": [0, 0, 0], "decoded": [0, 0, 0]}
    path = write_predictions(tmp_path / "p.h5", CLASSES, {"s": arrays})
    rows, _ = tables(tmp_path, path, truth=False)
    assert [tuple(row.values()) for row in rows] == [
        ("s", "prediction", "a", "0.0", "0.75", "0.75", "0.6")  # The mean of 0.9, 0.2 and 0.7.
    ]


SUMMED = ("bouts", "total", "seconds")


@settings(max_examples=40)
@given(arrays=answered(), minutes=st.sampled_from([0.005, 0.01, 1 / 60, 0.5]))
@example(arrays={"true": [-1], "probabilities": [(1, 0, 0)]}, minutes=0.005)
def test_a_summary_counts_bouts_where_they_begin_and_time_where_it_is_spent(
    arrays: dict[str, Any], minutes: float
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        info = known(len(arrays["true"]))
        path = write_predictions(folder / "p.h5", CLASSES, {"s": arrays})
        bouts, rows = tables(folder, path, infos=[info], bins=minutes)
    for source, label in itertools.product(("truth", "prediction"), CLASSES):
        own = [row for row in rows if (row["source"], row["class"]) == (source, label)]
        whole, *bins = own
        found = [row for row in bouts if (row["source"], row["class"]) == (source, label)]
        durations = [float(row["duration"]) for row in found]
        assert whole["bin"] == "all"
        assert int(whole["bouts"]) == len(found)
        assert float(whole["total"]) == pytest.approx(sum(durations))
        assert whole["latency"] == (found[0]["start"] if found else "")
        if found:
            assert float(whole["mean"]) == pytest.approx(statistics.mean(durations))
        if len(found) > 1:
            assert float(whole["sd"]) == pytest.approx(statistics.stdev(durations), abs=1e-8)
        else:
            assert whole["sd"] == ""
        seconds = float(whole["seconds"])
        if seconds:
            assert float(whole["share"]) == pytest.approx(sum(durations) / seconds)
            assert float(whole["rate"]) == pytest.approx(3600 * len(found) / seconds)
        else:
            assert (whole["share"], whole["rate"]) == ("", "")
        for column in SUMMED:
            parts = [float(row[column]) for row in bins]
            assert sum(parts) == pytest.approx(float(whole[column]))
        for row in bins:
            begin, end = float(row["from"]), float(row["to"])
            spans = [(float(one["start"]), float(one["end"])) for one in found]
            late = [max(one - begin, 0.0) for one, last in spans if begin < last and one < end]
            assert (row["latency"] == "") == (not late)
            assert not late or float(row["latency"]) == pytest.approx(late[0], abs=1e-8)
    labelled = sum(label >= 0 for label in arrays["true"]) * STEP
    assert float(rows[0]["seconds"]) == pytest.approx(labelled)


def test_bins_cover_a_sequence_and_no_more() -> None:
    assert bin_edges(1, 150.0) == [0.0, 60.0, 120.0, 150.0]
    assert bin_edges(5, 150.0) == [0.0, 150.0]
    assert bin_edges(0.1, 18.0) == [0.0, 6.0, 12.0, 18.0]
    assert bin_edges(1, 0.0) == [0.0, 0.0]

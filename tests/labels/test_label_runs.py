"""Labels of steps, as intervals, meet the same steps again whatever their times are."""

import itertools
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from preprocessing.labels.base import UNLABELLED, LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.labels.runs import LabelRuns
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin

quick = settings(deadline=None, max_examples=80)


def joined(named: list[str], times: np.ndarray, block: int, start_time: float) -> list:
    runs = LabelRuns()
    for start in range(0, len(named), block):
        runs.add(times[start : start + block], named[start : start + block])
    return list(runs.intervals(start_time, 0))


def read_back(named: list[str], times: np.ndarray, block: int, start_time: float) -> list[str]:
    """What a store of such steps says of intervals made of their labels."""
    with tempfile.TemporaryDirectory() as folder:
        origin = Origin("a", "", "native", "test", "", "{}")
        with SequenceWriter(Path(folder, "a.h5"), 1, origin, start_time=start_time) as writer:
            writer.append(times, np.zeros((len(times), 1)))
        store = FeatureStore(folder)
        path = Path(folder, "labels.csv")
        rows = [("a", *interval) for interval in joined(named, times, block, start_time)]
        write_intervals(path, rows)
        labels = read_labels(LabelOptions(path, tolerance=0.1), store)
        info = store.info("a")
        labels.check(info)
        indices = labels.at(info, 0, store.timestamps("a"))
        store.close()
        return ["" if i == UNLABELLED else labels.classes[i] for i in indices]


@quick
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["", "a", "b"]), st.sampled_from([1e-6, 1e-4, 1e-3, 0.04, 9.0])),
        min_size=1,
        max_size=30,
    ).filter(lambda steps: any(name for name, _ in steps)),
    first=st.sampled_from([0.0, -3.7, 5702.026, 1.7e9]),
    block=st.integers(1, 8),
)
@example(steps=[("a", 1.0)], first=5.0, block=1)
@example(steps=[("a", 9.0), ("a", 1e-4), ("b", 1e-4), ("a", 9.0)], first=0.0, block=2)
def test_each_step_gets_its_own_label_back(steps, first, block):
    named = [name for name, _ in steps]
    times = first + np.array([0, *itertools.accumulate(gap for _, gap in steps[1:])])
    assert read_back(named, times, block, start_time=first) == named


def test_edges_are_the_times_of_steps_where_those_are_far_enough_apart():
    times = 100 + np.array([0.0, 0.5, 1.25, 2.0])
    assert joined(["a", "b", "b", ""], times, 4, 100.0) == [(0.0, 0.5, "a"), (0.5, 2.0, "b")]


def test_the_last_interval_ends_a_usual_step_after_the_last_step():
    times = np.array([0.0, 1.0, 2.0, 3600.0])
    assert joined(["a", "a", "a", "a"], times, 4, 0.0) == [(0.0, 3601.0, "a")]


def test_what_lies_before_the_start_has_no_interval():
    times = np.array([1.0, 2.0, 3.0, 4.0])
    assert joined(["a", "b", "b", "c"], times, 4, 2.5) == [(0.0, 1.5, "b"), (1.5, 2.5, "c")]


def test_no_steps_make_no_intervals():
    assert LabelRuns().intervals(0.0, 0.04) == []


def test_names_and_times_must_be_as_many():
    with pytest.raises(ValueError, match="a name a step"):
        LabelRuns().add(np.arange(3.0), ["a", "b"])

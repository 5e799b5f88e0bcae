"""Labels of which a step may have any number."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from label_inputs import read, small_store, targets_of, text_folder, write

from preprocessing.errors import InputError
from preprocessing.labels.base import UNLABELLED, LabelOptions, Labels, labelled
from preprocessing.labels.frames import FrameLabels
from preprocessing.labels.intervals import IntervalLabels
from preprocessing.labels.reading import read_labels
from preprocessing.labels.stretches import named_intervals
from preprocessing.labels.writing import write_intervals
from preprocessing.store.feature_store import FeatureStore

quick = settings(deadline=None, max_examples=50)

NAMES = ("a", "b", "c", "d")
SHOWN = st.sets(st.sampled_from([*NAMES, "ignored"]))
# Eighths of a second are exact, so that edges can meet.
EDGES = st.tuples(st.integers(0, 40), st.integers(1, 20)).map(lambda e: (e[0] / 8, sum(e) / 8))
HEADER = "sequence,start,end,label\n"


@pytest.fixture
def store(tmp_path) -> FeatureStore:
    return small_store(tmp_path / "store")


@pytest.fixture
def csv_path(tmp_path) -> Path:
    return tmp_path / "labels.csv"


def rows_of(shown: list[set[str] | None], classes: tuple[str, ...]) -> np.ndarray:
    """Targets that say which names each step shows; None, or an ignored name, makes a row NaN."""
    rows = np.full((len(shown), len(classes)), np.nan, np.float32)
    for row, names in zip(rows, shown, strict=True):
        if names is not None and "ignored" not in names:
            row[:] = [name in names for name in classes]
    return rows


def shown(labels: Labels, store: FeatureStore, sequence_id: str) -> list[str | None]:
    """The names of each step in one string, None for a step without a label."""
    targets = targets_of(labels, store, sequence_id)
    assert targets.dtype == np.float32
    assert set(np.unique(targets[labelled(targets)])) <= {0, 1}
    assert np.isnan(targets[~labelled(targets)]).all()
    return [
        "".join(name for name, on in zip(labels.classes, row, strict=True) if on) if known else None
        for row, known in zip(targets, labelled(targets), strict=True)
    ]


@quick
@given(
    intervals=st.lists(st.tuples(EDGES, st.sampled_from([*NAMES, "ignored", ""])), min_size=1),
    start_time=st.sampled_from([0.0, 0.5, 1024.25]),
    data=st.data(),
)
def test_a_step_has_the_classes_of_all_intervals_in_which_it_begins(intervals, start_time, data):
    options = LabelOptions(Path("labels.csv"), ignored=("ignored",), task="multilabel")
    rows = [("s", start, end, label) for (start, end), label in intervals]
    if not {label for _, label in intervals} & set(NAMES):
        with pytest.raises(InputError, match="holds no label"):
            IntervalLabels(rows, options)
        return
    labels = IntervalLabels(rows, options)
    steps = np.arange(70) / 8
    expected = [
        {label for (start, end), label in intervals if start <= step < end} for step in steps
    ]
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "s", steps + start_time, start_time)
        store = FeatureStore(folder)
        cuts = data.draw(st.lists(st.integers(0, len(steps)), max_size=4))
        targets = targets_of(labels, store, "s", *cuts)
        store.close()
    np.testing.assert_array_equal(targets, rows_of(expected, labels.classes))
    np.testing.assert_array_equal(labelled(targets), ["ignored" not in names for names in expected])


@quick
@given(named=st.lists(SHOWN, min_size=1, max_size=20), data=st.data())
def test_a_line_names_the_classes_of_its_step(named, data):
    lines = [data.draw(st.sampled_from([",", ", ", " ,,"])).join(sorted(names)) for names in named]
    options = LabelOptions(Path("labels"), ignored=("ignored",), task="multilabel")
    if not set().union(*named) & set(NAMES):
        with pytest.raises(InputError, match="holds no label"):
            FrameLabels([("s", lines)], options)
        return
    labels = FrameLabels([("s", lines)], options)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "s", np.arange(len(named)) / 4)
        store = FeatureStore(folder)
        cuts = data.draw(st.lists(st.integers(0, len(named)), max_size=4))
        targets = targets_of(labels, store, "s", *cuts)
        store.close()
    np.testing.assert_array_equal(targets, rows_of(named, labels.classes))


@quick
@given(st.lists(st.sampled_from(["", *NAMES]), min_size=1, max_size=30).filter(any))
def test_intervals_that_do_not_overlap_say_the_same_of_both_tasks(named):
    times = np.arange(len(named) + 1) / 4
    rows = [("s", *interval) for interval in named_intervals(named, times)]
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "s", times[:-1])
        store = FeatureStore(folder)
        one, many = (
            targets_of(IntervalLabels(rows, LabelOptions(Path("l"), task=task)), store, "s")
            for task in ("classification", "multilabel")
        )
        store.close()
    np.testing.assert_array_equal(many.sum(axis=1), one != UNLABELLED)
    np.testing.assert_array_equal(many.argmax(axis=1)[labelled(one)], one[labelled(one)])


@quick
@given(st.lists(st.sets(st.sampled_from(NAMES)), min_size=1, max_size=20).filter(any))
def test_predicted_intervals_of_each_class_read_back_to_the_same_steps(named):
    times = np.cumsum([0.0, *(0.1 + step / 7 for step in range(len(named)))])
    classes = tuple(sorted(set().union(*named)))
    rows = [
        ("s", *interval)
        for name in classes
        for interval in named_intervals([name if name in names else "" for names in named], times)
    ]
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, "store"), "s", times[:-1])
        store = FeatureStore(Path(folder, "store"))
        path = Path(folder, "labels.csv")
        write_intervals(path, rows)
        labels = read_labels(LabelOptions(path, task="multilabel", tolerance=5), store)
        labels.check(store.info("s"))
        assert labels.classes == classes
        np.testing.assert_array_equal(targets_of(labels, store, "s"), rows_of(named, classes))
        store.close()


def test_intervals_overlap_and_the_time_between_them_counts(store, csv_path):
    content = f"{HEADER}a,0,1,x\na,0.5,1.5,y\na,0.75,1,x\n"
    labels = read(csv_path, store, content, task="multilabel")
    labels.check(store.info("a"))
    assert labels.classes == ("x", "y")
    assert shown(labels, store, "a") == ["x", "x", "xy", "xy", "y", "y", "", ""]


def test_nothing_is_known_where_an_ignored_name_is(tmp_path, store, csv_path):
    content = f"{HEADER}a,0,2,x\na,0.5,1,unclear\n"
    labels = read(csv_path, store, content, task="multilabel", ignored=("unclear",))
    assert labels.classes == ("x",)
    assert labels.names == {"x", "unclear"}
    assert shown(labels, store, "a") == ["x", "x", None, None, "x", "x", "x", "x"]
    folder = text_folder(tmp_path, a="x\nx,unclear\nunclear\n\nx\nx\nx\nx")
    labels = read_labels(LabelOptions(folder, task="multilabel", ignored=("unclear",)), store)
    assert shown(labels, store, "a") == ["x", None, None, "", "x", "x", "x", "x"]


def test_an_interval_without_a_name_says_that_nothing_happens(store, csv_path):
    labels = read(csv_path, store, f"{HEADER}a,0,2,\nb,0,1,x\n", task="multilabel")
    assert set(labels.ids()) == {"a", "b"}
    assert shown(labels, store, "a") == [""] * 8


def test_a_text_file_of_empty_lines_says_that_nothing_happens(tmp_path, store):
    folder = text_folder(tmp_path, a="\n" * 8, b="x, y\n" * 8)
    labels = read_labels(LabelOptions(folder, task="multilabel"), store)
    labels.check(store.info("a"))
    assert shown(labels, store, "a") == [""] * 8
    assert shown(labels, store, "b") == ["xy"] * 8


def test_an_empty_text_file_is_refused_by_name(tmp_path, store):
    with pytest.raises(InputError, match=r"a\.txt is empty"):
        read_labels(LabelOptions(text_folder(tmp_path, a=""), task="multilabel"), store)


def test_lines_of_another_rate_are_taken_by_time_and_end_somewhere(tmp_path, store):
    folder = text_folder(tmp_path, a="x\nx,y\n\n")
    labels = read_labels(LabelOptions(folder, fps=2, task="multilabel"), store)
    labels.check(store.info("a"))
    assert shown(labels, store, "a") == ["x", "x", "xy", "xy", "", "", None, None]


def test_a_sequence_has_as_many_rows_as_labels(store, csv_path):
    labels = read(csv_path, store, "sequence,label\na,y\nb,\na,x\na,y\n", task="multilabel")
    assert shown(labels, store, "a") == ["xy"] * 8
    assert shown(labels, store, "b") == [""] * 8


def test_a_folder_is_the_label_of_the_sequences_in_it(tmp_path):
    for sequence_id in ("x/1", "y/1"):
        write(tmp_path, sequence_id, np.arange(3) / 4)
    store = FeatureStore(tmp_path)
    labels = read_labels(LabelOptions(Path("folders"), task="multilabel"), store)
    assert shown(labels, store, "y/1") == ["y"] * 3


def test_labels_count_by_the_classes_of_a_model(store, csv_path):
    labels = read(csv_path, store, f"{HEADER}a,0,1,x\na,0,2,y\n", task="multilabel")
    labels.use_classes(["y", "new", "x"])
    targets = targets_of(labels, store, "a")
    np.testing.assert_array_equal(targets, [[1, 0, 1]] * 4 + [[1, 0, 0]] * 4)
    with pytest.raises(InputError, match=r"'new'.*not trained on; it knows x, y"):
        labels.use_classes(["x", "y"])


def test_intervals_longer_than_the_video_are_refused_with_both_lengths(store, csv_path):
    content = f"{HEADER}a,0,7.5,x\na,1,2,y\n"
    labels = read(csv_path, store, content, task="multilabel")
    with pytest.raises(InputError, match=r"of a in .* last 7\.50 s, the sequence lasts 2\.00 s"):
        labels.check(store.info("a"))


def test_labels_that_are_all_ignored_are_refused(store, csv_path):
    with pytest.raises(InputError, match="holds no label"):
        read(csv_path, store, "sequence,label\na,x\n", task="multilabel", ignored=("x",))

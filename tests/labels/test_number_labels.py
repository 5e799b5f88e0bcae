"""Labels that are numbers, for regression."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from label_inputs import read, small_store, targets_of, text_folder, write

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions, labelled, rounding_seconds
from preprocessing.labels.numbers import NumberLabels
from preprocessing.labels.reading import read_labels
from preprocessing.labels.writing import write_numbers
from preprocessing.store.feature_store import FeatureStore

quick = settings(deadline=None, max_examples=50)

VALUES = st.floats(-1000, 1000, width=32)
GAPS = st.floats(0.01, 3)
OPTIONS = LabelOptions(Path("labels.csv"), task="regression")


@pytest.fixture
def store(tmp_path) -> FeatureStore:
    return small_store(tmp_path / "store")


@pytest.fixture
def csv_path(tmp_path) -> Path:
    return tmp_path / "labels.csv"


@quick
@given(
    rows=st.lists(st.tuples(GAPS, VALUES, VALUES), min_size=1, max_size=20),
    steps=st.lists(GAPS, min_size=1, max_size=30),
    start_time=st.sampled_from([0.0, 0.7, 1234.56789]),
    data=st.data(),
)
def test_a_step_is_on_the_line_between_the_rows_around_it(rows, steps, start_time, data):
    row_times = np.cumsum([gap for gap, _, _ in rows])
    values = np.array([row[1:] for row in rows])
    order = data.draw(st.permutations(range(len(rows))))
    labels = NumberLabels(
        ["x", "y"], [("s", row_times[row], values[row]) for row in order], OPTIONS
    )
    times = np.cumsum(steps)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "s", times + start_time, start_time)
        store = FeatureStore(folder)
        seconds = store.timestamps("s") - start_time
        cuts = data.draw(st.lists(st.integers(0, len(steps)), max_size=4))
        targets = targets_of(labels, store, "s", *cuts)
        rounding = rounding_seconds(store.info("s").step_seconds)
        np.testing.assert_array_equal(targets, targets_of(labels, store, "s"))
        store.close()
    assert targets.dtype == np.float32
    inside = (seconds >= row_times[0] - rounding) & (seconds <= row_times[-1] + rounding)
    np.testing.assert_array_equal(labelled(targets), inside)
    assert np.isnan(targets[~inside]).all()
    for column in range(2):
        expected = np.interp(seconds, row_times, values[:, column])
        np.testing.assert_allclose(targets[inside, column], expected[inside], rtol=1e-6, atol=1e-3)


@quick
@given(
    steps=st.lists(
        st.tuples(
            st.floats(1e-3, 3), *[st.floats(width=32, allow_nan=False, allow_infinity=False)] * 2
        ),
        min_size=1,
        max_size=20,
    ),
    start_time=st.sampled_from([0.0, 0.7, 1234.56789]),
)
@example(steps=[(1.0, float(np.finfo(np.float32).max), 1e-45)], start_time=0.7)
def test_numbers_that_were_written_read_back_the_same(steps, start_time):
    values = np.array([row[1:] for row in steps], np.float32)
    columns = ("width, cm", 'the "angle"')
    with tempfile.TemporaryDirectory() as folder:
        write(
            Path(folder, "store"),
            "s",
            start_time + np.cumsum([row[0] for row in steps]),
            start_time,
        )
        store = FeatureStore(Path(folder, "store"))
        seconds = store.timestamps("s") - start_time
        path = Path(folder, "labels.csv")
        rows = zip(seconds, values, strict=True)
        write_numbers(path, columns, (("s", time, *row) for time, row in rows))
        labels = read_labels(LabelOptions(path, task="regression", tolerance=5), store)
        labels.check(store.info("s"))
        assert labels.classes == columns
        np.testing.assert_array_equal(targets_of(labels, store, "s"), values)
        store.close()


@quick
@given(st.lists(st.one_of(st.none(), VALUES), min_size=2, max_size=12), st.integers(1, 4))
def test_an_empty_cell_takes_the_value_from_the_row_before_to_the_row_after_it(cells, between):
    """Rows a second apart, ``between`` steps from one row to the next."""
    times = np.arange((len(cells) - 1) * between + 1) / between
    rows = [("s", float(row), [np.nan if c is None else c]) for row, c in enumerate(cells)]
    labels = NumberLabels(["x"], rows, OPTIONS)
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "s", times)
        store = FeatureStore(folder)
        targets = targets_of(labels, store, "s")
        store.close()
    for step, known in enumerate(labelled(targets)):
        row, rest = divmod(step, between)
        needed = cells[row : row + 2] if rest else cells[row : row + 1]
        assert known == (None not in needed)
        if not rest and known:
            assert targets[step, 0] == np.float32(cells[row])


def test_numbers_of_a_file_are_lines_between_its_rows(store, csv_path):
    content = "sequence,time,Angle,width\na,1.5,0,30\na,0.5,10,10\nb,0,1,1\n"
    labels = read(csv_path, store, content, task="regression")
    labels.check(store.info("a"))
    assert labels.ids() == {"a", "b"}
    assert labels.classes == ("Angle", "width")
    expected = [[10, 10], [7.5, 15], [5, 20], [2.5, 25], [0, 30]]
    targets = targets_of(labels, store, "a")
    np.testing.assert_array_equal(targets, [[np.nan] * 2] * 2 + expected + [[np.nan] * 2])
    assert labelled(targets_of(labels, store, "b")).tolist() == [True] + [False] * 7


def test_a_step_without_one_of_the_numbers_has_no_label(store, csv_path):
    content = "sequence,time,x,y\na,0,1,1\na,1,,2\na,2,3,3\n"
    labels = read(csv_path, store, content, task="regression")
    targets = targets_of(labels, store, "a")
    assert labelled(targets).tolist() == [True] + [False] * 7
    assert np.isnan(targets[1:]).all()
    alone = read(csv_path, store, content, task="regression", ignored=("x",))
    assert alone.classes == ("y",)
    assert labelled(targets_of(alone, store, "a")).all()


@pytest.mark.parametrize("fps", [24, 30, 30000 / 1001, 60])
def test_times_that_a_container_rounded_still_meet_their_rows(tmp_path, fps):
    """Every other value is missing, so there is no line to any step."""
    exact = np.arange(100) / fps
    write(tmp_path / "store", "a", np.round(exact, 3))
    store = FeatureStore(tmp_path / "store")
    values = np.where(np.arange(100) % 2, np.nan, np.arange(100.0))
    rows = [("a", time, [value]) for time, value in zip(exact, values, strict=True)]
    labels = NumberLabels(["x"], rows, OPTIONS)
    np.testing.assert_array_equal(targets_of(labels, store, "a")[:, 0], values.astype("float32"))


def test_times_count_from_the_start_of_the_video_and_may_begin_before_it(tmp_path, csv_path):
    write(tmp_path / "late", "a", 10 + np.arange(8) / 4, start_time=10.0)
    store = FeatureStore(tmp_path / "late")
    labels = read(csv_path, store, "sequence,time,x\na,-2,-2\na,2,2\n", task="regression")
    labels.check(store.info("a"))
    np.testing.assert_array_equal(targets_of(labels, store, "a")[:, 0], np.arange(8) / 4)


def test_numbers_that_go_on_after_the_video_are_refused_with_both_lengths(store, csv_path):
    content = "sequence,time,x\na,7.5,1\na,0,1\n"
    labels = read(csv_path, store, content, task="regression")
    with pytest.raises(InputError, match=r"of a in .* last 7\.50 s, the sequence lasts 2\.00 s"):
        labels.check(store.info("a"))
    read(csv_path, store, content, task="regression", tolerance=5.5).check(store.info("a"))


def test_columns_are_in_the_order_of_the_model(store, csv_path):
    content = "sequence,time,x,y,z\na,0,1,2,3\na,2,1,2,3\n"
    labels = read(csv_path, store, content, task="regression")
    for order, expected in ((("z", "x", "y"), [3, 1, 2]), (("y", "z", "x"), [2, 3, 1])):
        labels.use_classes(order)
        assert labels.classes == order
        np.testing.assert_array_equal(targets_of(labels, store, "a"), [expected] * 8)


@pytest.mark.parametrize("known", [("x",), ("x", "y", "z"), ("x", "Y")])
def test_columns_that_are_not_those_of_the_model_are_refused(store, csv_path, known):
    labels = read(csv_path, store, "sequence,time,x,y\na,0,1,2\n", task="regression")
    with pytest.raises(InputError, match=rf"columns x, y, the model .* {', '.join(known)}; "):
        labels.use_classes(known)


def test_a_number_that_is_nan_is_written_as_an_empty_cell(csv_path):
    write_numbers(csv_path, ["x", "y"], [("a", np.float64(0.1), np.float32(0.1), np.nan)])
    assert csv_path.read_text() == "sequence,time,x,y\na,0.1,0.1,\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "begins with nothing; expected a line sequence,time,<columns>"),
        ("sequence,time\na,0\n", "begins with sequence,time; expected a line sequence,time,<col"),
        ("time,sequence,x\n0,a,1\n", "begins with time,sequence,x; expected"),
        ("sequence,time,x,\na,0,1,\n", "begins with sequence,time,x,; expected a name"),
        ("sequence,time,x,x\na,0,1,1\n", "begins with sequence,time,x,x; expected a name"),
        ("sequence,time,x\n", "holds no label"),
        ("sequence,time,x\na,0,1\n\na,1,high\n", "line 4: x 'high'; expected a number"),
        ("sequence,time,x\na,0,nan\n", "line 2: x 'nan'; expected a number"),
        ("sequence,time,x\na,0,-inf\n", "line 2: x '-inf'; expected a number"),
        ("sequence,time,x\na,0,1e39\n", "line 2: x '1e39'; expected a number"),
        ("sequence,time,x\na,soon,1\n", "line 2: time 'soon'; expected seconds"),
        ("sequence,time,x\na,,1\n", "line 2: time ''; expected seconds"),
        ("sequence,time,x\na,inf,1\n", "line 2: time 'inf'; expected seconds"),
        ("sequence,time,x\na,nan,1\n", "line 2: time 'nan'; expected seconds"),
        ("sequence,time,time\na,0,x\n", "line 2: time 'x'; expected a number"),
        ("sequence,time,x\na,0,1,2\n", "line 2 has 4 values; expected 3"),
        ("sequence,time,x\na,1.5,1\na,0,2\na,1.5,3\n", "a has two rows at 1.5 s"),
        ("sequence,start,end,label\na,0,1,x\n", "holds class names .*; give --task class"),
        ("sequence,label\na,x\n", "holds class names .*; give --task classification or multi"),
    ],
)
def test_a_csv_file_that_says_nothing_clear_is_refused(store, csv_path, content, message):
    with pytest.raises(InputError, match=rf"labels\.csv.* {message}"):
        read(csv_path, store, content, task="regression")


def test_columns_that_are_all_ignored_are_refused(store, csv_path):
    with pytest.raises(InputError, match="holds no label"):
        read(csv_path, store, "sequence,time,x\na,0,1\n", task="regression", ignored=("x",))


@pytest.mark.parametrize("task", ["classification", "multilabel"])
def test_numbers_are_no_classes(store, csv_path, task):
    with pytest.raises(InputError, match=rf"numbers .*--task {task} .*give --task regression"):
        read(csv_path, store, "sequence,time,x\na,0,1\n", task=task)


def test_folders_and_text_files_hold_no_numbers(tmp_path, store):
    message = r"--task regression expects a CSV file .* sequence,time,<columns>; give --task"
    for path in (Path("folders"), text_folder(tmp_path, a="x\n" * 8)):
        with pytest.raises(InputError, match=message):
            read_labels(LabelOptions(path, task="regression"), store)


def test_a_sequence_that_the_store_lacks_is_refused_by_name(store, csv_path):
    with pytest.raises(InputError, match=r"1 sequence .* does not have \(nope\)"):
        read(csv_path, store, "sequence,time,x\nnope,0,1\n", task="regression")

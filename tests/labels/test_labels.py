import itertools
import tempfile
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from label_inputs import read, small_store, text_folder, write
from made_stores import write_sequence

from preprocessing.errors import InputError
from preprocessing.files.failures import FailureLog
from preprocessing.files.own_output import write_own
from preprocessing.labels.base import UNLABELLED, LabelOptions, Labels, labelled
from preprocessing.labels.reading import read_labels
from preprocessing.labels.stretches import named_intervals
from preprocessing.labels.writing import write_intervals, write_sequence_labels
from preprocessing.store.feature_store import FeatureStore

quick = settings(deadline=None, max_examples=50)


@pytest.fixture
def store(tmp_path) -> FeatureStore:
    return small_store(tmp_path / "store")


def names(labels: Labels, store: FeatureStore, sequence_id: str) -> list[str]:
    """The class name of each step, '' for none."""
    times = store.timestamps(sequence_id)
    indices = labels.at(store.info(sequence_id), 0, times)
    assert indices.dtype == np.int32
    np.testing.assert_array_equal(labelled(indices), indices != UNLABELLED)
    return ["" if index == UNLABELLED else labels.classes[index] for index in indices]


@pytest.fixture
def csv_path(tmp_path) -> Path:
    return tmp_path / "labels.csv"


CLASS_NAMES = ("walk", "run, fast", 'say "ho"', "grüßen", "a;b", "0", "nan", "#1")


@quick
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(("", *CLASS_NAMES)), st.floats(1e-3, 5)), min_size=1, max_size=30
    ),
    start_time=st.sampled_from([0.0, 0.5, 1234.56789]),
    data=st.data(),
)
@example(steps=[("walk", 0.1), ("walk", 0.2), ("", 0.3), ("walk", 0.1)], start_time=0.7, data=None)
def test_intervals_of_runs_read_back_to_the_same_label_for_each_step(steps, start_time, data):
    named = [name for name, _ in steps]
    times = np.array([0, *itertools.accumulate(length for _, length in steps)])
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), "a", times[:-1] + start_time, start_time)
        store = FeatureStore(folder)
        path = Path(folder, "labels.csv")
        write_intervals(path, [("a", *interval) for interval in named_intervals(named, times)])
        if not any(named):
            with pytest.raises(InputError, match="holds no label"):
                read_labels(LabelOptions(path), store)
            return
        labels = read_labels(LabelOptions(path, tolerance=5), store)
        labels.check(store.info("a"))
        assert names(labels, store, "a") == named
        assert labels.classes == tuple(sorted(set(named) - {""}))
        if data is not None:
            start = data.draw(st.integers(0, len(named)))
            part = labels.at(store.info("a"), start, store.timestamps("a", start))
            whole = labels.at(store.info("a"), 0, store.timestamps("a"))
            np.testing.assert_array_equal(part, whole[start:])
        store.close()


@quick
@given(st.lists(st.sampled_from(["", "x", "y"]), max_size=20))
def test_runs_cover_each_named_step_once_and_no_other(named):
    intervals = list(named_intervals(named, np.arange(len(named) + 1.0)))
    again = [""] * len(named)
    for start, end, name in intervals:
        assert start < end
        assert name
        for step in range(int(start), int(end)):
            assert again[step] == ""
            again[step] = name
    assert again == named
    for (_, end, name), (start, _, following) in itertools.pairwise(intervals):
        assert end < start or name != following


def test_a_step_has_the_label_of_the_interval_in_which_it_begins(store, csv_path):
    labels = read(csv_path, store, "sequence,start,end,label\na,0.2,1,walk\na,1,1.5,run\n")
    assert labels.ids() == {"a"}
    assert labels.classes == ("run", "walk")
    assert names(labels, store, "a") == ["", "walk", "walk", "walk", "run", "run", "", ""]


def test_intervals_may_come_in_any_order(store, csv_path):
    labels = read(csv_path, store, "sequence,start,end,label\na,1,2,y\nb,0,2,y\na,0,1,x\n")
    assert names(labels, store, "a") == ["x"] * 4 + ["y"] * 4


def test_label_times_count_from_the_start_of_the_video(tmp_path, csv_path):
    write(tmp_path / "late", "a", 10 + np.arange(8) / 4, start_time=10.0)
    store = FeatureStore(tmp_path / "late")
    labels = read(csv_path, store, "sequence,start,end,label\na,0,1,x\na,1,2,y\n")
    labels.check(store.info("a"))
    assert names(labels, store, "a") == ["x"] * 4 + ["y"] * 4
    folder = text_folder(tmp_path, a="x\ny\n")
    frames = read_labels(LabelOptions(folder, fps=1), store)
    frames.check(store.info("a"))
    assert names(frames, store, "a") == ["x"] * 4 + ["y"] * 4


@pytest.mark.parametrize("second", ["0.5,2", "0.999,1.5", "0,1", "0.2,0.4"])
def test_intervals_that_overlap_are_refused(store, csv_path, second):
    with pytest.raises(InputError, match=r"a is .* from .* s and .*not overlap.*--task multilabel"):
        read(csv_path, store, f"sequence,start,end,label\na,0,1,x\na,{second},y\n")


def test_intervals_of_different_sequences_do_not_overlap(store, csv_path):
    labels = read(csv_path, store, "sequence,start,end,label\na,0,2,x\nb,0,2,y\n")
    assert names(labels, store, "b") == ["y"] * 8


def test_intervals_longer_than_the_video_are_refused_with_both_lengths(store, csv_path):
    labels = read(csv_path, store, "sequence,start,end,label\na,0,7.5,x\n")
    with pytest.raises(InputError, match=r"of a in .* last 7\.50 s, the sequence lasts 2\.00 s"):
        labels.check(store.info("a"))


def test_intervals_within_the_tolerance_pass(store, csv_path):
    content = "sequence,start,end,label\na,0,7.5,x\n"
    read(csv_path, store, content, tolerance=5.5).check(store.info("a"))
    with pytest.raises(InputError):
        read(csv_path, store, content, tolerance=5.4).check(store.info("a"))


def test_a_text_file_has_a_line_a_step(tmp_path, store):
    folder = text_folder(tmp_path, a="x\nx\n\ny\ny\ny\nx\nx\n", b="y\n" * 8)
    (folder / "day").mkdir()
    (folder / "day" / "c.txt").write_text("z\n" * 8)
    labels = read_labels(LabelOptions(folder), store)
    for sequence_id in ("a", "b", "day/c"):
        labels.check(store.info(sequence_id))
    assert set(labels.ids()) == {"a", "b", "day/c"}
    assert names(labels, store, "a") == ["x", "x", "", "y", "y", "y", "x", "x"]
    assert names(labels, store, "day/c") == ["z"] * 8


@quick
@given(
    named=st.lists(st.sampled_from(["x", "y", "z"]), min_size=2, max_size=20),
    data=st.data(),
)
def test_lines_read_in_parts_are_the_lines_read_at_once(named, data):
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, "store"), "a", np.arange(len(named)) / 4)
        store = FeatureStore(Path(folder, "store"))
        path = text_folder(Path(folder), a="\n".join(named))
        labels = read_labels(LabelOptions(path), store)
        start = data.draw(st.integers(0, len(named)))
        stop = data.draw(st.integers(start, len(named)))
        part = labels.at(store.info("a"), start, store.timestamps("a", start, stop))
        assert [labels.classes[index] for index in part] == named[start:stop]
        store.close()


def test_lines_without_a_name_at_the_end_are_steps_without_a_label(tmp_path, store):
    folder = text_folder(tmp_path, a="x\nx\nx\nx\nx\nx\n\n\n")
    labels = read_labels(LabelOptions(folder), store)
    labels.check(store.info("a"))
    assert names(labels, store, "a") == ["x"] * 6 + ["", ""]


def test_lines_of_another_rate_are_taken_by_time(tmp_path, store):
    lines = [f"{number // 5}" for number in range(20)]
    folder = text_folder(tmp_path, a="\n".join(lines))
    labels = read_labels(LabelOptions(folder, fps=10), store)
    labels.check(store.info("a"))
    expected = [lines[int(step / 4 * 10)] for step in range(8)]
    assert names(labels, store, "a") == expected


@pytest.mark.parametrize("fps", [24, 25, 30, 30000 / 1001, 60])
def test_a_line_a_frame_is_the_line_of_that_frame(tmp_path, fps):
    write(tmp_path / "store", "a", np.arange(300) / fps)
    store = FeatureStore(tmp_path / "store")
    lines = [f"class{number % 7}" for number in range(300)]
    folder = text_folder(tmp_path, a="\n".join(lines))
    assert names(read_labels(LabelOptions(folder, fps=fps), store), store, "a") == lines


def test_another_number_of_lines_than_steps_is_refused_with_both(tmp_path, store):
    labels = read_labels(LabelOptions(text_folder(tmp_path, a="x\n" * 9)), store)
    expected = r"9 lines; expected one for each of the 8 steps .*--label-fps"
    with pytest.raises(InputError, match=expected):
        labels.check(store.info("a"))


@pytest.mark.parametrize("lines", [5, 40])
def test_lines_of_another_length_than_the_video_are_refused_with_both(tmp_path, store, lines):
    folder = text_folder(tmp_path, a="x\n" * lines)
    labels = read_labels(LabelOptions(folder, fps=10), store)
    given_seconds = f"{lines / 10:.2f}"
    with pytest.raises(InputError, match=rf"{given_seconds} s .*sequence lasts 2\.00 s"):
        labels.check(store.info("a"))


def test_steps_after_the_last_line_have_no_label(tmp_path, store):
    folder = text_folder(tmp_path, a="x\n" * 15)
    labels = read_labels(LabelOptions(folder, fps=10), store)
    labels.check(store.info("a"))
    assert names(labels, store, "a") == ["x"] * 6 + [""] * 2


def test_one_label_a_sequence_is_the_label_of_all_its_steps(store, csv_path):
    labels = read(csv_path, store, "sequence,label\na,cat\nday/c,dog\n")
    assert set(labels.ids()) == {"a", "day/c"}
    labels.check(store.info("a"))
    assert names(labels, store, "a") == ["cat"] * 8
    assert names(labels, store, "day/c") == ["dog"] * 8


def test_one_label_a_sequence_reads_back(store, csv_path):
    write_sequence_labels(csv_path, [("a", 'the "one", or two'), ("b", "x")])
    labels = read_labels(LabelOptions(csv_path), store)
    assert names(labels, store, "a") == ['the "one", or two'] * 8


def test_two_labels_for_one_sequence_are_refused(store, csv_path):
    with pytest.raises(InputError, match=r"a is both 'cat' and 'dog'.*--task multilabel"):
        read(csv_path, store, "sequence,label\na,cat\na,dog\n")


def test_a_folder_is_the_label_of_the_sequences_in_it(tmp_path):
    for sequence_id in ("cats/1", "dogs/1", "dogs/old/1"):
        write(tmp_path, sequence_id, np.arange(3) / 4)
    store = FeatureStore(tmp_path)
    labels = read_labels(LabelOptions(Path("folders")), store)
    assert labels.classes == ("cats", "dogs", "dogs/old")
    assert names(labels, store, "dogs/old/1") == ["dogs/old"] * 3


def test_folders_are_no_labels_where_a_sequence_lies_in_none(store):
    with pytest.raises(InputError, match="'a' lies in no folder"):
        read_labels(LabelOptions(Path("folders")), store)


@pytest.mark.parametrize(
    "content", ["sequence,start,end,label\nnope,0,1,x\n", "sequence,label\nnope,x\n"]
)
def test_a_sequence_that_the_store_lacks_is_refused_by_name(store, csv_path, content):
    with pytest.raises(InputError, match=r"1 sequence .* does not have \(nope\)"):
        read(csv_path, store, content)


def test_a_sequence_whose_video_failed_is_noted_and_the_rest_is_read(store, csv_path, capsys):
    failed = FailureLog(store.root, [])
    failed.add(csv_path.parent / "videos" / "nope.mp4", "damaged", "cut")
    labels = read(csv_path, store, "sequence,label\nnope,x\na,y\n")
    assert "a" in labels.ids()
    assert "1 labelled sequence could not" in (said := capsys.readouterr().err)
    assert "left out (nope)" in said


def test_a_sequence_that_lies_in_a_folder_is_suggested(tmp_path, csv_path):
    write_sequence(tmp_path / "other", "day/nope", np.zeros((4, 2)))
    with pytest.raises(InputError, match="the store has day/nope: an id is a path"):
        read(csv_path, FeatureStore(tmp_path / "other"), "sequence,label\nnope,x\n")


def test_a_text_file_of_a_sequence_that_the_store_lacks_is_refused(tmp_path, store):
    with pytest.raises(InputError, match="nope"):
        read_labels(LabelOptions(text_folder(tmp_path, nope="x\n")), store)


def test_ignored_names_are_no_class_and_no_label(tmp_path, store, csv_path):
    content = "sequence,start,end,label\na,0,1,x\na,1,1.5,background\na,1.5,2,y\n"
    labels = read(csv_path, store, content, ignored=("background", "other"))
    assert labels.classes == ("x", "y")
    assert names(labels, store, "a") == ["x"] * 4 + [""] * 2 + ["y"] * 2
    folder = text_folder(tmp_path, a="x\nx\nother\ny\ny\ny\nx\nx\n")
    frames = read_labels(LabelOptions(folder, ignored=("other",)), store)
    assert names(frames, store, "a") == ["x", "x", "", "y", "y", "y", "x", "x"]


def test_an_ignored_name_is_no_label_even_if_a_model_knows_it(store, csv_path):
    labels = read(csv_path, store, "sequence,label\na,x\nb,y\n", ignored=("x",))
    labels.use_classes(["x", "y"])
    assert names(labels, store, "a") == [""] * 8
    assert names(labels, store, "b") == ["y"] * 8


def test_labels_that_are_all_ignored_are_refused(store, csv_path):
    with pytest.raises(InputError, match="holds no label"):
        read(csv_path, store, "sequence,label\na,x\n", ignored=("x",))


def test_labels_count_by_the_classes_of_a_model(store, csv_path):
    labels = read(csv_path, store, "sequence,label\na,y\nb,x\n")
    labels.use_classes(["y", "new", "x"])
    times = store.timestamps("a", 0, 2)
    assert labels.at(store.info("a"), 0, times).tolist() == [0, 0]
    assert labels.at(store.info("b"), 0, times).tolist() == [2, 2]
    with pytest.raises(InputError, match=r"'new'.*not trained on; it knows x, y"):
        labels.use_classes(["x", "y"])


GOOD = "sequence,start,end,label\na,0,1,x\nb,1,2,grün\n"


@pytest.mark.parametrize(
    "content",
    [
        GOOD.encode("utf-8-sig"),
        GOOD.replace("\n", "\r\n").encode(),
        GOOD.replace("\n", "\r").encode(),
        GOOD.replace("\n", "\n\n").encode(),
        GOOD.rstrip().encode(),
        GOOD.replace(",", " , ").encode(),
        GOOD.replace("sequence,start", "Sequence,START").encode(),
        GOOD.replace("a,0,1,x", '"a","0","1","x"').encode(),
    ],
    ids=["BOM", "CRLF", "CR", "blank lines", "no last newline", "spaces", "capitals", "quotes"],
)
def test_what_spreadsheets_do_to_a_csv_file_does_not_matter(store, csv_path, content):
    labels = read(csv_path, store, content)
    assert names(labels, store, "a") == ["x"] * 4 + [""] * 4
    assert names(labels, store, "b") == [""] * 4 + ["grün"] * 4


@pytest.mark.parametrize("name", ["a\x0bb", "a\x0cb", "a\x1cb", "a\x85b", "a\u2028b", "a\nb"])
def test_a_class_name_with_an_odd_separator_reads_back(store, csv_path, name):
    write_intervals(csv_path, [("a", 0.0, 1.0, name)])
    assert read_labels(LabelOptions(csv_path), store).classes == (name,)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "begins with nothing; expected a line sequence,start,end,label or sequence,label"),
        ("\n", "begins with nothing"),
        ("a,0,1,x\n", "begins with a,0,1,x; expected"),
        ("sequence;label\na;x\n", "seem to be separated by ';'; expected commas"),
        ("sequence,start,end\na,0,1\n", "begins with sequence,start,end; expected"),
        ("sequence,start,end,label\n", "holds no label"),
        ("sequence,start,end,label\na,0,1,x\na,zero,1,x\n", "line 3: start 'zero' and end '1'"),
        ("sequence,start,end,label\na,,1,x\n", "line 2: start '' and end '1'"),
        ("sequence,start,end,label\na,2,1,x\n", "line 2: .*0 <= start < end"),
        ("sequence,start,end,label\na,1,1,x\n", "line 2: .*0 <= start < end"),
        ("sequence,start,end,label\na,-1,1,x\n", "line 2: .*0 <= start < end"),
        ("sequence,start,end,label\na,0,inf,x\n", "line 2: .*0 <= start < end"),
        ("sequence,start,end,label\na,nan,1,x\n", "line 2: .*0 <= start < end"),
        ("sequence,start,end,label\na,0,1\n", "line 2 has 3 values; expected 4"),
        ("sequence,label\na,x\nb,x,y\n", "line 3 has 3 values; expected 2"),
        (b"sequence,label\na,\xff\n", "not a UTF-8 text file"),
    ],
)
def test_a_csv_file_that_says_nothing_clear_is_refused(store, csv_path, content, message):
    with pytest.raises(InputError, match=rf"labels\.csv.* {message}"):
        read(csv_path, store, content)


@pytest.mark.parametrize(
    "content", ["sequence,start,end,label\na,0,1,\nb,0,1,x\n", "sequence,label\na,\nb,x\n"]
)
def test_an_empty_name_is_no_class(store, csv_path, content):
    labels = read(csv_path, store, content)
    assert labels.classes == ("x",)
    assert names(labels, store, "a") == [""] * 8


def test_an_empty_text_file_is_refused_by_name(tmp_path, store):
    with pytest.raises(InputError, match=r"a\.txt is empty"):
        read_labels(LabelOptions(text_folder(tmp_path, a="\n\n")), store)


def test_an_empty_folder_and_a_missing_file_are_refused(tmp_path, store):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: looked for <sequence>\.txt, .* found nothing"):
        read_labels(LabelOptions(tmp_path / "empty"), store)
    with pytest.raises(InputError, match=r"none\.csv"):
        read_labels(LabelOptions(tmp_path / "none.csv"), store)


ID_HINTS = {
    "day/c.mp4": "an id has no suffix",
    "day\\c": "written with / between folders",
    "Day/C": "small and capital letters differ",
    "DAY\\c.MP4": "an id has no suffix and an id is written with /",
    "./day/c": "without ./",
    "day//c": "one / between folders",
    "c": "an id is a path from the folder",
    "videos/day/c": "an id is a path from the folder",
}


@pytest.mark.parametrize("name", ID_HINTS)
def test_an_id_that_is_nearly_one_of_the_store_gets_a_hint(store, csv_path, name):
    with pytest.raises(InputError, match=f"the store has day/c: .*{ID_HINTS[name]}"):
        read(csv_path, store, f"sequence,label\na,x\n{name},y\n")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_id_in_another_unicode_form_gets_a_hint(tmp_path, csv_path, form):
    write(tmp_path, normalize("NFD" if form == "NFC" else "NFC", "Prüfung"), np.arange(8) / 4)
    with pytest.raises(InputError, match="the same name in another Unicode form"):
        read(csv_path, FeatureStore(tmp_path), f"sequence,label\n{normalize(form, 'Prüfung')},y\n")


def test_labels_of_what_failed_are_left_out_with_a_note(store, csv_path, capsys):
    FailureLog(store.root, []).add(Path("/videos/day/bad.mp4"), "damaged", "no frame")
    labels = read(csv_path, store, "sequence,label\na,x\nday/bad,y\n")
    assert list(labels.ids()) == ["a"]
    assert "1 labelled sequence could not be extracted or imported" in capsys.readouterr().err
    with pytest.raises(InputError, match="night/unknown"):
        read(csv_path, store, "sequence,label\na,x\nday/bad,y\nnight/unknown,y\n")
    with pytest.raises(InputError, match="none of the sequences"):
        read(csv_path, store, "sequence,label\nday/bad,y\n")


@pytest.mark.parametrize(
    ("factor", "meant"),
    [
        (1000, "1000 times as long: are they in milliseconds"),
        (1e6, "1e+06 times as long: are they in microseconds"),
        (4, "4 times as long: do they count steps"),
        (60, "60 times as long: are the times of the sequence in minutes"),
    ],
)
def test_labels_in_another_unit_are_told_by_their_length(tmp_path, csv_path, factor, meant):
    write(tmp_path / "store", "a", np.arange(400) / 4)
    store = FeatureStore(tmp_path / "store")
    for kind in ("classification", "regression"):
        row = f"0,{99.5 * factor},x" if kind == "classification" else f"{99.5 * factor},1"
        header = "start,end,label" if kind == "classification" else "time,speed"
        labels = read(csv_path, store, f"sequence,{header}\na,{row}\n", task=kind)
        with pytest.raises(InputError) as caught:
            labels.check(store.info("a"))
        assert meant in str(caught.value)
    labels = read(csv_path, store, "sequence,start,end,label\na,0,103,x\n")
    with pytest.raises(InputError, match=r"expected them to agree within 1 s$"):
        labels.check(store.info("a"))


def test_a_folder_of_feature_files_is_no_store(tmp_path, csv_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 2)))
    with pytest.raises(InputError, match=r"no sequences in .*`longtake import` one of feature"):
        read(csv_path, FeatureStore(tmp_path), "sequence,label\na,x\n")


def test_lines_a_second_are_of_no_use_to_a_table(store, csv_path, capsys):
    read(csv_path, store, "sequence,start,end,label\na,0,1,x\n", fps=4.0)
    assert "note: --label-fps 4 does nothing" in capsys.readouterr().err
    read(csv_path, store, "sequence,start,end,label\na,0,1,x\n")
    assert not capsys.readouterr().err


def test_one_is_one(store, csv_path):
    with pytest.raises(InputError, match=r"labels 1 sequence that .* have \(z\); "):
        read(csv_path, store, "sequence,label\nz,x\n")


def test_a_folder_of_tables_says_what_was_looked_for(tmp_path, store):
    folder = tmp_path / "labels"
    folder.mkdir()
    for name in ("a.csv", "b.csv", "notes.md"):
        (folder / name).touch()
    expected = r"looked for <sequence>\.txt, .* and found 2 files \.csv, 1 file \.md; intervals"
    with pytest.raises(InputError, match=expected):
        read_labels(LabelOptions(folder), store)


@pytest.mark.parametrize(("mark", "name"), [(";", "';'"), ("\t", "tabs")])
def test_tables_with_other_separators_are_recognised(store, csv_path, mark, name):
    text = "sequence,label\na,x\n".replace(",", mark)
    with pytest.raises(InputError, match=f"seem to be separated by {name}; expected commas"):
        read(csv_path, store, text)


def test_answers_of_a_model_that_nobody_corrected_are_told(make_store, tmp_path, capsys) -> None:
    store, path = make_store([4]), tmp_path / "labels.csv"
    table = "sequence,start,end,label\ns0,0,1,x\n"
    (tmp_path / "folder").mkdir()
    for name in ("labels.csv", "folder/labels.csv"):
        write_own(tmp_path / name, lambda new: new.write_text(table))
    for labels in (path, tmp_path / "folder"):
        read_labels(LabelOptions(labels), store)
        said = capsys.readouterr().err
        assert f"note: {labels} is as longtake wrote it, and nobody has corrected it" in said
        read_labels(LabelOptions(labels), store, are_true=False)
        assert capsys.readouterr().err == ""
    path.write_text(table.replace("x", "y"))
    read_labels(LabelOptions(path), store)
    assert "nobody has corrected it" not in capsys.readouterr().err

import csv
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.files import text_files
from preprocessing.importing.command import run
from preprocessing.importing.feature_files import base
from preprocessing.importing.options import ImportConfig
from preprocessing.labels.base import UNLABELLED, LabelOptions
from preprocessing.labels.reading import read_labels
from preprocessing.store.feature_store import FeatureStore

ALL_DONE, SOME_FAILED = 0, 3
quick = settings(deadline=None, max_examples=50)


def import_into(tmp_path: Path, *inputs: Path, **options) -> tuple[int, FeatureStore]:
    store = tmp_path / "store"
    code = run(ImportConfig(inputs, store, **{"fps": 4.0, "dtype": "float32", **options}))
    return code, FeatureStore(store)


def whole(store: FeatureStore, sequence_id: str) -> np.ndarray:
    return store.features(sequence_id, 0, store.info(sequence_id).steps)


def failures(tmp_path: Path) -> list[dict[str, str]]:
    with (tmp_path / "store" / "failures.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def save(path: Path, array: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, array)
    return path


@quick
@given(
    steps=st.integers(1, 30),
    dimension=st.integers(1, 5),
    dtype=st.sampled_from(["float16", "float32", "float64", "int16", "uint8"]),
    order=st.sampled_from("CF"),
    fps=st.sampled_from([0.5, 1.0, 29.97]),
)
def test_an_array_goes_into_the_store_as_it_is(steps, dimension, dtype, order, fps):
    generator = np.random.default_rng(steps)
    array = np.asarray(generator.integers(0, 200, (steps, dimension)), dtype, order=order)
    with tempfile.TemporaryDirectory() as folder:
        path = save(Path(folder, "a.npy"), array)
        code, store = import_into(Path(folder), path, fps=fps)
        assert code == ALL_DONE
        np.testing.assert_array_equal(whole(store, "a"), array)
        np.testing.assert_array_equal(store.timestamps("a"), np.arange(steps) / fps)
        info = store.info("a")
        assert (info.origin.fps, info.origin.backbone) == (str(fps), "import-npy")
        store.close()


def test_an_array_longer_than_a_block_is_imported_whole(tmp_path):
    array = np.arange(10_000, dtype="float32")[:, None]
    _, store = import_into(tmp_path, save(tmp_path / "a.npy", array))
    np.testing.assert_array_equal(whole(store, "a"), array)
    assert np.diff(store.timestamps("a")) == pytest.approx(0.25)


def test_a_csv_file_goes_into_the_store_as_it_is(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,-2.5\n\n1e2,0\n")
    code, store = import_into(tmp_path, path)
    assert code == ALL_DONE
    assert whole(store, "a").tolist() == [[1, -2.5], [100, 0]]
    assert store.timestamps("a").tolist() == [0, 0.25]


def test_a_folder_is_walked_and_paths_become_ids(tmp_path):
    save(tmp_path / "in" / "day" / "one.npy", np.zeros((2, 1)))
    save(tmp_path / "in" / "two.v1.npy", np.zeros((3, 1)))
    (tmp_path / "in" / "notes.txt").write_text("not features")
    code, store = import_into(tmp_path, tmp_path / "in")
    assert code == ALL_DONE
    assert store.ids() == ["day/one", "two.v1"]


def test_columns_are_chosen_by_number_from_an_array(tmp_path):
    path = save(tmp_path / "a.npy", np.arange(12).reshape(3, 4))
    _, store = import_into(tmp_path, path, columns=("3", "1"))
    assert whole(store, "a").tolist() == [[3, 1], [7, 5], [11, 9]]


def test_columns_are_chosen_by_name_from_a_csv_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("time, x ,note,y\n0,1,hello,2\n1,3,world,4\n")
    _, store = import_into(tmp_path, path, columns=("y", "x"))
    assert whole(store, "a").tolist() == [[2, 1], [4, 3]]


def test_sequences_of_other_columns_are_not_mixed(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("y,x\n1,2\n")
    _, store = import_into(tmp_path, tmp_path / "a.csv", tmp_path / "b.csv")
    with pytest.raises(InputError, match="a and b were made differently"):
        store.uniform(["a", "b"])


def test_a_label_column_becomes_intervals_that_read_back(tmp_path):
    named = ["walk", "walk", "", "run, fast", "walk", "walk"]
    rows = [f'{step},"{name}",{step * 2}' for step, name in enumerate(named)]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["x,what,y", *rows]))
    out = tmp_path / "labels.csv"
    code, store = import_into(tmp_path, path, fps=3.0, label_column="what", labels_out=out)
    assert code == ALL_DONE
    assert whole(store, "a").tolist() == [[step, step * 2] for step in range(6)]
    labels = read_labels(LabelOptions(out), store)
    info = store.info("a")
    labels.check(info)
    indices = labels.at(info, 0, store.timestamps("a"))
    assert ["" if i == UNLABELLED else labels.classes[i] for i in indices] == named


def test_labels_of_a_file_longer_than_a_block_are_kept(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,what\n" + "0,early\n" * 5000 + "0,late\n" * 1000)
    out = tmp_path / "labels.csv"
    import_into(tmp_path, path, label_column="what", labels_out=out)
    assert out.read_text().split() == [
        "sequence,start,end,label",
        "a,0.0,1250.0,early",
        "a,1250.0,1500.0,late",
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"x,y\r1,2\r3,4\r",
        b"x,y\r\n1,2\r\n3,4\r\n",
        b"x,y\n1,2\n3,4",
        b"\xef\xbb\xbfx,y\n1,2\n3,4\n",
        b'"x","y"\n"1","2"\n"3","4"\n',
    ],
    ids=["old Mac", "Windows", "no last newline", "BOM", "quotes"],
)
def test_what_spreadsheets_do_to_a_csv_file_does_not_matter(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    code, store = import_into(tmp_path, path, columns=("x", "y"))
    assert code == ALL_DONE
    assert whole(store, "a").tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_one_bad_file_is_a_line_in_failures_csv_and_the_others_are_imported(tmp_path, value):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text(f"x,y\n1,2\n3,{value}\n")
    save(tmp_path / "c.npy", np.zeros((2, 2)))
    inputs = [tmp_path / name for name in ("a.csv", "b.csv", "c.npy")]
    code, store = import_into(tmp_path, *inputs)
    assert code == SOME_FAILED
    assert store.ids() == ["a", "c"]
    (row,) = failures(tmp_path)
    assert (row["path"], row["kind"]) == (str(tmp_path / "b.csv"), "features")
    assert f"line 3: y is '{value}', not a number" in row["message"]


def test_failures_csv_vanishes_when_all_is_well_again(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x\nnan\n")
    assert import_into(tmp_path, path)[0] == SOME_FAILED
    path.write_text("x\n1\n")
    assert import_into(tmp_path, path)[0] == ALL_DONE
    assert not (tmp_path / "store" / "failures.csv").exists()


class Command:
    def __init__(self, proof: Path):
        self.proof = proof

    def __reduce__(self):
        return Path.touch, (self.proof,)


def test_a_pickled_array_is_refused_and_not_run(tmp_path):
    proof = tmp_path / "proof"
    array = np.empty((1, 1), object)
    array[0, 0] = Command(proof)
    path = save(tmp_path / "a.npy", array)
    np.load(path, allow_pickle=True)
    assert proof.exists()
    proof.unlink()
    code, store = import_into(tmp_path, path)
    assert code == SOME_FAILED
    assert store.ids() == []
    assert not proof.exists()
    assert r"a.npy is not a .npy array" in failures(tmp_path)[0]["message"]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 3, 4)), "float64 of shape (2, 3, 4); expected numbers [steps, features]"),
        (np.zeros((1, 1, 2, 2, 2)), "float64 of shape (1, 1, 2, 2, 2)"),
        (np.zeros((2, 2), "datetime64[s]"), "datetime64[s] of shape (2, 2)"),
        (np.float64(1), "shape ()"),
        (np.array([["a"]]), "<U1 of shape (1, 1)"),
        (np.zeros((2, 2), complex), "complex128"),
        (np.zeros((2, 2), bool), "bool"),
        (np.zeros((0, 2)), "holds no step"),
        (np.zeros((2, 0)), "has no feature column"),
    ],
)
def test_an_array_that_is_not_steps_by_features_is_refused(tmp_path, array, message):
    code, store = import_into(tmp_path, save(tmp_path / "a.npy", array))
    assert code == SOME_FAILED
    assert store.ids() == []
    assert message in failures(tmp_path)[0]["message"]


HEADER = "{{'descr': {}, 'fortran_order': False, 'shape': {}}}"


def npy(descr: str = "'<f4'", shape: str = "(1, 1)", version: bytes = b"\1\0") -> bytes:
    """A .npy file of four bytes, whatever its header says."""
    header = HEADER.format(descr, shape).encode() + b"\n"
    return b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header + bytes(4)


def test_a_handmade_npy_file_is_one(tmp_path):
    (tmp_path / "a.npy").write_bytes(npy())
    code, store = import_into(tmp_path, tmp_path / "a.npy")
    assert code == ALL_DONE
    assert whole(store, "a").tolist() == [[0]]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x,y\n1,2\n",
        b"\x93NUMPY\x01\x00",
        b"PK\x03\x04",
        npy(shape="(1000000000000, 2048)"),
        npy(shape="(10" + "0" * 300 + ",)"),
        npy(shape="(1, 2)"),
        npy(shape="(-1, -1)"),
        npy(shape="'ab'"),
        npy(shape="(" * 500),
        npy(descr="'|O'"),
        npy(descr="'<f'*"),
        npy(descr="[('x', '<f4')]", version=b"\3\0"),
        npy(version=b"\7\0"),
    ],
)
def test_a_file_that_is_no_array_is_refused_by_name(tmp_path, content):
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    code, _ = import_into(tmp_path, path)
    assert code == SOME_FAILED
    assert "a.npy" in failures(tmp_path)[0]["message"]


def test_an_archive_of_arrays_is_refused_by_name(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 2)))
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    code, _ = import_into(tmp_path, tmp_path / "a.npy")
    assert code == SOME_FAILED
    assert "a.npy" in failures(tmp_path)[0]["message"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected a first line of column names"),
        ("x,x\n1,2\n", "column names, each once"),
        ("scorer,a,a\nbodyparts,n,n\n", "a table of poses as DeepLabCut writes it"),
        ("x,y\n", "holds no step"),
        ("x,y\n1,2\n3\n", "line 3 has 1 values; expected 2"),
        ("x,y\n1,2\n3,4,5\n", "line 3 has 3 values; expected 2"),
        ("x,y\n1,2\n3,four\n", "line 3: y is 'four', not a number"),
        ("x,y\n1,\n", "line 2: y is '', not a number"),
        ("x,y\n1,\xff\n", "is not a UTF-8 text file"),
    ],
)
def test_a_csv_file_that_is_no_table_of_numbers_is_refused(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_text(content, "latin-1")
    code, store = import_into(tmp_path, path)
    assert code == SOME_FAILED
    assert store.ids() == []
    assert message in failures(tmp_path)[0]["message"]


@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        ("a.csv", {"columns": ("x", "z")}, "no column 'z'; its columns are x, y"),
        ("a.npy", {"columns": ("2",)}, "no column '2'; its columns are 0, 1"),
        ("a.csv", {"label_column": "what"}, "no column 'what'; its columns are x, y"),
    ],
)
def test_a_column_that_no_file_has_is_a_wrong_option(tmp_path, file, options, message):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("x,y\n1,2\n")
    save(tmp_path / "a.npy", np.zeros((1, 2)))
    labels_out = tmp_path / "labels.csv" if "label_column" in options else None
    inputs = {tmp_path / file, tmp_path / f"b{Path(file).suffix}"} & set(tmp_path.iterdir())
    with pytest.raises(InputError, match=message):
        import_into(tmp_path, *sorted(inputs), labels_out=labels_out, **options)
    assert not (tmp_path / "store" / "failures.csv").exists()
    assert not (tmp_path / "labels.csv").exists()


def test_a_column_that_one_file_lacks_is_that_file_s_failure(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("x,z\n1,2\n")
    code, store = import_into(tmp_path, tmp_path / "a.csv", tmp_path / "b.csv", columns=("y",))
    assert code == SOME_FAILED
    assert store.ids() == ["a"]
    (row,) = failures(tmp_path)
    assert row["path"] == str(tmp_path / "b.csv")
    assert "no column 'y'; its columns are x, z" in row["message"]


def test_numbers_too_large_for_float16_are_refused_there_and_fit_float32(tmp_path):
    path = save(tmp_path / "a.npy", np.array([[1.0, 1e6]]))
    code, store = import_into(tmp_path, path, dtype="float16")
    assert code == SOME_FAILED
    assert store.ids() == []
    message = failures(tmp_path)[0]["message"]
    assert "column 1 goes up to 1e+06, which does not fit float16" in message
    assert "--dtype float32" in message
    assert import_into(tmp_path, path, dtype="float32")[0] == ALL_DONE


def test_columns_that_float16_coarsens_are_pointed_out(tmp_path, capsys):
    fine = np.random.default_rng(0).normal(size=(500, 1))
    path = save(tmp_path / "a.npy", np.hstack([fine, 1000 + fine]))
    import_into(tmp_path, path, dtype="float16")
    assert "a: float16 is coarse for column 1" in capsys.readouterr().err
    import_into(tmp_path, path, dtype="float32", overwrite=True)
    assert "coarse" not in capsys.readouterr().err


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_is_no_rate_is_refused(tmp_path, fps):
    path = save(tmp_path / "a.npy", np.zeros((2, 2)))
    with pytest.raises(InputError, match="--fps"):
        import_into(tmp_path, path, fps=fps)


def test_a_label_column_needs_a_place_to_go(tmp_path):
    path = save(tmp_path / "a.npy", np.zeros((2, 2)))
    with pytest.raises(InputError, match="go together"):
        import_into(tmp_path, path, label_column="x")
    with pytest.raises(InputError, match="go together"):
        import_into(tmp_path, path, labels_out=tmp_path / "labels.csv")


def test_no_feature_file_is_an_error(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(InputError, match=r"no feature files found in .*\.csv \.h5 \.hdf5"):
        import_into(tmp_path, tmp_path / "in")


def write_timed(path: Path, times: list, labels: str = "") -> Path:
    names = labels.ljust(len(times), labels[-1:] or "a")
    lines = [f"{time},{step},{names[step]}" for step, time in enumerate(times)]
    path.write_text("\n".join(["t,x,what", *lines]))
    return path


def import_timed(tmp_path: Path, *inputs: Path, **options) -> tuple[int, FeatureStore]:
    given = {"fps": None, "time_column": "t", "columns": ("x",)}
    return import_into(tmp_path, *inputs, **{**given, **options})


@pytest.mark.parametrize(
    ("unit", "times"),
    [
        ("s", [5702.026, 5702.058, 5702.5]),
        ("ms", [5702026, 5702058, 5702500]),
        ("us", [5702026000, 5702058000, 5702500000]),
        ("min", [5702.026 / 60, 5702.058 / 60, 5702.5 / 60]),
    ],
)
def test_a_time_column_gives_each_step_its_time_and_labels_count_from_the_first(
    tmp_path, unit, times
):
    path = write_timed(tmp_path / "a.csv", times)
    code, store = import_timed(tmp_path, path, time_unit=unit)
    assert code == ALL_DONE
    assert store.timestamps("a") == pytest.approx([5702.026, 5702.058, 5702.5], abs=1e-9)
    info = store.info("a")
    assert (info.origin.fps, info.start_time) == ("native", info.first)
    assert whole(store, "a").tolist() == [[0], [1], [2]]


def test_milliseconds_since_1970_keep_their_precision(tmp_path):
    path = save(tmp_path / "a.npy", np.array([[1_700_000_000_123, 1], [1_700_000_000_124, 2]]))
    _, store = import_into(tmp_path, path, fps=None, time_column="0", time_unit="ms")
    assert np.diff(store.timestamps("a")) == pytest.approx(0.001, abs=1e-6)
    assert whole(store, "a").tolist() == [[1], [2]]


def test_the_second_from_which_labels_count_can_be_said(tmp_path):
    path = write_timed(tmp_path / "a.csv", [100, 101, 102], "abb")
    out = tmp_path / "labels.csv"
    given = {"columns": ("x",), "label_column": "what", "labels_out": out}
    _, store = import_timed(tmp_path, path, start_time=99.0, **given)
    assert store.info("a").start_time == 99
    assert out.read_text().split() == ["sequence,start,end,label", "a,1.0,2.0,a", "a,2.0,4.0,b"]
    _, store = import_timed(tmp_path, path, **given)
    assert store.info("a").start_time == 100
    assert out.read_text().split() == ["sequence,start,end,label", "a,0.0,1.0,a", "a,1.0,3.0,b"]


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([1, 2, 2, 3], "line 4: the time 2 s does not come after 2 s of line 3"),
        ([1, 2, 3, 0.5], "line 5: the time 0.5 s does not come after 3 s of line 4"),
        ([1, "nan", 3, 4], "line 3: t is 'nan', not a number; expected a time"),
        ([1, "1e999", 3, 4], "line 3: the time inf s is not finite"),
        ([1, "inf", 3, 4], "line 3: t is 'inf', not a number; expected a time"),
        (["12:00", 2, 3, 4], "line 2: t is '12:00', not a number; expected a time"),
    ],
)
def test_times_that_do_not_increase_are_refused_with_the_line_and_both(tmp_path, times, message):
    path = write_timed(tmp_path / "a.csv", times)
    code, store = import_timed(tmp_path, path)
    assert code == SOME_FAILED
    assert store.ids() == []
    assert message in failures(tmp_path)[0]["message"]


def test_times_that_go_back_between_two_blocks_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(base, "BLOCK_STEPS", 2)
    path = save(tmp_path / "a.npy", np.array([[0.0, 1], [1, 1], [1, 1], [2, 1]]))
    code, _ = import_into(tmp_path, path, fps=None, time_column="0")
    assert code == SOME_FAILED
    message = failures(tmp_path)[0]["message"]
    assert "step 2: the time 1 s does not come after 1 s of step 1" in message


def test_a_time_column_that_no_file_has_is_a_wrong_option(tmp_path):
    path = write_timed(tmp_path / "a.csv", [1, 2])
    with pytest.raises(InputError, match="no column 'clock'; its columns are t, x, what"):
        import_timed(tmp_path, path, time_column="clock")
    array = save(tmp_path / "b.npy", np.zeros((2, 3)))
    with pytest.raises(InputError, match="no column '3'; its columns are 0, 1, 2"):
        import_timed(tmp_path, array, time_column="3", columns=())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fps": 4.0, "time_column": "t"}, "exclude each other"),
        ({"fps": None}, "--fps or --time-column is needed"),
        ({"time_unit": "ms"}, "--time-unit goes with"),
        ({"start_time": 3.0}, "--start-time goes with"),
        ({"fps": None, "time_column": "t", "start_time": float("nan")}, "--start-time nan"),
        ({"fps": None, "time_column": "t", "columns": ("x", "t")}, "neither is a feature"),
    ],
)
def test_options_about_time_that_contradict_each_other_are_refused(tmp_path, options, message):
    path = write_timed(tmp_path / "a.csv", [1, 2])
    with pytest.raises(InputError, match=message):
        import_into(tmp_path, path, **options)
    assert not (tmp_path / "store").exists()


def test_class_names_come_from_csv_files_only(tmp_path):
    path = save(tmp_path / "a.npy", np.zeros((2, 2)))
    with pytest.raises(InputError, match=r"only \.csv files"):
        import_into(tmp_path, path, label_column="what", labels_out=tmp_path / "labels.csv")


def test_what_is_there_already_is_skipped(tmp_path, capsys):
    path = save(tmp_path / "a.npy", np.zeros((5, 2)))
    import_into(tmp_path, path)
    written = (tmp_path / "store" / "a.h5").stat().st_mtime_ns
    assert import_into(tmp_path, path)[0] == ALL_DONE
    assert "0 imported, 1 already done, 0 failed: 5 steps" in capsys.readouterr().out
    assert (tmp_path / "store" / "a.h5").stat().st_mtime_ns == written


@pytest.mark.parametrize(
    "options",
    [
        {"dtype": "float16"},
        {"fps": 5.0},
        {"columns": ("1",)},
        {"time_axis": "last"},
        {"fps": None, "time_column": "0"},
        {"fps": None, "time_column": "0", "time_unit": "ms"},
        {"fps": None, "time_column": "0", "start_time": 0.0},
    ],
    ids=str,
)
def test_other_options_import_again_if_they_may(tmp_path, capsys, options):
    path = save(tmp_path / "a.npy", np.arange(1.0, 7).reshape(3, 2))
    import_into(tmp_path, path)
    import_into(tmp_path, path, overwrite=True, **options)
    said = capsys.readouterr()
    assert "1 imported, 0 already done" in said.out
    assert "1 had been made of other content or with other settings: made again" in said.err


@pytest.mark.parametrize(
    "options",
    [{"dtype": "float16"}, {"fps": 5.0}, {"columns": ("1",)}, {"fps": None, "time_column": "0"}],
    ids=str,
)
def test_other_options_replace_nothing_unless_it_is_said_that_they_may(tmp_path, options):
    path = save(tmp_path / "a.npy", np.arange(1.0, 7).reshape(3, 2))
    import_into(tmp_path, path)
    before = (tmp_path / "store" / "a.h5").read_bytes()
    again = "give --fps 4 as before, another" if "fps" in options else "give another"
    told = rf"a\.h5 was made with .*: {again} --store, or --overwrite"
    with pytest.raises(InputError, match=told):
        import_into(tmp_path, path, **options)
    assert (tmp_path / "store" / "a.h5").read_bytes() == before
    assert not (tmp_path / "store" / "failures.csv").exists()


def test_one_of_two_files_with_one_id_is_taken_if_it_is_said_which(tmp_path, capsys):
    save(tmp_path / "in" / "a.npy", np.ones((3, 2)))
    (tmp_path / "in" / "a.csv").write_text("x,y\n1,2\n")
    with pytest.raises(InputError, match=r"--prefer \.npy \(extract, import\) takes the latter"):
        import_into(tmp_path, tmp_path / "in")
    for suffix, steps in ((".npy", 3), (".csv", 1)):
        run(ImportConfig((tmp_path / "in",), tmp_path / suffix[1:], fps=4.0, prefer=suffix))
        assert FeatureStore(tmp_path / suffix[1:]).info("a").steps == steps
        assert "1 feature files are left out" in capsys.readouterr().err


@pytest.mark.parametrize("layout", ["files", "video-features", "ms-tcn"])
def test_names_that_cannot_be_written_down_are_failures_in_every_layout(tmp_path, layout):
    root = tmp_path / "in"
    folder = root / "features" if layout == "ms-tcn" else root
    for name in ("v_rgb", "new\nline_rgb", os.fsdecode(b"caf\xe9_rgb")):
        save(folder / f"{name}.npy", np.ones((3, 2)))
    if layout == "ms-tcn":
        (root / "groundTruth").mkdir()
    code, store = import_into(tmp_path, root, layout=layout)
    assert code == 3
    assert len(store.ids()) == 1
    assert len(failures(tmp_path)) == 2


def test_other_columns_of_other_content_are_other_content(tmp_path, capsys):
    import_into(tmp_path, save(tmp_path / "a.npy", np.ones((3, 2))))
    import_into(tmp_path, save(tmp_path / "a.npy", np.ones((3, 4))))
    assert "made again" in capsys.readouterr().err


def test_other_content_and_half_files_are_imported_again(tmp_path, capsys):
    path = save(tmp_path / "a.npy", np.zeros((5, 2)))
    import_into(tmp_path, path)
    save(path, np.ones((5, 2)))
    _, store = import_into(tmp_path, path)
    assert whole(store, "a").tolist() == [[1, 1]] * 5
    (tmp_path / "store" / "a.h5").write_bytes(b"half a file")
    _, store = import_into(tmp_path, path)
    assert whole(store, "a").tolist() == [[1, 1]] * 5
    assert "already done" in capsys.readouterr().out


def test_labels_of_what_is_skipped_are_written_all_the_same(tmp_path):
    paths = [write_timed(tmp_path / name, [7, 8, 9], "aab") for name in ("a.csv", "b.csv")]
    out = tmp_path / "labels.csv"
    given = {"label_column": "what", "labels_out": out}
    import_timed(tmp_path, *paths, **given)
    before = out.read_text()
    assert "b,0.0,2.0,a" in before
    write_timed(paths[0], [7, 8, 9], "aab")
    import_timed(tmp_path, *paths, **given)
    assert out.read_text() == before


def test_labels_of_what_failed_are_left_out_and_of_nothing_are_not_written(tmp_path):
    good = write_timed(tmp_path / "good.csv", [1, 2, 3])
    bad = write_timed(tmp_path / "bad.csv", [1, 1, 1])
    out = tmp_path / "labels.csv"
    given = {"label_column": "what", "labels_out": out}
    assert import_timed(tmp_path, bad, **given)[0] == SOME_FAILED
    assert not out.exists()
    assert import_timed(tmp_path, bad, good, **given)[0] == SOME_FAILED
    assert out.read_text().split()[1:] == ["good,0.0,3.0,a"]


def test_what_the_command_wrote_is_not_an_input(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_timed(tmp_path / "a.csv", [1, 2, 3])
    given = {"label_column": "what", "labels_out": Path("labels.csv")}
    for _ in range(2):
        code, store = import_timed(tmp_path, Path(), **given)
        assert code == ALL_DONE
        assert store.ids() == ["a"]
    with pytest.raises(InputError, match="what this command writes itself"):
        import_timed(tmp_path, tmp_path / "store")


def test_arrays_that_share_their_first_axis_raise_the_question_which_axis_is_time(tmp_path, capsys):
    paths = [save(tmp_path / f"{n}.npy", np.zeros((6, n))) for n in (20, 30, 40)]
    import_into(tmp_path, *paths)
    assert "all arrays have 6 steps" in (said := capsys.readouterr().err)
    assert "--time-axis last" in said
    _, store = import_into(tmp_path, *paths, time_axis="last")
    assert "all arrays have" not in capsys.readouterr().err
    assert [store.info(name).steps for name in store.ids()] == [20, 30, 40]
    store.uniform(store.ids())


def test_arrays_alike_in_both_axes_raise_no_question(tmp_path, capsys):
    import_into(tmp_path, *(save(tmp_path / f"{n}.npy", np.zeros((6, 4))) for n in (1, 2)))
    assert "all arrays have" not in capsys.readouterr().err


def test_very_many_columns_fit_into_a_store_and_differ_from_as_many_others(tmp_path):
    wide = np.zeros((2, 20_000))
    _, store = import_into(tmp_path, save(tmp_path / "a.npy", wide))
    assert store.info("a").dimension == 20_000
    chosen = tuple(map(str, range(20_000)))
    import_into(tmp_path, save(tmp_path / "b.npy", wide), columns=chosen)
    import_into(tmp_path, save(tmp_path / "c.npy", wide), columns=chosen[::-1])
    store.uniform(["a", "b"])
    with pytest.raises(InputError, match="made differently"):
        store.uniform(["a", "c"])


def test_a_file_that_cannot_be_opened_is_one_failure(tmp_path):
    (tmp_path / "in").mkdir()
    save(tmp_path / "in" / "a.npy", np.zeros((2, 2)))
    (tmp_path / "in" / "b.npy").symlink_to(tmp_path / "nowhere.npy")
    code, store = import_into(tmp_path, tmp_path / "in")
    assert code == SOME_FAILED
    assert store.ids() == ["a"]
    assert failures(tmp_path)[0]["kind"] == "file"


def test_a_file_without_a_known_suffix_needs_its_format(tmp_path):
    path = tmp_path / "a.dat"
    path.write_text("x\n1\n")
    code, _ = import_into(tmp_path, path)
    assert code == SOME_FAILED
    assert "--format" in failures(tmp_path)[0]["message"]
    assert import_into(tmp_path, path, format="csv")[0] == ALL_DONE


@pytest.mark.parametrize("first", ["0.5,1.5", "0,1", "nan,1", "-1e-3,.5", " 1 , 2"])
def test_a_first_line_of_numbers_is_no_line_of_names(tmp_path, first):
    (tmp_path / "a.csv").write_text(f"{first}\n1,2\n")
    assert import_into(tmp_path, tmp_path / "a.csv")[0] == SOME_FAILED
    (row,) = failures(tmp_path)
    assert "expected a first line of column names; got the numbers" in row["message"]


@pytest.mark.parametrize("cell", ["12_07", "infinity", "\u0661", "1 2", "", "0x10", "1,5"])
def test_a_feature_is_a_number_as_spreadsheets_write_it(tmp_path, cell):
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["x", "y"], [1, 2], [3, cell]])
    assert import_into(tmp_path, tmp_path / "a.csv")[0] == SOME_FAILED
    (row,) = failures(tmp_path)
    assert "line 3: y is " in row["message"]
    assert "not a number" in row["message"]


def test_a_gap_in_a_recording_does_not_lengthen_its_last_label(tmp_path):
    times = [*np.arange(25) / 25, *(3601 + np.arange(25) / 25)]
    rows = [f"{time},{time},{'ab'[int(time > 1)]}" for time in times]
    (tmp_path / "a.csv").write_text("\n".join(["t,x,phase", *rows]) + "\n")
    options = {"fps": None, "time_column": "t", "label_column": "phase"}
    labels = tmp_path / "labels.csv"
    _, store = import_into(tmp_path, tmp_path / "a.csv", labels_out=labels, **options)
    assert labels.read_text().splitlines()[-1] == "a,3601.0,3602.0,b"
    assert store.info("a").end == pytest.approx(3602)
    labels.write_text("sequence,start,end,label\na,0,3605,b\n")
    with pytest.raises(InputError, match="last 3605"):
        read_labels(LabelOptions(labels), store).check(store.info("a"))


def test_columns_cost_as_much_as_they_are_many(tmp_path):
    names = [f"c{number}" for number in range(80_000)]
    (tmp_path / "a.csv").write_text(f"{','.join(names)}\n{','.join('1' * 80_000)}\n")
    _, store = import_into(tmp_path, tmp_path / "a.csv")
    assert store.info("a").dimension == 80_000


def test_a_line_without_an_end_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(text_files, "MOST_LINE", 1000)
    path = tmp_path / "a.csv"
    for content in ("x" * 1001, "x,y\n" + "1," * 600, "x\n" + '"1\n",' * 400):
        path.write_text(content)
        assert import_into(tmp_path, path)[0] == SOME_FAILED
        assert "a line of more than 1,000 letters" in failures(tmp_path)[0]["message"]


def test_a_table_mended_in_place_is_made_again_wherever_it_was_mended(tmp_path):
    path, generator = tmp_path / "a.npy", np.random.default_rng(0)
    values = generator.integers(10, 99, (2048, 256)).astype("float64")
    np.save(path, values)
    assert import_into(tmp_path, path)[0] == ALL_DONE
    state = path.stat()
    for step, column in generator.integers(0, values.shape, (3, 2)):
        values[step, column] += 1
        np.save(path, values)
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
        _, store = import_into(tmp_path, path)
        assert store.features("a", step, step + 1)[0, column] == values[step, column]
        store.close()


def test_of_a_file_that_is_refused_now_nothing_is_trained_on(tmp_path):
    for name in "abc":
        save(tmp_path / f"{name}.npy", np.full((2, 1), 1.0))
    inputs = [tmp_path / f"{name}.npy" for name in "abc"]
    import_into(tmp_path, *inputs)
    save(inputs[1], np.array([[1.0], [np.nan]]))
    code, store = import_into(tmp_path, *inputs)
    assert (code, store.ids()) == (SOME_FAILED, ["a", "c"])
    assert "features made before are now" in failures(tmp_path)[0]["message"]
    assert (tmp_path / "store" / "b.h5.old").exists()
    save(inputs[1], np.zeros((2, 1)))
    assert import_into(tmp_path, *inputs)[0] == ALL_DONE
    assert store.ids() == ["a", "b", "c"]


def test_a_column_that_is_gone_puts_aside_what_was_made_of_it(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("x,y\n1,2\n")
    inputs = [tmp_path / "a.csv", tmp_path / "b.csv"]
    import_into(tmp_path, *inputs, columns=("y",))
    inputs[1].write_text("x,z\n1,2\n")
    code, store = import_into(tmp_path, *inputs, columns=("y",))
    assert (code, store.ids()) == (SOME_FAILED, ["a"])


def labelled_csv(path: Path, *labels: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["x,what", *(f"1,{label}" for label in labels)]))
    return path


def test_a_table_of_labels_that_would_be_lost_is_kept(tmp_path, capsys):
    out = tmp_path / "labels.csv"
    options = {"label_column": "what", "labels_out": out}
    one, two = (labelled_csv(tmp_path / name, "a", "b") for name in ("one.csv", "two.csv"))
    for _ in range(2):
        assert import_into(tmp_path, one, **options)[0] == ALL_DONE
    before = out.read_text()
    assert sorted(path.name for path in tmp_path.glob("labels*")) == ["labels.csv"]
    assert import_into(tmp_path, two, **options)[0] == ALL_DONE
    assert (tmp_path / "labels.csv.old").read_text() == before
    assert "has labels of one, which this command does not import" in capsys.readouterr().err
    assert import_into(tmp_path, one, two, **options)[0] == ALL_DONE
    assert set(before.splitlines()) < set(out.read_text().splitlines())
    out.write_text("sequence,label\none,a\n")
    with pytest.raises(InputError, match="is no table of sequence,start,end,label"):
        import_into(tmp_path, one, two, **options)
    out.write_text("sequence,start,end,label\none,0\n")
    with pytest.raises(InputError, match="line 2 has 2 values; expected 4"):
        import_into(tmp_path, one, two, **options)
    assert out.read_text().endswith("one,0\n")


def test_a_table_of_labels_that_was_corrected_is_kept(tmp_path, capsys):
    out = tmp_path / "labels.csv"
    options = {"label_column": "what", "labels_out": out}
    one = labelled_csv(tmp_path / "one.csv", "a", "b")
    import_into(tmp_path, one, **options)
    made = out.read_text()
    for number, name in enumerate(["labels.csv.old", "labels.csv.old1"]):
        corrected = made.replace(",b", f",c{number}")
        out.write_text(corrected)
        import_into(tmp_path, one, **options)
        assert out.read_text() == made
        assert (tmp_path / name).read_text() == corrected
        assert f"{tmp_path / name} is what {out} was before" in capsys.readouterr().err


def test_a_column_that_only_rises_is_asked_about(tmp_path, capsys):
    generator = np.random.default_rng(0)
    for name in "ab":
        rows = [f"{step / 8},{step},{generator.normal()}" for step in range(5000)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["timestamp,frame,x", *rows]))
    inputs = tmp_path / "a.csv", tmp_path / "b.csv"
    import_into(tmp_path, *inputs)
    (one, two) = [line for line in capsys.readouterr().err.splitlines() if "rises" in line]
    assert one.startswith("note: column 'frame' rises in every row of 2 files")
    assert two.endswith("give --time-column timestamp, or leave it out with --columns")
    import_into(tmp_path, *inputs)  # All is done already.
    assert "rises" not in capsys.readouterr().err
    options = {"fps": None, "time_column": "timestamp", "overwrite": True}
    import_into(tmp_path, *inputs, **options)
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "rises" in line]
    assert "--time-column" not in line
    import_into(tmp_path, *inputs, columns=("x",), **options)
    assert "rises" not in capsys.readouterr().err


@pytest.mark.parametrize(("apart", "unit"), [(32, "ms"), (32000, "us"), (2, None)])
def test_steps_far_apart_are_asked_about(tmp_path, capsys, apart, unit):
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["t,x", *(f"{apart * step},{step % 3}" for step in range(20))]))
    timed = {"fps": None, "time_column": "t"}
    import_into(tmp_path, path, **timed)
    said = capsys.readouterr().err
    assert (f"steps are {apart} s apart; are the times in {unit}? give" in said) == bool(unit)
    import_into(tmp_path, path, **timed, time_unit="s", dtype="float16", overwrite=True)
    assert "apart" not in capsys.readouterr().err


def test_a_column_spelled_otherwise_is_asked_about(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Time,speed\n0,1\n1,2\n")
    for name, meant in (("time", "Time"), ("sped", "speed")):
        with pytest.raises(InputError, match=rf"no column '{name}' \(did you mean {meant}\?\)"):
            import_into(tmp_path, path, columns=(name,))


def test_a_table_with_semicolons_is_recognised(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("time;speed\n0,5;1\n1,5;2\n")
    assert import_into(tmp_path, path)[0] == SOME_FAILED
    (row,) = failures(tmp_path)
    assert "seem to be separated by ';'; expected commas" in row["message"]

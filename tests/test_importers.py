import csv
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.importers import ImportConfig, run
from preprocessing.label_files import read_labels
from preprocessing.labels import UNLABELLED, LabelOptions
from preprocessing.store import FeatureStore

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
    assert f"feature 1 of step 1 is {value}" in row["message"]


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
        (np.zeros(3), "float64 of shape (3,); expected numbers [steps, features]"),
        (np.zeros((2, 3, 4)), "float64 of shape (2, 3, 4)"),
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


@pytest.mark.parametrize("content", [b"", b"x,y\n1,2\n", b"\x93NUMPY\x01\x00", b"PK\x03\x04"])
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
        ("x,y\n", "holds no step"),
        ("x,y\n1,2\n3\n", "line 3 has 1 values; expected 2"),
        ("x,y\n1,2\n3,4,5\n", "line 3 has 3 values; expected 2"),
        ("x,y\n1,2\n3,four\n", "line 3: y is 'four', not a number"),
        ("x,y\n1,\n", "line 2: y is '', not a number"),
        ("x,y\n1,\xff\n", "cannot be read as CSV"),
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
def test_a_column_that_is_not_there_is_named(tmp_path, file, options, message):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    save(tmp_path / "a.npy", np.zeros((1, 2)))
    labels_out = tmp_path / "labels.csv" if "label_column" in options else None
    code, _ = import_into(tmp_path, tmp_path / file, labels_out=labels_out, **options)
    assert code == SOME_FAILED
    assert message in failures(tmp_path)[0]["message"]


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
    import_into(tmp_path, path, dtype="float32")
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
    with pytest.raises(InputError, match=r"no feature files found in .*\.csv \.npy"):
        import_into(tmp_path, tmp_path / "in")

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.labels.splits import Splits, read_splits

quick = settings(deadline=None, max_examples=100)


@quick
@given(st.lists(st.text(min_size=1), unique=True, min_size=1), st.data())
def test_splits_read_back_from_their_json(tmp_path_factory, ids, data):
    cuts = sorted(data.draw(st.tuples(st.integers(1, len(ids)), st.integers(1, len(ids)))))
    splits = Splits(tuple(ids[: cuts[0]]), tuple(ids[cuts[0] : cuts[1]]), tuple(ids[cuts[1] :]))
    path = tmp_path_factory.mktemp("splits") / "splits.json"
    path.write_text(splits.to_json(), "utf-8")
    assert read_splits(path) == splits


def test_parts_that_json_leaves_out_are_empty(tmp_path):
    path = tmp_path / "splits.json"
    path.write_text('{"train": ["a"], "test": ["b"]}')
    assert read_splits(path) == Splits(("a",), (), ("b",))


def test_a_folder_has_a_text_file_a_part(tmp_path):
    (tmp_path / "train.txt").write_text("a\nday 1/b\n\n")
    (tmp_path / "test.txt").write_bytes(b"c\r\n  d\r\n")
    assert read_splits(tmp_path) == Splits(("a", "day 1/b"), (), ("c", "d"))
    (tmp_path / "validation.txt").write_text("e")
    assert read_splits(tmp_path).validation == ("e",)


def test_a_byte_order_mark_is_no_part_of_an_id(tmp_path):
    (tmp_path / "train.txt").write_bytes("a\nb\n".encode("utf-8-sig"))
    assert read_splits(tmp_path).train == ("a", "b")
    path = tmp_path / "splits.json"
    path.write_bytes(b'\xef\xbb\xbf{"train": ["a"]}')
    assert read_splits(path).train == ("a",)


@pytest.mark.parametrize(
    ("train", "validation", "test", "message"),
    [
        (("a", "b"), ("b",), (), "'b' is in train and again in validation"),
        (("a",), ("b",), ("c", "a"), "'a' is in train and again in test"),
        (("a",), ("c",), ("c",), "'c' is in validation and again in test"),
        (("a", "a"), (), (), "'a' is in train and again in train"),
    ],
)
def test_a_sequence_in_two_parts_is_refused(tmp_path, train, validation, test, message):
    path = tmp_path / "splits.json"
    path.write_text(json.dumps({"train": train, "validation": validation, "test": test}))
    with pytest.raises(InputError, match=message):
        read_splits(path)


def test_an_empty_training_part_is_refused(tmp_path):
    (tmp_path / "train.txt").write_text("\n")
    (tmp_path / "test.txt").write_text("a\n")
    with pytest.raises(InputError, match="train split is empty"):
        read_splits(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"train"',
        b"{}",
        b'{"test": ["a"]}',
        b'{"train": "a"}',
        b'{"train": ["a", 1]}',
        b'{"train": {"a": 1}}',
        b'{"train": ["a"], "dev": ["b"]}',
        b"\xff\xfe\x00",
    ],
)
def test_a_malformed_file_is_refused_by_name(tmp_path, content):
    path = tmp_path / "splits.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"splits\.json"):
        read_splits(path)


def test_a_file_or_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none\.json"):
        read_splits(tmp_path / "none.json")
    with pytest.raises(InputError, match=r"train\.txt"):
        read_splits(tmp_path)


def test_parts_of_other_names_are_said(tmp_path, capsys):
    path = tmp_path / "splits.json"
    path.write_text(json.dumps({"train": ["a"], "val": ["b"]}))
    with pytest.raises(InputError, match=r"got 'train', 'val' \(is val for validation\?\)"):
        read_splits(path)
    path.write_text("[1]")
    with pytest.raises(InputError, match="got no object with names"):
        read_splits(path)
    for name in ("train", "val"):
        (tmp_path / f"{name}.txt").write_text(f"{name}\n")
    assert read_splits(tmp_path).validation == ()
    assert f"{tmp_path / 'val.txt'} is not read" in capsys.readouterr().err

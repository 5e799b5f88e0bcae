"""A name a line: what is one, what is a table, and what has too many names for classes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_inputs import write

from preprocessing.errors import InputError
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.names import NAMES
from preprocessing.labels.formats.registry import format_of
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.name_lines import names_of, why_no_classes, why_no_names
from preprocessing.labels.reading import read_labels
from preprocessing.store.feature_store import FeatureStore

RUNS = st.lists(st.tuples(st.sampled_from(["SIL", "take cup", ""]), st.integers(2, 30)), min_size=1)


@given(RUNS.filter(lambda runs: any(name for name, _ in runs)))
def test_a_file_of_names_is_intervals_of_frames(tmp_path_factory, runs):
    path = tmp_path_factory.mktemp("names") / "P03"
    lines = [name for name, count in runs for _ in range(count)]
    path.write_text("\n".join(lines) + "\n")
    assert NAMES.recognises(Sample(path))
    reading = NAMES.read(path, LabelChoices())
    shown = [""] * len(lines)
    for one in reading.annotations:
        shown[int(one.start) : int(one.end or 0)] = [one.label] * int((one.end or 0) - one.start)
    assert (reading.unit, shown) == ("frames", lines)


@pytest.mark.parametrize(
    ("lines", "many", "why"),
    [
        (
            ["Frame\tPhase", "0\tPreparation"],
            False,
            r"first line, 'Frame\tPhase', is a header",
        ),
        (["frame,label", "a,b"], True, "is a header"),
        (["label", "walk", "walk"], False, "'label', is a header"),
        (["0\tsilence", "1\tsilence"], False, r"lines begin with numbers, such as '1\tsilence'"),
        (["000000006,0", "000000012,0"], False, "begin with numbers"),
        (["80 219 G1", "220 300 G2", "301 310 G1"], False, "begin with numbers"),
        (["0.5;walk", "0.6;walk"], True, "begin with numbers"),
        (["1,0,0,1", "0,0,1,0"], True, "begin with numbers"),
    ],
)
def test_a_table_is_none(lines: list[str], many: bool, why: str) -> None:
    assert why in why_no_names(lines, many)


@pytest.mark.parametrize(
    ("lines", "many"),
    [
        (["walk", "walk", "", "run"], False),
        (["0", "0", "1", "2"], False),
        (["1. break egg", "1. break egg", "2. mix"], False),
        (["walk, carry", "walk", ""], True),
        (["1,3", "1", "", "2,3,4"], True),
        (["phase", "phase", "other"], False),
        (["action", "action, walk"], True),
        (["walk, fast", "walk, slow"], False),
        ([], False),
    ],
)
def test_real_lists_stay(lines: list[str], many: bool) -> None:
    assert why_no_names(lines, many) == ""


@given(st.lists(st.sampled_from("abcdefghij"), min_size=101))
def test_ten_classes_are_never_too_many(lines):
    assert why_no_classes(names_of(lines, False), len(lines)) == ""


def test_more_classes_than_a_tenth_of_the_lines_are() -> None:
    lines = [f"said {number}" for number in range(300)]
    assert "300 names in 300 lines, such as 'said 99'" in why_no_classes(set(lines), len(lines))
    assert why_no_classes(set(lines[:100]), 100) == ""


def read(tmp_path: Path, files: dict[str, str]) -> list[str]:
    """Reads a folder of text files as the labels of sequences of as many steps as lines."""
    folder, store = tmp_path / "labels", tmp_path / "store"
    for name, text in files.items():
        write(store, name.partition(".")[0], [n / 4 for n in range(len(text.splitlines()))])
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return list(read_labels(LabelOptions(folder), FeatureStore(store)).classes)


def test_a_folder_of_names_is_read_as_ever(tmp_path: Path) -> None:
    assert read(tmp_path, {"a.txt": "x\n" * 3 + "y\n", "b.txt": "0\n" * 9}) == ["0", "x", "y"]


def test_files_without_a_suffix_are_read_where_there_are_no_others(tmp_path: Path) -> None:
    files = {"P03_cam01_coffee": "SIL\n" * 3 + "pour\n" * 9, "P08_cam01_coffee": "SIL\n" * 9}
    assert read(tmp_path, files) == ["SIL", "pour"]


def test_a_folder_with_a_table_in_it_is_refused_with_the_map_of_columns(tmp_path: Path) -> None:
    files = {"a.txt": "x\n" * 9, "b.txt": "x\nx\n0 1 y\n", "c.txt": "label\n" + "x\n" * 9}
    with pytest.raises(InputError) as raised:
        read(tmp_path, files)
    message = str(raised.value)
    assert "c.txt is a table: its first line, 'label', is a header; expected a class" in message
    assert "--label-columns" in message
    assert message.count("\n") == 0


def test_a_folder_of_all_different_lines_is_refused(tmp_path: Path) -> None:
    texts = {name: "".join(f"{name} {n} is said\n" for n in range(60)) for name in ("a", "b")}
    with pytest.raises(InputError, match="no list of classes: 120 names in 120 lines"):
        read(tmp_path, {f"{name}.txt": text for name, text in texts.items()})


@pytest.mark.parametrize(
    "text",
    ["0 SIL\n1 take\n", "add_oil_core add_oil\nadd_salt add\n", "a\tb\na\tb\n", "{a}\n{a}\n"],
)
def test_lists_beside_labels_are_no_names(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    found = format_of(tmp_path / "a.txt", LabelChoices())
    assert found is None or found.name != "names"

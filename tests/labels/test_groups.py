import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.labels.groups import divided_groups, likely_groups, read_groups
from preprocessing.labels.splits import Splits

PERSONS = ["P01_a", "P01_b", "P02_a", "P02_b", "P03_a"]


@pytest.mark.parametrize(
    ("pattern", "groups"),
    [
        (r"^(P\d+)_", ["P01", "P01", "P02", "P02", "P03"]),
        (r"P\d+", ["P01", "P01", "P02", "P02", "P03"]),
        (r"_(\w)$", ["a", "b", "a", "b", "a"]),
        (r"(?:P0)(\d)", ["1", "1", "2", "2", "3"]),
    ],
)
def test_the_first_group_of_an_expression_names_the_group_or_else_the_match(pattern, groups):
    assert read_groups(pattern, PERSONS) == dict(zip(PERSONS, groups, strict=True))


def test_a_table_says_the_group_of_each_sequence(tmp_path):
    path = tmp_path / "groups.csv"
    path.write_text("Sequence, Group\nP01_a, anna\nP02_a,ben\nP01_b,anna\n\nother,carl\n")
    ids = ["P01_a", "P01_b", "P02_a"]
    assert read_groups(str(path), ids) == {"P01_a": "anna", "P01_b": "anna", "P02_a": "ben"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("sequence;group\na;b\n", "separated by ';'"),
        ("sequence,person\na,b\n", "begins with sequence,person; expected a line sequence,group"),
        ("", "begins with nothing; expected a line sequence,group"),
        ("sequence,group\na\n", "line 2 has 1 values; expected 2"),
        ("sequence,group\na,b\na,c\n", "line 3: 'a' is in group 'c' and in 'b' before"),
        ("sequence,group\nb,c\n", "gives no group to 1 sequence (a); give each a line"),
        ("sequence,group\na,\n", "gives no group to 1 sequence (a); give each a line"),
    ],
)
def test_a_table_that_gives_no_groups_is_refused(tmp_path, content, message):
    path = tmp_path / "groups.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=re.escape(message)):
        read_groups(str(path), ["a"])


def test_a_table_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv"):
        read_groups(str(tmp_path / "none.csv"), ["a"])


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(P", "--group-by (P is no regular expression (missing )"),
        (r"^(P\d+)x", "gives no group to 5 sequences (P01_a, P01_b, P02_a, ...)"),
        (r"^(P01)?", "gives no group to 3 sequences (P02_a, P02_b, P03_a)"),
        ("", "gives no group to 5 sequences"),
    ],
)
def test_an_expression_that_gives_no_groups_is_refused(pattern, message):
    with pytest.raises(InputError, match=re.escape(message)):
        read_groups(pattern, PERSONS)


@pytest.mark.parametrize(
    ("ids", "pattern", "group"),
    [
        (PERSONS, "^([^_-]+)", "P01"),
        (["P01/a_1", "P01/a_2", "P02/a_1", "P02/a_2", "P03/b_1"], "^(.+)/", "P01"),
        (["rgb-01-1", "rgb-01-2", "rgb-02-1", "rgb-02-2", "rgb-03-1"], r"^(.+)[_-]", "rgb-01"),
        (["S1_Tea_C1", "S1_Pie_C1", "S2_Tea_C1", "S2_Pie_C1", "S3_Tea_C1"], "^([^_-]+)", "S1"),
    ],
)
def test_ids_that_look_grouped_are_told_with_an_expression_that_would_do(ids, pattern, group):
    found = likely_groups(ids)
    assert found is not None
    assert found.pattern == pattern
    assert found.groups == read_groups(pattern, ids)
    assert found.groups[ids[0]] == group


@pytest.mark.parametrize(
    "ids",
    [
        [],
        ["a"],
        ["video_01", "video_02", "video_03", "video_04"],
        [f"s{number:02d}" for number in range(20)],
        ["P01_a", "P01_b", "c", "d", "e", "f"],
        ["P01_a", "P01_b", "P02_a", "P02_b"],
    ],
)
def test_other_ids_do_not_look_grouped(ids):
    assert likely_groups(ids) is None


def test_classes_are_no_groups():
    ids = [f"{name}_{n}" for name in ("walk", "Run", "jump") for n in range(3)]
    assert likely_groups(ids) is not None
    assert likely_groups(ids, ["jump", "run", "walk"]) is None
    folders = [f"videos/{name}/{n}" for name in ("walk", "run", "jump") for n in range(3)]
    assert likely_groups(folders, ["jump", "run", "walk"]) is None


@given(st.sets(st.text("ab_-/1", min_size=1, max_size=8), max_size=30))
def test_what_is_guessed_can_always_be_given(ids):
    if found := likely_groups(ids):
        assert read_groups(found.pattern, ids) == found.groups


def test_a_divided_group_is_told_with_two_of_its_sequences():
    splits = Splits(("P01_a", "P02_a"), ("P01_b", "x"), ("P01_c", "P02_b", "P03_a"))
    groups = {name: name[:3] for part in ("train", "validation", "test") for name in splits[part]}
    groups.pop("x")
    first, second = divided_groups(groups, splits)
    assert first.words == "group 'P01' in two parts (P01_a in train, P01_b in validation)"
    assert second.words == "group 'P02' in two parts (P02_a in train, P02_b in test)"

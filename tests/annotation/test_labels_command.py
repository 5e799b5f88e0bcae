"""The command ``labels``, as a person uses it."""

from pathlib import Path
from typing import Any

import pytest
from label_inputs import small_store, text_folder

from preprocessing.cli import COMMANDS
from preprocessing.terminal import commands

Said = tuple[int, str, str]
INTERVALS = """\
sequence,start,end,label
a,0,1,walk
a,1,2,run
b,0,2,walk
day/c,0,1,Walk
day/c,1,2,run
night/d,0,0.5,walk
"""
SPLITS = '{"train": ["a", "b"], "validation": ["day/c"], "test": ["night/d"]}'


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Runs the command on labels in a folder that has a store and splits."""
    monkeypatch.chdir(tmp_path)
    small_store(tmp_path / "s")
    Path("l.csv").write_text(INTERVALS)
    Path("p.json").write_text(SPLITS)

    def call(*arguments: str) -> Said:
        code = commands.main("longtake", COMMANDS, ["labels", *arguments])
        return code, *capsys.readouterr()

    return call


CHECKED = """\
seconds, stretches and sequences of each class:
              train  validation       test
walk        3  2  2     -  -  -  0.5  1  1
run         1  1  1     1  1  1    -  -  -
Walk        -  -  -     1  1  1    -  -  -
(no label)  0           0        1.5
(all)       4     2     2     1    2     1
"""


def test_labels_are_looked_at_before_anything_is_trained_on_them(check: Any) -> None:
    code, out, err = check("l.csv", "--check", "--store", "s", "--splits", "p.json")
    assert (code, out) == (0, CHECKED)
    assert err.splitlines() == [
        "note: 18.8% of the time of the sequences has no label (2 of 8 s): it is left out, and "
        "figures speak of the labelled share only; train with --unlabelled background to make a "
        "class of it, or with --unlabelled ignore to leave it out without this note",
        "note: the labels 'Walk' and 'walk' differ in case only, and count as 2 classes; if they "
        "are one, write them alike in l.csv",
        "note: in one sequence only: Walk (1 of 3 classes): it can be trained on or tested on, not "
        "both; label more sequences, or leave the name out with --ignore-label",
        "note: train lacks Walk (1 of 3 classes): a model cannot learn to name what it never sees; "
        "move a sequence that shows it here",
        "note: validation lacks walk (1 of 3 classes): the choice of the best epoch does not know "
        "them",
        "note: test lacks Walk, run (2 of 3 classes): their figures there will be null",
    ]


def test_good_labels_are_said_to_be_good(check: Any) -> None:
    Path("l.csv").write_text("sequence,label\na,walk\nb,walk\nday/c,run\nnight/d,run\n")
    code, out, err = check("l.csv", "--check", "--store", "s")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "seconds, stretches and sequences of each class:",
        "           all",
        "run    4  2  2",
        "walk   4  2  2",
        "(all)  8     4",
        "nothing to remark on",
    ]


def test_background_is_counted_where_it_is_asked_for(check: Any) -> None:
    asked = ("--unlabelled", "background", "--ignore-label", "Walk")
    _, out, err = check("l.csv", "--check", "--store", "s", *asked)
    assert "background" in out
    assert "(no label: background)" in out
    assert "no label (" not in err


def test_without_a_store_sequences_count_until_their_last_label(check: Any) -> None:
    code, out, err = check("l.csv", "--check", "--splits", "p.json")
    assert code == 0
    assert "(all)  4     2     2     1  0.5     1" in out
    assert err.startswith(
        "note: without --store, sequences count until their last label: how much of their time has "
        "one is not known\n"
    )
    assert "has no label" not in err
    Path("l.csv").write_text("sequence,label\nx,walk\ny,walk\n")
    assert "walk   ?  2  2" in check("l.csv", "--check")[1]


def test_a_folder_of_another_program_is_checked_without_a_rate(check: Any) -> None:
    assert check("l.csv", "--to", "elan", "--out", "e")[0] == 0
    assert "walk   3.5  3  3" in check("e", "--check")[1]


def test_a_folder_without_labels_is_not_said_to_have_texts(check: Any) -> None:
    Path("e").mkdir()
    Path("e/a.kva").write_text("<KinoveaVideoAnalysis/>")
    for more in ([], ["--check"]):
        code, _, err = check("e", *more)
        assert code == 2
        assert err.startswith("longtake labels: error: e: looked for <sequence>.txt, ")
        assert "`longtake labels --formats` lists, and found 1 file .kva; " in err


def test_lines_need_a_rate_or_a_store(check: Any, tmp_path: Path) -> None:
    folder = text_folder(tmp_path, a="walk\n" * 8, b="walk\n" * 8)
    assert check(str(folder), "--check")[2] == (
        f"longtake labels: error: {folder} is a folder of text files, and how long a line lasts is "
        "not known; give --store, or --label-fps\n"
    )
    assert "walk   4  2  2" in check(str(folder), "--check", "--label-fps", "4")[1]
    assert "walk   4  2  2" in check(str(folder), "--check", "--store", "s")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("folders", "--check"), "the folders of a store are its labels; give --store to say"),
        (("none.csv", "--check"), "none.csv"),
        (("l.csv", "--check", "--store", "none"), "no store at none"),
        (("l.csv", "--check", "--splits", "bad.json"), "test split has 'x', which has no label"),
        (
            ("l.csv", "--check", "--store", "s", "--splits", "bad.json"),
            "the test split has 'x', which is not in s",
        ),
        (("long.csv", "--check", "--store", "s"), "labels of a in long.csv last 9.00 s"),
        (("l.csv", "--check", "--label-fps", "0"), "--label-fps 0.0: expected more than 0"),
        (
            ("l.csv", "--check", "--task", "regression", "--unlabelled", "background"),
            "--unlabelled background with --task regression",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    check: Any, arguments: tuple[str, ...], message: str
) -> None:
    Path("bad.json").write_text('{"train": ["a"], "test": ["x"]}')
    Path("long.csv").write_text("sequence,start,end,label\na,0,9,walk\n")
    code, _, err = check(*arguments)
    assert code == 2
    assert message in err.splitlines()[-1]
    assert "Traceback" not in err

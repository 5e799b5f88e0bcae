"""The command ``labels --to``, as a person uses it."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from label_inputs import small_store
from spoken import Said, refusal

from preprocessing.cli import COMMANDS
from preprocessing.terminal import commands

INTERVALS = """\
sequence,start,end,label
a,0,1,walk
a,1,2,run
day/c,0.5,1.5,walk
"""


@pytest.fixture
def labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Runs the command in a folder that has labels."""
    monkeypatch.chdir(tmp_path)
    Path("l.csv").write_text(INTERVALS)

    def call(*arguments: str) -> Said:
        code = commands.main("longtake", COMMANDS, ["labels", *arguments])
        return code, *capsys.readouterr()

    return call


def intervals(path: Path) -> list[tuple[str, ...]]:
    with path.open(newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


def test_labels_go_to_another_format_and_back(labels: Any) -> None:
    code, out, err = labels("l.csv", "--to", "boris", "--out", "p.boris")
    assert (code, err) == (0, "")
    assert out == "3 labels of 2 sequences written to p.boris (BORIS projects)\n"
    project = json.loads(Path("p.boris").read_text())
    assert list(project["observations"]) == ["a", "day/c"]
    assert project["observations"]["a"]["events"] == [
        [0.0, "", "walk", "", ""],
        [1.0, "", "walk", "", ""],
        [1.0, "", "run", "", ""],
        [2.0, "", "run", "", ""],
    ]
    assert labels("p.boris", "--to", "intervals", "--out", "new/b.csv")[0] == 0
    rows = [("a", "0.0", "1.0", "walk"), ("a", "1.0", "2.0", "run")]
    assert intervals(Path("new/b.csv"))[:2] == rows


def test_what_is_there_is_never_replaced(labels: Any) -> None:
    Path("p.boris").write_text("mine")
    said = refusal(labels("l.csv", "--to", "boris", "--out", "p.boris"))
    assert "--out p.boris is there already; give another --out, or move it away" in said
    Path("elan").mkdir()
    Path("elan/a.eaf").write_text("mine")
    assert "is there already" in refusal(labels("l.csv", "--to", "elan", "--out", "elan"))
    assert Path("p.boris").read_text() == Path("elan/a.eaf").read_text() == "mine"
    assert "a file; expected a folder" in refusal(labels("l.csv", "--to", "elan", "--out", "l.csv"))
    said = refusal(labels("l.csv", "--to", "via", "--out", "elan"))
    assert "--out elan is a folder; expected the name of a file, such as elan/labels.json" in said


def test_nothing_is_left_of_what_could_not_be_written(labels: Any) -> None:
    Path("l.csv").write_text("sequence,start,end,label\n../up,0,1,walk\n")
    said = refusal(labels("l.csv", "--to", "webvtt", "--out", "new/v"))
    assert "expected a relative path without .. as its name" in said
    assert not list(Path("new").iterdir())


def test_what_counts_frames_needs_their_rate(labels: Any) -> None:
    said = refusal(labels("l.csv", "--to", "names", "--out", "n"))
    assert "how many frames a second 'a' has is not known, and this format counts frames" in said
    assert labels("l.csv", "--to", "names", "--out", "n", "--label-fps", "4")[0] == 0
    assert Path("n/a.txt").read_text() == "walk\n" * 4 + "run\n" * 4
    assert Path("n/day/c.txt").read_text() == "\n\n" + "walk\n" * 4


def test_frames_are_those_of_the_store(labels: Any) -> None:
    small_store(Path("s"))
    said = refusal(labels("l.csv", "--to", "class-columns", "--out", "n", "--store", "s"))
    assert "how many frames a second" in said  # Of an older store, which does not say.
    given = ("--store", "s", "--label-fps", "2")
    assert labels("l.csv", "--to", "class-columns", "--out", "n", *given)[0] == 0
    assert Path("n/a.csv").read_text().split() == [
        *(",background,run,walk", "0,0,0,1", "1,0,0,1", "2,0,1,0", "3,0,1,0")
    ]
    assert Path("n/day/c.csv").read_text().split()[1:] == [
        "0,1,0,0",
        "1,0,0,1",
        "2,0,0,1",
        "3,1,0,0",
    ]


def test_media_are_linked_from_where_the_file_is(labels: Any, tmp_path: Path) -> None:
    Path("videos").mkdir()
    Path("videos/a.mp4").touch()
    labels("l.csv", "--to", "boris", "--out", "p.boris")
    project = json.loads(Path("p.boris").read_text().replace('"a"', '"videos/a.mp4"'))
    Path("q.boris").write_text(json.dumps(project))
    assert labels("q.boris", "--to", "elan", "--out", "deep/down")[0] == 0
    assert 'RELATIVE_MEDIA_URL="../../videos/a.mp4"' in Path("deep/down/a.eaf").read_text()


def test_choices_hold_for_what_is_written(labels: Any) -> None:
    Path("t.csv").write_text(
        "sequence,start,end,label,subject,tier,modifier\n"
        "a,0,2,walk,ann,first,fast\n"
        "a,1,3,run,bob,first,\n"
        "a,0,3,rest,bob,second,\n"
    )
    code, _, err = labels("t.csv", "--to", "webvtt", "--out", "v", "--subject", "ann")
    assert code == 0
    assert "modifiers of 1 label left out: WebVTT subtitles have no place for them" in err
    assert Path("v/a.vtt").read_text() == "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nwalk\n"
    assert labels("t.csv", "--to", "webvtt", "--out", "w", "--modifiers")[0] == 0
    found = {
        path.relative_to("w").as_posix(): path.read_text() for path in Path("w").rglob("*.vtt")
    }
    assert sorted(found) == ["first ann/a.vtt", "first bob/a.vtt", "second bob/a.vtt"]
    assert "walk|fast" in found["first ann/a.vtt"]
    assert (
        labels("t.csv", "--to", "intervals", "--out", "p.csv", "--priority", "run", "walk")[0] == 0
    )
    assert intervals(Path("p.csv")) == [
        ("a", "0.0", "1.0", "walk"),
        ("a", "1.0", "3.0", "run"),
    ]
    said = refusal(labels("t.csv", "--to", "via", "--out", "x", "--subject", "eve"))
    assert "--subject eve: t.csv has no such subject" in said


def test_later_files_win_where_they_label(labels: Any) -> None:
    Path("fix.csv").write_text("sequence,start,end,label\na,0.5,1.5,jump\n")
    assert labels("l.csv", "fix.csv", "--to", "audacity", "--out", "o")[0] == 0
    assert Path("o/a.txt").read_text() == (
        "0.000000\t0.500000\twalk\n0.500000\t1.500000\tjump\n1.500000\t2.000000\trun\n"
    )


def test_points_are_written_where_there_is_a_place_for_them(labels: Any) -> None:
    Path("o").mkdir()
    Path("o/a.txt").write_text("1\t1\tjump\n2\t3\twalk\n")
    code, out, err = labels("o", "--to", "elan", "--out", "e")
    assert code == 0
    assert out == "1 label of 1 sequence written to e (ELAN annotations (.eaf))\n"
    assert (
        "1 point left out: ELAN annotations (.eaf) have no place for labels without length" in err
    )
    assert labels("o", "--to", "intervals", "--out", "p.csv", "--point-seconds", "0.5")[0] == 0
    assert intervals(Path("p.csv"))[0] == ("a", "0.75", "1.25", "jump")
    assert labels("o", "--to", "boris", "--out", "p.boris")[0] == 0
    kinds = {
        one["code"]: one["type"]
        for one in json.loads(Path("p.boris").read_text())["behaviors_conf"].values()
    }
    assert kinds == {"jump": "Point event", "walk": "State event"}


def test_names_that_no_line_can_hold_are_mended_with_a_word(labels: Any) -> None:
    Path("l.csv").write_text('sequence,start,end,label\na,0,1,"two\nlines"\n')
    code, _, err = labels("l.csv", "--to", "audacity", "--out", "o")
    assert code == 0
    assert "names of 1 label have characters that are no letters" in err
    assert Path("o/a.txt").read_text() == "0.000000\t1.000000\ttwo lines\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("l.csv", "--to", "boris"), "--to is given without --out; give both to write labels"),
        (("l.csv", "--out", "x"), "--out is given without --to"),
        ((), "there is nothing to look at; give label files, or --formats"),
        (("l.csv", "--check", "--json"), "--check and --json do not go together; give one of them"),
    ],
)
def test_what_makes_no_sense_is_refused(labels: Any, given: tuple[str, ...], said: str) -> None:
    assert said in refusal(labels(*given))


def test_what_lies_before_the_video_is_left_out_with_a_word(labels: Any) -> None:
    Path("o").mkdir()
    Path("o/a.txt").write_text("-3\t-1\tx\n-1\t1\ty\n2\t3\tz\n")
    code, _, err = labels("o", "--to", "intervals", "--out", "p.csv")
    assert code == 0
    assert "1 label before the beginning of the video: left out" in err
    assert intervals(Path("p.csv")) == [("a", "0.0", "1.0", "y"), ("a", "2.0", "3.0", "z")]


@pytest.mark.parametrize("name", ["names", "class-columns"])
def test_a_label_that_ends_in_a_thousand_years_fills_no_memory(labels: Any, name: str) -> None:
    Path("l.csv").write_text("sequence,start,end,label\na,0,3e10,walk\n")
    said = refusal(labels("l.csv", "--to", name, "--out", "n", "--label-fps", "25"))
    assert "'a' would have 750,000,000,000 lines, one a frame; expected 33,554,432 at most" in said


def test_names_of_every_script_stay_what_they_are(labels: Any) -> None:
    name = "\u6b69\u304f\u3000\u00a0\U0001f468\u200d\U0001f469 =1+1"
    Path("l.csv").write_text(f"sequence,start,end,label\na,0,1,{name}\n", encoding="utf-8")
    for to, out in (("boris", "p.boris"), ("via", "v.json")):
        code, _, err = labels("l.csv", "--to", to, "--out", out)
        assert (code, err) == (0, "")
        assert name in Path(out).read_text(encoding="utf-8")

"""The command ``labels``, which shows what label files hold."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_inputs import small_store
from spoken import Said

from preprocessing.annotation.figures import figures
from preprocessing.annotation.said import Said as Content
from preprocessing.cli import COMMANDS
from preprocessing.labels.formats.base import Annotation
from preprocessing.labels.formats.registry import FORMATS
from preprocessing.labels.formats.writers.registry import WRITERS
from preprocessing.terminal import commands

SAID = """\
sequence,start,end,label,subject,tier
a,0,1,walk,ann,first
a,0.5,1.5,run,bob,first
day/c,0,1,walk,ann,second
"""
SHOWN = """\
2 sequences, 2 classes, 3 labels
class  labels  seconds  sequences
walk        2        2          2
run         1        1          1
subjects: ann 2, bob 1 (--subject chooses)
tiers: first 2, second 1 (--tier chooses)
overlapping pairs of labels: 1
"""


@pytest.fixture
def labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Runs the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Said:
        code = commands.main("longtake", COMMANDS, ["labels", *arguments])
        return code, *capsys.readouterr()

    return call


def test_what_labels_hold_is_shown(labels: Any) -> None:
    Path("l.csv").write_text(SAID)
    assert labels("l.csv") == (0, SHOWN, "")
    small_store(Path("s"))
    assert labels("l.csv", "--store", "s") == (0, f"{SHOWN}time without a label: 37.5%\n", "")
    code, out, err = labels("l.csv", "--json", "--store", "s")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "sequences": 2,
        "without": 0,
        "unit": "seconds",
        "classes": {
            "run": {"labels": 1, "points": 0, "seconds": 1.0, "sequences": 1},
            "walk": {"labels": 2, "points": 0, "seconds": 2.0, "sequences": 2},
        },
        "overlaps": 1,
        "open": [],
        "subjects": {"ann": 2, "bob": 1},
        "tiers": {"first": 2, "second": 1},
        "raters": {},
        "unlabelled": 0.375,
        "not_stored": [],
        "too_long": [],
    }


def test_labels_that_end_after_their_sequence_are_remarked_on(labels: Any) -> None:
    Path("l.csv").write_text("sequence,start,end,label\na,0,2.5,x\nb,1,2,x\nday/c,0,40,x\n")
    small_store(Path("s"))
    code, _, err = labels("l.csv", "--store", "s", "--label-tolerance", "1")
    assert code == 0
    assert err == (
        "note: 1 sequence with labels that end after it, as day/c: labels end at 40 s, the "
        "sequence at 2 s; they are of another video, or count otherwise (frames at another rate, "
        "milliseconds)\n"
    )


def test_names_a_line_are_shown_too(labels: Any) -> None:
    Path("t").mkdir()
    Path("t/a.txt").write_text("walk\nwalk\n\nrun\n" * 4)
    code, out, _ = labels("t", "--label-fps", "4")
    assert code == 0
    assert out.splitlines()[:4] == [
        "1 sequence, 2 classes, 8 labels",
        "class  labels  seconds  sequences",
        "walk        4        2          1",
        "run         4        1          1",
    ]


def test_open_states_points_and_frames_are_named(labels: Any) -> None:
    Path("p.boris").write_text(
        json.dumps(
            {
                "project_format_version": "7.0",
                "behaviors_conf": {
                    "0": {"code": "s", "type": "State event"},
                    "1": {"code": "p", "type": "Point event"},
                },
                "observations": {
                    "o": {
                        "file": {"1": ["a.mp4"]},
                        "type": "MEDIA",
                        "events": [[1.5, "", "s", "", ""], [2.0, "", "p", "", ""]],
                        "media_info": {"length": {"a.mp4": 9.0}},
                    }
                },
            }
        )
    )
    code, out, err = labels("p.boris")
    assert code == 0
    assert out.splitlines()[0] == "1 sequence, 2 classes, 1 label, 1 point"
    assert "1 state never ended, the first 's' of a from 1.5 seconds on" in err
    code, _, err = labels("p.boris", "--to", "via", "--out", "v.json")
    assert code == 2
    assert (
        "'s' of a begins at 1.5 s and is never ended; end it where it ends, or take it out" in err
    )


def test_formats_are_listed_once_each(labels: Any) -> None:
    code, out, err = labels("--formats")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    rows = [line.split()[:3] for line in out.splitlines()[1:]]
    names = [name for name, *_ in rows]
    assert len(set(names)) == len(names)
    assert {one.name for one in FORMATS} <= set(names)
    assert {name for name, _, written in rows if written == "written"} == set(WRITERS)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=12))
def test_pairs_that_overlap_are_counted(stretches: list[tuple[int, int]]) -> None:
    several = [Annotation("a", start, start + long, "x") for start, long in stretches]
    pairs = sum(
        one.start < other.end and other.start < one.end  # type: ignore[operator]
        for place, one in enumerate(several)
        for other in several[:place]
    )
    found = figures(Content({"a": several}), None, 1.0)
    assert found.overlaps == pairs
    total = sum(long for _, long in stretches)
    assert np.isclose(sum(one.seconds for one in found.classes.values()), total)

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_files import read_as, told, written

from preprocessing.errors import InputError

HEAD = """Bento annotation file
Movie file(s):  D:\\my videos\\front.seq D:\\my videos\\top.seq

Stimulus name:
Annotation start frame: 1
Annotation stop frame: 900
Annotation framerate: {}

List of channels:
Ch1

List of annotations:
attack
sniff

Ch1----------
"""
BOUTS = st.lists(st.tuples(st.integers(1, 10**5), st.integers(0, 1000)), min_size=1, max_size=5)


def annot(bouts: str, fps: str = "30.000000") -> str:
    return HEAD.format(fps) + ">attack\nStart\t Stop\t Duration \n" + bouts + "\n\n"


@given(bouts=BOUTS, fps=st.sampled_from([25.0, 30.0, 29.97]), in_frames=st.booleans())
def test_the_first_frame_is_one_and_the_last_belongs_to_it(
    tmp_path_factory: pytest.TempPathFactory,
    bouts: list[tuple[int, int]],
    fps: float,
    in_frames: bool,
) -> None:
    unit = 1 if in_frames else fps
    lines = [
        "\t".join(f"{value / unit:.12g}" for value in (start, start + more, more + 1))
        for start, more in bouts
    ]
    path = written(tmp_path_factory.mktemp("b") / "a.annot", annot("\n".join(lines), str(fps)))
    reading = read_as(path, "bento")
    found = [(one.start * fps, (one.end or 0) * fps) for one in reading.annotations]
    assert [(round(start, 3), round(end, 3)) for start, end in found] == [
        (start - 1, start + more) for start, more in bouts
    ]
    assert {(one.label, one.tier, one.media) for one in reading.annotations} == {
        ("attack", "Ch1", "D:\\my videos\\front.seq")
    }
    assert (reading.unit, reading.fps) == ("seconds", fps)


def test_durations_of_stop_less_start_say_ends(tmp_path: Path) -> None:
    reading = read_as(written(tmp_path / "a.annot", annot("1.5 2.25 0.75\n3 4.5 1.5")), "bento")
    assert [line[1:3] for line in told(reading.annotations)] == [(1.5, 2.25), (3.0, 4.5)]
    assert "stops are taken as ends" in reading.remarks[0]


def test_without_a_rate_frames_stay_frames(tmp_path: Path) -> None:
    content = annot("91\t157\t67").replace("Annotation framerate: 30.000000\n", "")
    reading = read_as(written(tmp_path / "a.annot", content), "bento")
    assert reading.unit == "frames"
    assert [line[1:3] for line in told(reading.annotations)] == [(90, 157)]


def test_a_bout_that_is_none_is_said_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 20: 1.5 soon; expected start, stop and duration"):
        read_as(written(tmp_path / "a.annot", annot("1 2 2\n1.5 soon")), "bento")


def test_streams_of_the_caltech_annotator_are_tiers(tmp_path: Path) -> None:
    content = "Caltech Behavior Annotator - Annotation File\n\nConfiguration file:\nother\to\n\n"
    content += "S1:\tstart\tend\ttype\n-----------------------------\n\t1\t943\tother\n"
    content += "\t944\t1142\tattack\n\nS2: start    end     type\n---\n1 5 lateral threat\n"
    reading = read_as(written(tmp_path / "a.txt", content), "caltech")
    assert reading.unit == "frames"
    assert [(one.start, one.end, one.label, one.tier) for one in reading.annotations] == [
        (0, 943, "other", "S1"),
        (943, 1142, "attack", "S1"),
        (0, 5, "lateral threat", "S2"),
    ]
    with pytest.raises(InputError, match="line 14: soon; expected first frame, last frame"):
        read_as(written(tmp_path / "a.txt", content + "soon\n"), "caltech")

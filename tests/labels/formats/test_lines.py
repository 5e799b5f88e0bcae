"""Lines of a begin, an end and a class mean the frames and seconds that their data sets mean."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Reading
from preprocessing.labels.formats.lines import LINES
from preprocessing.labels.formats.sample import Sample

NAMES = st.text("abcdefgxyz_G", min_size=1, max_size=8)
LENGTHS = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 500), NAMES), min_size=1)


def read(path: Path, text: str) -> Reading:
    path.write_text(text)
    assert LINES.recognises(Sample(path))
    return LINES.read(path, LabelChoices())


def said(reading: Reading) -> list[tuple[float, float | None, str]]:
    return [(one.start, one.end, one.label) for one in reading.annotations]


@given(LENGTHS)
def test_frames_from_1_with_their_last_are_those_that_were_written(tmp_path_factory, lengths):
    frame, intervals = 2, []
    for gap, length, label in lengths:
        intervals.append((frame + gap, frame + gap + length, label))
        frame += gap + length + 1
    lines = [f"{start} {end} {label} \n" for start, end, label in intervals]
    reading = read(tmp_path_factory.mktemp("lines") / "a.txt", "".join(lines))
    assert reading.unit == "frames"
    assert said(reading) == [(start - 1, end, label) for start, end, label in intervals]


@given(st.lists(st.tuples(st.floats(0, 9e5), st.floats(0.01, 9e3), NAMES), min_size=1))
def test_seconds_are_those_that_were_written(tmp_path_factory, lengths):
    intervals = [
        (round(start, 3), round(start + length, 3), name) for start, length, name in lengths
    ]
    lines = [f"{start:.3f}  {end:.3f}\u00a0 {label}\n" for start, end, label in intervals]
    reading = read(tmp_path_factory.mktemp("lines") / "a.txt", "".join(lines))
    assert reading.unit == "seconds"
    assert said(reading) == intervals


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("80 219 G1 \n220 300 G2 \n", "frames", [(79, 219, "G1"), (219, 300, "G2")]),
        ("0 30 a\n31 60 b\n", "frames", [(0, 31, "a"), (31, 61, "b")]),
        ("0 30 a\n30 60 b\n60 70 a\n", "frames", [(0, 30, "a"), (30, 60, "b"), (60, 70, "a")]),
        ("1-30 SIL  \n31-150 take_bowl  \n", "frames", [(0, 30, "SIL"), (30, 150, "take_bowl")]),
        ("<take><cup> (146-231) [1]\n", "frames", [(145, 231, "<take><cup>")]),
        ("00:01:02.5 1:00:00 to cook\n", "seconds", [(62.5, 3600, "to cook")]),
        ("# by hand\n0.5 2 a\n\n2 3.5 b c\n", "seconds", [(0.5, 2, "a"), (2, 3.5, "b c")]),
    ],
)
def test_layouts(tmp_path: Path, text: str, unit: str, expected: list[object]) -> None:
    reading = read(tmp_path / "a.txt", text)
    assert (reading.unit, said(reading)) == (unit, expected)


def test_thumos_takes_the_class_from_the_name_of_the_file(tmp_path: Path) -> None:
    text = "video_test_0000324  49.2 53.5\nvideo_test_0000325  9 12.5\n"
    reading = read(tmp_path / "CliffDiving_test.txt", text)
    assert said(reading) == [(49.2, 53.5, "CliffDiving"), (9, 12.5, "CliffDiving")]
    assert reading.media == ("video_test_0000324", "video_test_0000325")
    assert "'CliffDiving', is taken" in reading.remarks[0]
    unsure = read(tmp_path / "Ambiguous_test.txt", text)
    assert (said(unsure), unsure.remarks) == ([], ["Ambiguous is no class: 2 lines left out"])


def test_detections_have_a_score(tmp_path: Path) -> None:
    reading = read(tmp_path / "a.txt", "v_1 1.5 2.5 7 0.9\nv_2 3.5 4.5 8 0.25\n")
    assert [(one.label, one.confidence) for one in reading.annotations] == [("7", 0.9), ("8", 0.25)]


SALADS = "53704269 268768513 cut_and_mix\n53704269 76774251 cut_tomato_prep\n"


def test_numbers_too_large_for_frames_are_microseconds_of_another_clock(tmp_path: Path) -> None:
    reading = read(tmp_path / "01-1-activityAnnotation.txt", SALADS)
    assert said(reading)[1] == (53.704269, 76.774251, "cut_tomato_prep")
    assert [one.tier for one in reading.annotations] == ["high", "low"]
    assert "does not begin with the video" in reading.remarks[-1]
    (tmp_path / "timestamps-01-1.txt").write_text("50704269 a.png\n50737602 b.png\n")
    reading = read(tmp_path / "01-1-activityAnnotation.txt", SALADS)
    assert said(reading)[1] == (3, 26.069982, "cut_tomato_prep")
    assert "timestamps-01-1.txt" in reading.remarks[-1]


def test_an_end_before_its_beginning_is_left_out_and_named(tmp_path: Path) -> None:
    lines = [f"{10 * n} {10 * n + 5} a\n" for n in range(1, 30)]
    reading = read(tmp_path / "a.txt", "".join([*lines, "400 390 b\n"]))
    assert len(reading.annotations) == 29
    assert any(
        "left out 1 interval" in remark and "line 30" in remark for remark in reading.remarks
    )


def test_a_line_of_another_layout_is_named(tmp_path: Path) -> None:
    lines = "".join(f"{10 * n} {10 * n + 5} a\n" for n in range(1, 4000))
    (tmp_path / "a.txt").write_text(lines + "the end\n")
    with pytest.raises(InputError, match=r"a\.txt line 4000: 'the end'; expected a begin, an end"):
        LINES.read(tmp_path / "a.txt", LabelChoices())


@pytest.mark.parametrize(
    "text",
    [
        *(
            "0 SIL\n1 take_cup\n",
            "0.1 0.2 0.3\n0.2 0.4 0.5\n",
            "1 2 3 4 5\n2 3 4 5 6\n",
            "SIL\nSIL\n",
        ),
        *("1\t2\ta\n", "1;2;a\n", "start end label\n1 2 a\n", "", "9 1 a\n8 2 a\n", "a 1\nb 2\n"),
    ],
)
def test_what_is_no_such_lines(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text)
    assert not LINES.recognises(Sample(tmp_path / "a.txt"))

"""Subtitles: cues are intervals, their texts classes; damage is named by its line."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.errors import InputError
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Reading
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.subtitles import SRT, VTT

TEXTS = st.text("abc xyz,!é", min_size=1, max_size=9).map(str.strip).filter(bool)
CUES = st.lists(
    st.tuples(st.integers(0, 10**8), st.integers(1, 10**6), TEXTS), min_size=1, max_size=9
)


def clock(milliseconds: int, mark: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{rest:03}"


def read(path: Path, text: str, encoding: str = "utf-8") -> Reading:
    path.write_bytes(text.encode(encoding))
    found = [one for one in (VTT, SRT) if one.recognises(Sample(path))]
    assert len(found) == 1
    return found[0].read(path, LabelChoices())


def said(reading: Reading) -> list[tuple[float, float | None, str]]:
    return [(one.start, one.end, one.label) for one in reading.annotations]


@given(CUES, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_cues_are_read_as_they_were_written(tmp_path_factory, cues, end, vtt):
    mark = "." if vtt else ","
    blocks = [
        f"{number}{end}{clock(start, mark)} --> {clock(start + length, mark)}{end}{text}{end}{end}"
        for number, (start, length, text) in enumerate(cues, 1)
    ]
    head = f"WEBVTT - of a test{end}{end}NOTE not 1 of them{end}{end}" if vtt else ""
    reading = read(tmp_path_factory.mktemp("cues") / "a", head + "".join(blocks))
    assert said(reading) == [
        (
            pytest.approx(start / 1000),
            pytest.approx((start + length) / 1000),
            " ".join(text.split()),
        )
        for start, length, text in cues
    ]


@given(CUES)
def test_libraries_agree(tmp_path_factory, cues):
    srt, webvtt = pytest.importorskip("srt"), pytest.importorskip("webvtt")
    path = tmp_path_factory.mktemp("cues") / "a"
    for mark, head in ((",", ""), (".", "WEBVTT\n\n")):
        blocks = [
            f"{number}\n{clock(start, mark)} --> {clock(start + length, mark)}\n{text}\n\n"
            for number, (start, length, text) in enumerate(cues, 1)
        ]
        text = head + "".join(blocks)
        cues_read = webvtt.from_buffer(io.StringIO(text)) if head else srt.parse(text)
        texts = [" ".join((cue.text if head else cue.content).split()) for cue in cues_read]
        assert [label for *_, label in said(read(path, text))] == texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("WEBVTT\n\n00:16.500 --> 00:18.500 align:start\nLike a <00:17.000>big <c.x>pie</c>\n",
         [(16.5, 18.5, "Like a big pie")]),
        ("WEBVTT\n\nSTYLE\n::cue {}\n\nfirst\n00:01.000 --> 00:02.000\na &amp; b\nc\n\n42\n",
         [(1, 2, "a & b c")]),
        ("7\n00:00:01,000 --> 00:00:02,000\n\ntext\n\nmore\n\n9\n00:00:03,5 --> 00:00:04\n{\\an8}b",
         [(1, 2, "text more"), (3.5, 4, "b")]),
        ("\n\n00:00:01 --> 00:00:02\n<i>1 < 2</i>\n", [(1, 2, "1 < 2")]),
    ],
)  # fmt: skip
def test_what_is_no_text_of_a_cue_is_left_out(tmp_path: Path, text: str, expected: object) -> None:
    assert said(read(tmp_path / "a", text)) == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\nà la crème, brûlée\n\n"
    assert said(read(tmp_path / "a", text, encoding)) == [(1, 2, "à la crème, brûlée")]


def test_an_empty_cue_is_none_and_a_reversed_one_is_named(tmp_path: Path) -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:05,000 --> 00:00:04,000\nback\n"
    reading = read(tmp_path / "a", text)
    assert said(reading) == []
    assert "left out 1 interval" in reading.remarks[0]
    assert "line 5" in reading.remarks[0]


@pytest.mark.parametrize(
    "times", ["00:99,000 --> 00:00:03,000", "00:00:61,0 --> 00:01:02,0", "-->"]
)
def test_damaged_times_are_named_by_their_line(tmp_path: Path, times: str) -> None:
    text = f"1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n{times}\nb\n"
    with pytest.raises(InputError, match=r"a line 6: times .*; expected two such as"):
        read(tmp_path / "a", text)


def test_a_text_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 1: a cue with more than 1000 lines"):
        read(tmp_path / "a", "00:00:01,000 --> 00:00:02,000\n" + "a\n" * 2000)

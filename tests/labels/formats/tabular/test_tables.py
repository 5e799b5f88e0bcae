"""Tables of any kind, read by a map of columns."""

import csv
import io
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import read, said, table, workbook

from preprocessing.errors import InputError
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import OPEN
from preprocessing.labels.formats.registry import format_of
from preprocessing.labels.formats.suggestion import suggested

quick = settings(deadline=None, max_examples=40)
BEGIN = "sequence=File,start=Begin,end=End,label=Behaviour"
NAMES = ("walk", "run, fast", 'say "ho"', "grüßen", "a;b", "0", "x\ty", "über|all")
intervals = st.lists(
    st.tuples(
        st.sampled_from(("a", "videos/b c", "ü.mp4")),
        st.integers(0, 10**6),
        st.integers(1, 10**6),
        st.sampled_from(NAMES),
    ),
    min_size=1,
    max_size=12,
)


def written(rows: list[list[str]], mark: str, end: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=mark, lineterminator=end).writerows(rows)
    return text.getvalue()


@quick
@given(
    intervals=intervals,
    mark=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252")),
    end=st.sampled_from(("\n", "\r\n")),
    above=st.lists(st.sampled_from(("", "Study 7", "coder: M. M.")), max_size=3),
    comma=st.booleans(),
)
def test_what_a_table_says_is_read_however_it_is_written(
    intervals, mark, encoding, end, above, comma
):
    point = "," if comma and mark != "," else "."
    rows = [["Note", "File", "Begin", "End", "Behaviour"]]
    for media, start, length, label in intervals:
        times = (f"{start / 1000:.3f}", f"{(start + length) / 1000:.3f}")
        rows.append(["x", media, *(time.replace(".", point) for time in times), label])
    text = "".join(line + end for line in above) + written(rows, mark, end)
    with tempfile.TemporaryDirectory() as folder:
        reading = table(Path(folder), text, BEGIN, encoding=encoding)
    expected = [(m, s / 1000, round((s + n) / 1000, 3), label) for m, s, n, label in intervals]
    assert sorted(said(reading)) == sorted(expected)
    assert (reading.unit, reading.remarks) == ("seconds", [])


@pytest.mark.parametrize(
    ("unit", "start", "end", "read_as"),
    [
        ("", "1.5", "2", (1.5, 2.0, "seconds")),
        (":ms", "28846", "157944", (28.846, 157.944, "seconds")),
        (":us", "1500000", "2000000", (1.5, 2.0, "seconds")),
        (":min", "1.5", "2", (90.0, 120.0, "seconds")),
        ("", "0:01:02.5", "1:02:03", (62.5, 3723.0, "seconds")),
        ("", "1:30", "2:00", (90.0, 120.0, "seconds")),
        ("", "00:00:01:250", "00:00:02:000", (1.25, 2.0, "seconds")),
        (":frames", "7", "9", (7.0, 9.0, "frames")),
        (":frames0", "7", "9", (7.0, 10.0, "frames")),
        (":frames1", "7", "9", (6.0, 9.0, "frames")),
    ],
)
def test_times_are_read_in_their_unit(tmp_path, unit, start, end, read_as):
    text = f"File,Begin,End,Behaviour\na,{start},{end},walk\n"
    reading = table(tmp_path, text, f"sequence=File,start{unit}=Begin,end=End,label=Behaviour")
    [(_, begin, over, _)] = said(reading)
    assert (begin, over, reading.unit) == read_as


def test_a_map_by_numbers_reads_a_table_without_a_header(tmp_path):
    reading = table(tmp_path, "1,10,walk\n11,20,run\n", "start:frames1=1", "end=2", "label=-1")
    assert said(reading) == [("", 0.0, 10.0, "walk"), ("", 10.0, 20.0, "run")]


def test_columns_join_and_what_more_a_row_says_is_kept(tmp_path):
    text = (
        "File,On,Length,Verb,Noun,Mouse,By,How,How often,Sure\n"
        "a,1,2,take,cup,m1,ann,slowly,None,0.5\n"
    )
    reading = table(
        tmp_path,
        text,
        "sequence=File,start=On,duration=Length,label=Verb+Noun,subject=Mouse,rater=By",
        "modifier=How*,confidence=Sure",
    )
    [one] = reading.annotations
    assert (one.start, one.end, one.label) == (1.0, 3.0, "take cup")
    assert (one.subject, one.rater, one.modifiers) == ("m1", "ann", ("slowly",))
    assert one.confidence == 0.5


def test_rows_without_a_label_are_none_and_an_end_that_is_missing_is_open(tmp_path):
    text = "File,Begin,End,Behaviour\na,1,2,\na,2,,walk\n,,,\na,3,NA,run\n"
    assert said(table(tmp_path, text, BEGIN)) == [("a", 2.0, OPEN, "walk"), ("a", 3.0, OPEN, "run")]


def test_intervals_that_end_before_they_begin_are_left_out_with_a_word(tmp_path):
    text = "File,Begin,End,Behaviour\na,1,2,walk\na,5,4,run\n"
    reading = table(tmp_path, text, BEGIN)
    assert said(reading) == [("a", 1.0, 2.0, "walk")]
    assert reading.remarks == [
        "1 interval left out that end where they begin or before (line 3: 'run' from 5 to 4)"
    ]


def test_rows_of_starts_and_stops_are_joined_by_subject_and_modifiers(tmp_path):
    text = (
        "t,who,what,how,is\n1,m1,walk,x,START\n2,m2,walk,x,START\n3,m1,walk,y,START\n"
        "4,m1,walk,x,STOP\n5,m2,walk,x,STOP\n6,m1,hit,,POINT\n7,m1,walk,y,STOP\n8,m1,walk,x,START\n"
    )
    columns = "start=t,label=what,subject=who,modifier=how,type=is"
    rows = [(one.subject, one.start, one.end) for one in table(tmp_path, text, columns).annotations]
    assert rows == [
        *(("m1", 1.0, 4.0), ("m2", 2.0, 5.0), ("m1", 3.0, 7.0), ("m1", 6.0, None)),
        ("m1", 8.0, OPEN),
    ]


def test_a_state_that_stops_when_the_next_of_its_kind_starts_is_two(tmp_path):
    text = "t,what,is\n1,walk,START\n5,walk,START\n5,walk,STOP\n8,walk,STOP\n"
    reading = table(tmp_path, text, "start=t,label=what,type=is")
    assert said(reading) == [("", 1.0, 5.0, "walk"), ("", 5.0, 8.0, "walk")]


def test_a_value_holds_until_the_next_row(tmp_path):
    text = "n,what\n0,a\n1,a\n2,b\n3,\n4,b\n9,b\n"
    reading = table(tmp_path, text, "time:frames=n,label=what")
    assert reading.unit == "frames"
    assert said(reading) == [("", 0, 2, "a"), ("", 2, 3, "b"), ("", 4, 5, "b"), ("", 9, 10, "b")]


def test_a_log_of_changes_holds_until_the_next_and_its_last_row_is_open(tmp_path):
    text = "t,what\n0,a\n1.5,b\n30,\n31,c\n"
    reading = table(tmp_path, text, "time=t,label=what")
    assert said(reading) == [("", 0.0, 1.5, "a"), ("", 1.5, 30.0, "b"), ("", 31.0, OPEN, "c")]


def test_columns_of_0_and_1_are_classes_if_a_map_says_so(tmp_path):
    text = "n,x,sit,run\n0,0.5,1,0\n1,0.5,1,1\n2,0.5,0,1\n"
    for columns in ("time:frames=n,classes=sit+run", "classes=sit+run"):
        reading = table(tmp_path, text, columns)
        assert said(reading) == [("", 0.0, 2.0, "sit"), ("", 1.0, 3.0, "run")]
        assert reading.unit == "frames"


def test_a_table_of_several_videos_holds_values_for_each(tmp_path):
    text = "f,n,what\na,0,x\nb,0,y\na,1,x\nb,1,y\n"
    reading = table(tmp_path, text, "sequence=f,time:frames=n,label=what")
    assert said(reading) == [("a", 0, 2, "x"), ("b", 0, 2, "y")]


@quick
@given(st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=2, max_size=30))
def test_a_table_of_a_column_a_class_is_the_same_frame_by_frame(rows):
    text = ",Swim,Float,Spin\n" + "".join(
        f"{number},{','.join(str(int(one)) for one in row)}\n" for number, row in enumerate(rows)
    )
    with tempfile.TemporaryDirectory() as folder:
        reading = table(Path(folder), text)
    read_rows = [[False] * 3 for _ in rows]
    for one in reading.annotations:
        for number in range(int(one.start), int(one.end or 0)):
            read_rows[number][["Swim", "Float", "Spin"].index(one.label)] = True
    assert reading.unit == "frames"
    assert read_rows == rows


def test_sheets_of_a_workbook_are_read_each_by_itself(tmp_path):
    header: list[object] = ["Begin", "End", "Behaviour"]
    path = workbook(
        tmp_path / "labels.xlsx",
        {
            "mouse 1": [header, [0.5, 2, "walk"]],
            "mouse 2": [header, [1, 3.25, "run"]],
            "Notes": [["nothing", "here"]],
        },
    )
    reading = read(path, "start=Begin,end=End,label=Behaviour")
    assert said(reading) == [("mouse 1", 0.5, 2.0, "walk"), ("mouse 2", 1.0, 3.25, "run")]
    assert reading.remarks == ["sheets without such a header are left out (Notes)"]


@pytest.mark.parametrize(
    ("header", "row", "map_"),
    [
        (
            "Video;Onset (ms);Offset (ms);Behaviour",
            "a;1500;2500;run",
            "'sequence=Video,start:ms=Onset (ms),end:ms=Offset (ms),label=Behaviour'",
        ),
        (
            "filename,start_frame,end_frame,action",
            "a,0,9,run",
            "sequence=filename,start:frames=start_frame,end:frames=end_frame,label=action",
        ),
        ("Time,Animal,Event", "0:00:01,m1,run", "start=Time,label=Event,subject=Animal"),
        ("t,who,what,x", "1.5,m1,run,3", "'start=t,label=<column>'"),
    ],
)
def test_a_table_that_nobody_knows_is_shown_with_the_map_that_reads_it(tmp_path, header, row, map_):
    path = tmp_path / "own.csv"
    path.write_text(f"{header}\n{row}\n")
    assert suggested(path) == f"--label-columns {map_}"
    with pytest.raises(InputError) as error:
        read(path)
    named = header.replace(";", ",").replace(",", ", ")
    assert str(error.value) == (
        f"{path} is a table with columns {named}; say which column is what, probably "
        f"--label-columns {map_}"
    )
    if "<" not in map_:
        assert len(read(path, map_.strip("'")).annotations) == 1


def test_numbers_with_commas_are_no_header(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("0,5;1,5;walk\n1,5;2,75;run\n2,75;4;walk\n")
    assert suggested(path) == "--label-columns start=1,end=2,label=3"
    reading = read(path, "start=1,end=2,label=3")
    assert [one[1:] for one in said(reading)] == [
        (0.5, 1.5, "walk"),
        (1.5, 2.75, "run"),
        (2.75, 4.0, "walk"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "walk\nrun\n" * 40,
        "walk,carry\nrun\n,\n" * 40,
        "sequence,label\na,1\nb,2\n",
        "sequence,time,x\na,1,3\na,2,4\n",
        '[{"a": 1, "b": 2}]',
        "1\n00:00:01,000 --> 00:00:02,000\nhello, world\n",
        "",
    ],
    ids=["names", "names of several", "a label a video", "numbers", "json", "subtitles", "nothing"],
)
def test_what_is_no_table_of_labels_is_taken_for_none(tmp_path, text):
    path = tmp_path / "a.txt"
    path.write_text(text)
    found = format_of(path, LabelChoices())
    assert found is None or not found.name.startswith(("table", "class", "intervals"))

"""Damaged and hostile tables: one line that says where and what, or the right reading."""

import math
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import read, said, table, workbook
from table_texts import KNOWN

from preprocessing.errors import InputError
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.registry import format_of, read_annotations
from preprocessing.labels.formats.tabular import workbook as workbooks

OURS = "sequence,start,end,label\n"
BEGIN = "sequence=File,start=Begin,end=End,label=Behaviour"
OLD_BORIS = "Time,Media file path,Total length,FPS,Subject,Behavior,Behavioral category,Status\n"


def refused(folder, text, *columns) -> str:
    with pytest.raises(InputError) as error:
        table(folder, text, *columns)
    message = str(error.value)
    assert "\n" not in message
    assert len(message) < 700
    return message.replace(str(folder / "table.csv"), "FILE")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,1,2,x\na,3,2,x\n", "line 3: start 3 and end 2; expected seconds with 0 <= start < end"),
        ("a,-1,2,x\n", "line 2: start '-1'; expected a time"),
        ("a,1,inf,x\n", "line 2: end 'inf'; expected a time"),
        ("a,1,1e999,x\n", "line 2: end '1e999'; expected a time"),
        ("a,1,,x\n", "line 2: end ''; expected a time"),
        ("a,soon,2,x\n", "line 2: start 'soon'; expected a time"),
        ("a,1,2\n", "line 2 has 3 values; expected 4"),
        (f"a,1,{'9' * 5000},x\n", f"line 2: end '{'9' * 80}... (5,000 letters)'; expected a time"),
    ],
)
def test_damage_in_a_row_is_named_with_its_line(tmp_path, text, message):
    assert refused(tmp_path, OURS + text) == f"FILE {message}"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "1,a,1,2,,x,,STOP\n",
            "FILE line 2: 'x' stops at 1, and no row before starts it; mend the table, rows in "
            "order of time",
        ),
        (
            "5,a,1,2,,x,,START\n1,a,1,2,,x,,STOP\n",
            "FILE line 3: 'x' stops at 1, the row that starts it says 5; expected rows in order of "
            "time",
        ),
        (
            "5,a,1,2,,x,,MAYBE\n",
            "FILE line 2: Status 'MAYBE'; expected START, STOP, POINT or STATE",
        ),
    ],
)
def test_states_that_do_not_pair_are_named(tmp_path, rows, message):
    assert refused(tmp_path, OLD_BORIS + rows) == message


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            "begin=Begin",
            "--label-columns begin=Begin: expected key=column with a key of sequence, start, end, "
            "duration, time, label, tiers, classes, actions, subject, tier, rater, modifier, "
            "confidence, type; such as sequence=File,start=Begin,end=End,label=Behaviour",
        ),
        (
            "start=Begin",
            "--label-columns start: expected at least where labels begin (start=) and what they "
            "are called (label=); such as sequence=File,start=Begin,end=End,label=Behaviour",
        ),
        (
            "start:days=Begin,label=Behaviour",
            "--label-columns start:days=Begin: expected a unit of s, ms, us, min, h, frames, "
            "frames0, frames1 after one of duration, end, start, time",
        ),
        (
            "start=Begin,start=End,label=Behaviour",
            "--label-columns: start is given twice; columns join as start=A+B",
        ),
        ("start=Begin,time=End,label=x", "--label-columns: expected start= or time=, not both"),
        (
            "start:frames=Begin,end:s=End,label=Behaviour",
            "--label-columns: some times are in frames, others not; expected one unit",
        ),
        (
            "start=Beginn,label=Behaviour",
            "FILE has no column 'Beginn'; its columns are File, Begin, End, Behaviour",
        ),
    ],
)
def test_a_map_that_makes_no_sense_is_refused(tmp_path, columns, message):
    assert refused(tmp_path, "File,Begin,End,Behaviour\na,1,2,x\n", columns) == message


def test_values_that_are_not_0_or_1_are_named(tmp_path):
    rows = "".join(f"{number},0,1\n" for number in range(250))
    assert (
        refused(tmp_path, f",Swim,Float\n{rows}250,0,2\n")
        == "FILE line 252: Float '2'; expected 0 or 1"
    )


def test_rows_out_of_order_are_named(tmp_path):
    text = "n,what\n0,a\n1,a\n1,b\n"
    assert refused(tmp_path, text, "time:frames=n,label=what") == (
        "FILE line 4: its time is 1 after 1; expected rows in order of time, one a time"
    )


def test_one_row_does_not_say_how_long_it_holds(tmp_path):
    assert "has one row, and how long it holds is not known" in refused(
        tmp_path, "t,what\n0,a\n", "time=t,label=what"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OURS + "a," * 9_000_000, "has a line of more than 16,777,216 letters; is it a text file?"),
        (OURS + 'a,1,2,"x' + "y\n" * 70_000, "cannot be read as a table: field larger than"),
    ],
    ids=["a line without an end", "a quote without an end"],
)
def test_what_never_ends_is_refused(tmp_path, text, message):
    assert message in refused(tmp_path, text)


def test_names_that_would_break_a_message_do_not(tmp_path):
    text = '"File\nname","Begin\x1b[31m",End,Behaviour\na,1,2,x\n'
    message = refused(tmp_path, text)
    assert "\x1b" not in message
    assert "File name, Begin[31m, End, Behaviour" in message


def test_a_header_without_rows_says_nothing(tmp_path):
    assert table(tmp_path, OURS).annotations == []


def test_formulas_are_names(tmp_path):
    assert said(table(tmp_path, f"{OURS}a,1,2,=1+1\n")) == [("a", 1.0, 2.0, "=1+1")]


def test_a_workbook_that_was_cut_is_said_to_be_damaged(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"PK\x03\x04 xl/ no zip" + b"\0" * 600)
    with pytest.raises(InputError, match=r"; the workbook is damaged, save it again$"):
        read_annotations(path, LabelChoices())


@pytest.mark.parametrize(
    "text",
    [
        "video,time,event\na.mp4,1,jump\na.mp4,2,jump\na.mp4,3,hop\n",
        "time,event\n1.5,jump\n3,jump\n",
    ],
)
def test_events_at_times_are_no_lines_of_a_moment_each(tmp_path, text):
    """Else each jump would last until the next, and the names of videos be lost."""
    with pytest.raises(InputError, match=r"is a table with columns .*; say which column is what"):
        table(tmp_path, text)


def test_times_that_are_called_milliseconds_are_not_taken_for_seconds_in_silence(tmp_path):
    text = "Onset (ms),Offset (ms),Act\n0,1500,dig\n"
    times = "start=Onset (ms)", "end=Offset (ms)", "label=Act"
    assert table(tmp_path, text, *times).remarks == [
        "'Onset (ms)' and 'Offset (ms)' read as seconds; start:ms=Onset (ms),end:ms=Offset (ms) if "
        "that is what they count"
    ]
    for unit in ("ms", "s"):
        said_so = f"start:{unit}=Onset (ms)", f"end:{unit}=Offset (ms)", "label=Act"
        assert table(tmp_path, text, *said_so).remarks == []
    assert table(tmp_path, text, "start:ms=Onset (ms)", *times[1:]).remarks == []


@pytest.mark.parametrize("head", [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04 xl/ no zip"])
def test_workbooks_that_cannot_be_read_are_refused(tmp_path, head):
    path = tmp_path / "a.xlsx"
    path.write_bytes(head + b"\0" * 600)
    with pytest.raises(InputError, match=r"^cannot read labels from "):
        read_annotations(path, LabelChoices())


def test_a_workbook_that_reaches_far_is_refused(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"one": [["File", "Begin"]]}, furthest="XFD1048576")
    with pytest.raises(InputError) as error:
        read(path)
    assert str(error.value) == (
        f"cannot read labels from {path}: a sheet of it reaches over 1,048,576 rows and 16,384 "
        "columns; save the table alone as .csv"
    )


def test_a_workbook_that_is_far_larger_unpacked_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(workbooks, "MOST_BYTES", 1 << 16)
    path = workbook(tmp_path / "a.xlsx", {"one": [["File", "Begin"]]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/1", b"\0" * (1 << 17))
    with pytest.raises(InputError, match=r"unpacked it has more than 65,536 bytes; save the sheet"):
        read(path)


def test_a_workbook_says_which_package_it_needs(tmp_path, monkeypatch):
    path = workbook(tmp_path / "a.xlsx", {"one": [["File", "Begin"]]})
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(InputError) as error:
        read(path)
    assert str(error.value) == (
        f"{path} is a workbook, and reading it needs python-calamine: pip install "
        '"longtake[labels]"'
    )


def test_a_map_of_columns_is_for_tables_alone(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": 1}')
    found = format_of(path, LabelChoices(columns=(BEGIN,)))
    assert found is not None
    assert found.name == "table"
    with pytest.raises(InputError, match=r"holds no table; expected lines with commas, tabs or ;"):
        read(path, BEGIN)


mutations = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from(["", *'\t,;"\nx-é', "1e9"])), min_size=1, max_size=4
)


@settings(deadline=None, max_examples=150)
@given(text=st.sampled_from([text for _, text, _ in KNOWN]), mutations=mutations)
def test_a_table_that_was_changed_anywhere_is_read_or_refused_in_a_line(text, mutations):
    for share, put in mutations:
        at = int(share * len(text))
        text = text[:at] + put + text[at + 1 :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(text.encode())
        message, reading = "one line", None
        try:
            reading = read_annotations(path, LabelChoices())
        except InputError as error:
            message = str(error)
    assert len(message.splitlines()) == 1
    assert len(message) < 900
    for one in reading.annotations if reading else ():
        assert one.label
        assert math.isfinite(one.start)
        assert one.end is None or one.end > one.start


@pytest.mark.slow
def test_two_million_rows_take_seconds_and_little_memory(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("w") as file:
        file.write(OURS)
        for number in range(2_000_000):
            start = number % 2000 * 1.37
            file.write(f"day/cam{number // 2000},{start:.3f},{start + 1.2:.3f},c{number % 30}\n")
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from preprocessing.labels.choices import LabelChoices\n"
        "from preprocessing.labels.formats.registry import read_annotations\n"
        "reading = read_annotations(Path(sys.argv[1]), LabelChoices())\n"
        "peak = Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0]\n"
        "print(len(reading.annotations), time.process_time(), peak)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    rows, seconds, kilobytes = done.stdout.split()
    assert rows == "2000000"
    assert float(seconds) < 20
    assert int(kilobytes) < 1_500_000


def test_a_sheet_of_nothing_that_is_packed_as_no_table_is(tmp_path, monkeypatch):
    monkeypatch.setattr(workbooks, "LEAST_PACKED", 1)
    path = workbook(tmp_path / "a.xlsx", {"one": [["File", "Begin"]]})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b" " * 4_000_000)
    with pytest.raises(InputError, match=r"a sheet of 4,000,000 bytes is packed into [\d,]+"):
        read(path)

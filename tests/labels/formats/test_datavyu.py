import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_files import read_as, told, written

from preprocessing.errors import InputError

VALUES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), max_size=5)
MATRIX = "#4\nhands (MATRIX,true,)-hand|NOMINAL,look|NOMINAL\n"


def project(folder: Path, database: str | bytes, member: str = "db") -> Path:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member.replace("db", "project"), "!project\ndbFile: x.opf\n")
        archive.writestr(member, database)
    return written(folder / "a.opf", file.getvalue())


def clock(time: int) -> str:
    minutes, milliseconds = divmod(time, 60_000)
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}:{milliseconds:03d}"


def escaped(text: str) -> str:
    return "".join("\\" + letter if letter in "\\,()-|" else letter for letter in text)


@given(
    st.lists(st.tuples(st.integers(0, 10**8), st.integers(1, 10**6), VALUES, VALUES), max_size=5)
)
def test_cells_have_a_value_for_each_code(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[int, int, str, str]]
) -> None:
    lines = [
        f"{clock(start)},{clock(start + length)},({escaped(hand)},{escaped(look)})"
        for start, length, hand, look in cells
    ]
    path = project(tmp_path_factory.mktemp("d"), MATRIX + "\n".join(lines) + "\n")
    found = read_as(path, "datavyu").annotations
    whole = [one for one in found if one.tier == "hands"]
    assert [line[1:] for line in told(whole)] == [
        (start / 1000, (start + length) / 1000, f"{hand},{look}")
        for start, length, hand, look in cells
    ]
    hands = [one.label for one in found if one.tier == "hands.hand"]
    assert hands == [hand for _, _, hand, _ in cells if hand]


def test_texts_have_commas_and_lines_and_points_have_no_length(tmp_path: Path) -> None:
    database = "#4\nnote (TEXT,true,so)\n00:00:01:000,00:00:02:000,one\\, two\\\nthree\n"
    database += "old (NOMINAL)\n00:00:01:000,00:00:01:000,x\n00:00:03:000,00:00:01:000,y\n"
    reading = read_as(project(tmp_path, database, "folder/db"), "datavyu")
    assert [
        (*line[1:], one.tier)
        for line, one in zip(told(reading.annotations), reading.annotations, strict=True)
    ] == [
        (1.0, 2.0, "one, two\nthree", "note"),
        (1.0, None, "x", "old"),
    ]
    assert "(db line 6)" in reading.remarks[0] or "(db line 7)" in reading.remarks[0]


@pytest.mark.parametrize(
    ("database", "message"),
    [
        (MATRIX + "00:00:1,00:00:02:000,(a,b)\n", "db line 3: .*; expected a column or a cell"),
        ("00:00:01:000,00:00:02:000,a\n", "db line 1: a cell before the first column"),
        (b"#4\n\0\0\xff\xfe", "expected a column|damaged project"),
    ],
)
def test_damage_is_said_with_its_line(tmp_path: Path, database: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_as(project(tmp_path, database), "datavyu")
    assert "\n" not in str(caught.value)


def test_an_archive_that_is_damaged_is_said_so(tmp_path: Path) -> None:
    path = project(tmp_path, MATRIX * 100)
    data = bytearray(path.read_bytes())
    at = data.index(b"db") + 10
    data[at : at + 8] = b"\xff" * 8
    with pytest.raises(InputError, match=r"a.opf is a damaged project of Datavyu"):
        read_as(written(path, bytes(data)), "datavyu")

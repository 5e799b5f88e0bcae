"""Tables of other programs, as a person gives them to the command ``labels``."""

from pathlib import Path
from typing import Any

import pytest
from label_inputs import small_store
from table_files import workbook

from preprocessing.cli import COMMANDS
from preprocessing.terminal import commands

Said = tuple[int, str, str]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Any:
    """Runs the command in a folder that has a store with the sequence ``day/c``."""
    monkeypatch.chdir(tmp_path)
    small_store(tmp_path / "s")

    def call(*arguments: str) -> Said:
        code = commands.main("longtake", COMMANDS, ["labels", *arguments])
        return code, *capsys.readouterr()

    return call


def seconds(out: str) -> dict[str, str]:
    rows = [
        line.split() for line in out.splitlines() if line and not line.startswith(("note", " "))
    ]
    return {row[0]: row[1] for row in rows if len(row) == 4}


def test_a_table_is_read_by_the_map_that_the_error_shows(check: Any) -> None:
    Path("mice.csv").write_text("File;Begin;End;Behaviour\nC:\\mice\\c.mp4;0,5;1,5;walk\n")
    code, out, error = check("mice.csv", "--check", "--store", "s")
    columns = "sequence=File,start=Begin,end=End,label=Behaviour"
    assert (code, out) == (2, "")
    assert error == (
        "longtake labels: error: mice.csv begins with File;Begin;End;Behaviour; expected a line "
        "sequence,start,end,label or sequence,label, or what column is what: --label-columns "
        f"{columns}\n"
    )
    for given in ([columns], columns.split(",")):
        code, out, error = check("mice.csv", "--check", "--store", "s", "--label-columns", *given)
        assert (code, seconds(out).get("walk")) == (0, "1")


def test_a_workbook_of_states_is_read_whatever_it_is_called(check: Any) -> None:
    header: list[object] = ["Observation", "Time_Relative_sf", "Behavior", "Event_Type"]
    workbook(
        Path("export.bin"),
        {
            "events": [
                header,
                ["c", 0.25, "walk", "State start"],
                ["c", 1.75, "walk", "State stop"],
                ["c", 1.9, "hit", "Point"],
            ]
        },
    )
    code, out, _ = check("export.bin", "--check", "--store", "s", "--point-seconds", "0.2")
    assert code == 0
    assert seconds(out) == {"walk": "1.5", "hit": "0.2"}


def test_tiers_are_asked_for_where_there_are_several(check: Any) -> None:
    Path("c.csv").write_text("Time,Light,Place\n0,On,Far\n0.5,On,Near\n1,,Near\n")
    code, _, error = check("c.csv", "--check", "--store", "s")
    assert code == 2
    assert "--tier" in error
    code, out, _ = check("c.csv", "--check", "--store", "s", "--tier", "Place")
    assert code == 0
    assert seconds(out) == {"Far": "0.5", "Near": "1"}

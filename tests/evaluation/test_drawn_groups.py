"""Over what intervals are drawn: the groups that a run was given, if they are still known."""

from pathlib import Path

import pytest

from trainer.evaluation.drawn_groups import drawn_groups, few_groups

IDS = ["P1_a", "P1_b", "P2_a"]


def test_groups_are_those_of_the_run() -> None:
    assert drawn_groups("P[0-9]", IDS) == {"P1_a": "P1", "P1_b": "P1", "P2_a": "P2"}
    assert drawn_groups(None, IDS) is None


def test_groups_that_are_gone_make_intervals_over_sequences_and_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drawn_groups(str(tmp_path / "groups.csv"), IDS) is None
    said = capsys.readouterr().err
    assert "intervals are over sequences, since their groups are not known: " in said
    assert "groups.csv" in said


def test_few_groups_are_said_to_be_few() -> None:
    (line,) = few_groups({"groups": 2})
    assert line.startswith("2 groups only, which say little of others;")
    assert not list(few_groups({"groups": 5}))
    assert not list(few_groups({}))

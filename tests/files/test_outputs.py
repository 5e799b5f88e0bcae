"""Outputs whose names cannot be written to are refused before any work is done."""

import sys
from pathlib import Path

import pytest

from trainer import cli

COMMANDS = {
    "extract videos --store": "folder",
    "import in.csv --fps 1 --store": "folder",
    "import in.csv --fps 1 --label-column l --store made --labels-out": "file",
    "train --store . --labels folders --run": "folder",
    "demo --out": "folder",
    "compare one two --out": "folder",
    "inspect . --sheet": "file",
    "stream run 0 --state": "file",
}


@pytest.mark.parametrize("command", COMMANDS)
def test_an_output_that_cannot_be_written_is_named_at_once(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text("x,l\n1,a\n")
    (tmp_path / "here.png").mkdir()
    (tmp_path / "taken").touch()
    wrong = {"file": ["here.png", "taken/x.png"], "folder": ["taken", "taken/x"]}
    before = sorted(tmp_path.rglob("*"))
    for path in wrong[COMMANDS[command]]:
        monkeypatch.setattr(sys, "argv", ["longtake", *command.split(), path])
        assert cli.main() == 2
        said = capsys.readouterr().err.splitlines()
        (line,) = [line for line in said if not line.startswith("note: ")]
        assert command.split()[-1] in line
        assert path in line
        assert "expected" in line
    assert sorted(tmp_path.rglob("*")) == before

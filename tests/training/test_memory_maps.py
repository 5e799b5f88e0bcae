"""A process that has trained much is told before Linux ends it."""

from pathlib import Path

import pytest

from trainer.training import memory_maps
from trainer.training.memory_maps import note_nearly_all_held


@pytest.mark.parametrize(("held", "told"), [(79, False), (80, True)])
def test_a_process_that_holds_nearly_all_maps_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    held: int,
    told: bool,
) -> None:
    (tmp_path / "maps").write_text("7f00-7f01 rw-p\n" * held)
    (tmp_path / "most").write_text("100\n")
    monkeypatch.setattr(memory_maps, "HELD", tmp_path / "maps")
    monkeypatch.setattr(memory_maps, "MOST", tmp_path / "most")
    note_nearly_all_held()
    said = capsys.readouterr().err
    assert said.startswith("note: this process holds 80 of 100 memory maps") if told else not said


@pytest.mark.parametrize("text", [None, "many"])
def test_where_nobody_knows_nothing_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str | None,
) -> None:
    if text:
        (tmp_path / "most").write_text(text)
    monkeypatch.setattr(memory_maps, "MOST", tmp_path / "most")
    note_nearly_all_held()
    assert capsys.readouterr().err == ""

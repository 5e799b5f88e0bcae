"""Folders that hold several runs."""

from pathlib import Path

import pytest

from preprocessing.errors import InputError
from trainer.run.folder import load_run
from trainer.run.members import folds, is_cross_validated, is_repeated, members


def make(folder: Path, kind: str, inner: str, suffix: str, names: list[str]) -> None:
    (folder / inner).mkdir(parents=True)
    (folder / kind).touch()
    for name in names:
        (folder / inner / f"{name}{suffix}").touch()
        (folder / inner / name).mkdir()
        (folder / inner / name / "model.keras").touch()


def test_seeds_are_members_by_their_number(tmp_path: Path) -> None:
    make(tmp_path, "repeats.yaml", "seeds", ".yaml", ["10", "2", "9"])
    (tmp_path / "seeds" / ".1-0.partial.3.yaml").touch()
    assert is_repeated(tmp_path)
    assert [run.name for run in members(tmp_path)] == ["2", "9", "10"]
    assert folds(tmp_path) == []
    with pytest.raises(InputError, match=r"is no run but several, in .*; give one .*/seeds/2$"):
        load_run(tmp_path)


def test_folds_are_found_by_name_and_are_no_members(tmp_path: Path) -> None:
    make(tmp_path, "cross-validation.yaml", "folds", ".splits.json", ["P02", "P01"])
    assert is_cross_validated(tmp_path)
    assert [run.name for run in folds(tmp_path)] == ["P01", "P02"]
    assert members(tmp_path) == [tmp_path]
    with pytest.raises(InputError, match=r"is no run but several, in .*folds; give one of them"):
        load_run(tmp_path)


def test_any_other_folder_is_its_own_member_and_no_run(tmp_path: Path) -> None:
    assert members(tmp_path) == [tmp_path]
    assert folds(tmp_path) == []
    with pytest.raises(InputError, match=r"is no run: it has no config\.yaml; make one with train"):
        load_run(tmp_path)


def test_seeds_without_a_model_are_left_out_aloud(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path, "repeats.yaml", "seeds", ".yaml", ["0", "1"])
    (tmp_path / "seeds" / "1" / "model.keras").unlink()
    assert members(tmp_path) == [tmp_path / "seeds" / "0"]
    left = f"note: {tmp_path / 'seeds'}: left out, for they have no model yet: 1\n"
    assert capsys.readouterr().err == left
    (tmp_path / "seeds" / "0" / "model.keras").unlink()
    with pytest.raises(InputError, match="has no model yet; the same command that began it goes"):
        members(tmp_path)

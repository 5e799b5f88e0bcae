"""Output that is replaced only if it still is as it was written."""

from pathlib import Path

import pytest

from preprocessing.errors import InputError
from preprocessing.files.own_output import is_own, require_own, write_own


def folder(path: Path, text: str) -> None:
    path.mkdir()
    (path / "a.txt").write_text(text)


@pytest.mark.parametrize("write", [Path.write_text, folder])
def test_what_was_written_is_replaced_and_what_was_changed_is_not(tmp_path: Path, write) -> None:
    path = tmp_path / "labels"
    require_own(path, "predict")
    for text in ("one", "two"):
        require_own(path, "predict")
        write_own(path, lambda new, text=text: write(new, text))
    inner = path / "a.txt" if path.is_dir() else path
    assert inner.read_text() == "two"
    inner.write_text("one")  # As it was once.
    require_own(path, "predict")
    inner.write_text("mine")
    with pytest.raises(InputError, match="is not known to be as predict wrote it"):
        require_own(path, "predict")


def test_what_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    write_own(path, lambda new: new.write_text("one"))

    def fails(new: Path) -> None:
        new.mkdir()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_own(path, fails)
    assert path.read_text() == "one"
    assert sorted(one.name for one in tmp_path.iterdir()) == [".labels.written", "labels"]


def test_a_file_that_came_into_a_folder_is_no_own_work(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    write_own(path, lambda new: folder(new, "one"))
    (path / "b.txt").write_text("mine")
    with pytest.raises(InputError, match="somebody made or corrected it"):
        require_own(path, "evaluate")


def test_what_is_as_it_was_written_is_known_until_somebody_corrects_it(tmp_path: Path) -> None:
    path = tmp_path / "labels"
    assert not is_own(path)
    write_own(path, lambda new: new.write_text("one"))
    assert is_own(path)
    path.write_text("mine")
    assert not is_own(path)

import errno
import os
import re
from pathlib import Path

import pytest

from preprocessing.files.whole_file import whole_file, write_whole

ROOT = Path(__file__).parents[2]
WRITES = re.compile(r"write_text\(|write_bytes\(|model\.save\(|[\"']w[b+]?[\"']")


def test_a_file_gets_its_name_when_it_is_whole(tmp_path: Path) -> None:
    with whole_file(tmp_path / "deep" / "a.txt") as partial:
        partial.write_text("whole")
        assert partial.suffix == ".txt"
        assert not (tmp_path / "deep" / "a.txt").exists()
    assert (tmp_path / "deep" / "a.txt").read_text() == "whole"


def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", "old")

    def fail() -> None:
        with whole_file(tmp_path / "a.txt") as partial:
            partial.write_text("half of the ne")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_a_full_disk_is_told_with_the_file(tmp_path: Path) -> None:
    with (
        pytest.raises(OSError, match=r"No space left on device: '.*a\.txt'"),
        whole_file(tmp_path / "a.txt"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_except_under_a_partial_name() -> None:
    lines = [
        f"{path.name}: {line.strip()}"
        for package in ("preprocessing", "trainer")
        for path in (ROOT / package).rglob("*.py")
        if path.name != "streams.py"  # Which writes to the terminal.
        for line in path.read_text().splitlines()
        if WRITES.search(line) and "partial" not in line and "TemporaryFile" not in line
    ]
    assert not lines

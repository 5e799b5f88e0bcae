"""The list of failures: one line each, whoever else writes to it, and however many there are."""

import csv
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing.files import failures
from preprocessing.files.failures import FailureLog, failed_among


def rows(folder: Path) -> list[list[str]]:
    with (folder / "failures.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_no_failures_no_file(tmp_path):
    FailureLog(tmp_path, [])
    assert list(tmp_path.iterdir()) == []


def test_each_failure_is_a_line_at_once(tmp_path):
    log = FailureLog(tmp_path, [])
    for count in (1, 2):
        log.add(tmp_path / f"{count}.mp4", "damaged", 'what "was"\nwrong, and where')
        assert len(rows(tmp_path)) == 1 + count
    assert rows(tmp_path)[0] == ["path", "kind", "message"]
    assert rows(tmp_path)[1] == [
        str(tmp_path / "1.mp4"), "damaged", 'what "was" wrong, and where',
    ]  # fmt: skip
    assert log.count == 2


def test_what_was_written_already_is_not_written_again(tmp_path, monkeypatch):
    log = FailureLog(tmp_path, [])
    log.add(tmp_path / "0.mp4", "x", "y")
    inode = (tmp_path / "failures.csv").stat().st_ino
    read = []
    rows_of = failures._rows
    monkeypatch.setattr(failures, "_rows", lambda lines: rows_of(_counted(lines, read)))
    for number in range(200):
        log.add(tmp_path / f"{number}.mp4", "x", "y")
    assert (tmp_path / "failures.csv").stat().st_ino == inode
    assert len(read) <= 202


def _counted(lines, read):
    for line in lines:
        read.append(line)
        yield line


def test_two_that_fail_alike_make_one_line(tmp_path):
    first, second = FailureLog(tmp_path, []), FailureLog(tmp_path, [])
    for log in (first, second, first):
        log.add(tmp_path / "a.mp4", "x", "y")
    assert len(rows(tmp_path)) == 2


def test_many_that_write_at_once_lose_nothing(tmp_path):
    for who in range(4):
        for number in range(10):
            (tmp_path / f"{who}-{number}").touch()

    def fail(who: int) -> None:
        log = FailureLog(tmp_path, [])
        for number in range(10):
            log.add(tmp_path / f"{who}-{number}", "x", "y")

    threads = [threading.Thread(target=fail, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({row[0] for row in rows(tmp_path)[1:]}) == 40


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_half_a_line_of_one_that_was_killed_spoils_no_other(tmp_path, cut):
    log = FailureLog(tmp_path, [])
    for name in "ab":
        log.add(tmp_path / name, "x", 'said "y"')
    path = tmp_path / "failures.csv"
    path.write_bytes(path.read_bytes()[:-cut])
    log.add(tmp_path / "c", "x", "y")
    assert failed_among(tmp_path, "abc") >= {"a", "c"}


@given(st.binary(min_size=1, max_size=200).filter(lambda name: not {0, ord("/")} & set(name)))
def test_whatever_a_name_has_in_it_its_line_is_one_line(tmp_path_factory, name):
    name = os.fsdecode(name)
    folder = tmp_path_factory.mktemp("store")
    FailureLog(folder, []).add(folder / name, "x", name)
    text = (folder / "failures.csv").read_bytes().decode("utf-8")
    assert text.count("\n") == 2
    assert "\x1b" not in text


def test_lines_of_others_stay_as_long_as_what_failed_is_there(tmp_path):
    log = FailureLog(tmp_path, [])
    (tmp_path / "new\nline").touch()
    (tmp_path / "there").touch()
    for name in ("new\nline", "there", "gone"):
        log.add(tmp_path / name, "x", "y")
    FailureLog(tmp_path, [])
    assert [Path(row[0]).name for row in rows(tmp_path)[1:]] == ["new\\nline", "there"]
    FailureLog(tmp_path, [tmp_path / "new\nline", tmp_path / "there"])
    assert not (tmp_path / "failures.csv").exists()


def test_the_sequences_of_failed_inputs_are_told(tmp_path):
    log = FailureLog(tmp_path, [])
    log.add(tmp_path / "videos" / "day.1" / "b.c.mp4", "x", "y")
    ids = ["b.c", "day.1/b.c", "b", "c", "1/b.c", "other/b.c"]
    assert failed_among(tmp_path, ids) == {"b.c", "day.1/b.c"}


def test_what_would_have_come_of_a_folder_or_an_archive_failed_with_it(tmp_path):
    log = FailureLog(tmp_path, [])
    for name in ("locked", "day/arrays.npz", "v_abc_rgb.npy", "b.mp4"):
        log.add(tmp_path / name, "x", "y")
    ids = ["locked/a/b", "arrays/one", "day/arrays/one", "v_abc", "b", "b/c", "one", "v"]
    assert failed_among(tmp_path, ids) == set(ids) - {"b/c", "one", "v"}


@pytest.mark.parametrize("path", [".", "", "..", "/", "x" * 5000])
def test_a_strange_path_in_the_list_is_passed_over(tmp_path, path):
    (tmp_path / "failures.csv").write_text(f"path,kind,message\n{path},x,y\n/v/a.mp4,x,y\n")
    assert failed_among(tmp_path, ["a", "q"]) == {"a"}

"""One walk over folders for videos, features, labels and stores: into links, and past nothing."""

import csv
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_stores import write_sequence

from preprocessing.cli import COMMANDS
from preprocessing.errors import InputError
from preprocessing.files import folders
from preprocessing.files.folders import files_below
from preprocessing.files.inputs import find_sources
from preprocessing.files.strays import remove_strays
from preprocessing.importing.layouts import ms_tcn, recognize
from preprocessing.labels.label_files import labels_digest
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal import commands


@pytest.fixture(autouse=True)
def _say_anew(monkeypatch):
    monkeypatch.setattr(folders, "_said", set())


@contextmanager
def locked(monkeypatch: pytest.MonkeyPatch, *closed: Path) -> Iterator[None]:
    """Folders that cannot be read; nothing is closed to root, which may run the tests."""
    scan = os.scandir

    def scandir(path="."):
        if Path(path) in closed:
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", scandir)
        yield


def longtake(arguments: list[str]) -> int:
    return commands.main("longtake", COMMANDS, arguments)


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def save(path: Path, steps: int = 3) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.ones((steps, 2), "float32"))
    return path


def link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def reachable(folder: Path, seen: set[str]) -> set[str]:
    """All files below a folder, by their real paths."""
    if (real := os.path.realpath(folder)) in seen:
        return set()
    seen.add(real)
    found = set()
    for path in folder.iterdir():
        found |= reachable(path, seen) if path.is_dir() else {os.path.realpath(path)}
    return found


@settings(max_examples=40)
@given(
    parents=st.lists(st.integers(0, 5), min_size=1, max_size=6),
    links=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=8),
)
def test_each_file_that_can_be_reached_is_found_once_whatever_leads_where(parents, links):
    with tempfile.TemporaryDirectory() as place:
        # The last of them lies outside, as another disk does.
        made = [Path(place, "root")]
        for number, parent in enumerate(parents):
            outside = number == len(parents) - 1
            made.append((Path(place) if outside else made[parent % len(made)]) / f"f{number}")
        for folder in made:
            touch(folder / "file")
        for number, (at, to) in enumerate(links):
            link(made[at % len(made)] / f"l{number}", made[to % len(made)])
        found = [os.path.realpath(path) for path in files_below(made[0])]
        assert len(found) == len(set(found))
        assert set(found) == reachable(made[0], set())


def test_a_folder_has_its_own_name_rather_than_that_of_a_link(tmp_path):
    touch(tmp_path / "root" / "monday" / "a")
    link(tmp_path / "root" / "a-link", tmp_path / "root" / "monday")
    assert list(files_below(tmp_path / "root")) == [tmp_path / "root" / "monday" / "a"]


def test_what_is_not_followed_is_said_once(tmp_path, capsys):
    touch(tmp_path / "root" / "a")
    link(tmp_path / "root" / "self", tmp_path / "root")
    link(tmp_path / "root" / "round", tmp_path / "root" / "round")
    link(tmp_path / "root" / "tuesday", tmp_path / "not mounted")
    for _ in range(2):
        list(files_below(tmp_path / "root", {".mp4"}))
    said = capsys.readouterr().err
    assert said.count("1 link to a folder that is looked into already, not followed") == 1
    assert said.count("2 links to nowhere") == 1


def test_hidden_folders_and_those_of_the_file_system_are_left_out(tmp_path, monkeypatch):
    touch(tmp_path / ".trash" / "a")
    touch(tmp_path / "b")
    (tmp_path / "lost+found").mkdir()
    with locked(monkeypatch, tmp_path / "lost+found"):
        assert list(files_below(tmp_path)) == [tmp_path / "b"]


def test_files_in_linked_folders_are_inputs(tmp_path):
    touch(tmp_path / "disk" / "monday" / "a.mp4")
    link(tmp_path / "videos" / "monday", tmp_path / "disk" / "monday")
    (source,) = find_sources([tmp_path / "videos"], {".mp4"}, "videos")
    assert source.sequence_id == "monday/a"


def test_a_folder_that_cannot_be_read_is_a_source_with_a_problem(tmp_path, monkeypatch):
    touch(tmp_path / "ok" / "a.mp4")
    touch(tmp_path / "locked" / "b.mp4")
    with locked(monkeypatch, tmp_path / "locked"):
        unusable, source = sorted(
            find_sources([tmp_path], {".mp4"}, "videos"), key=lambda source: not source.problem
        )
    assert source.sequence_id == "ok/a"
    assert unusable.path == tmp_path / "locked"
    assert "locked cannot be read (Permission denied)" in unusable.problem


@pytest.mark.parametrize("command", ["extract", "import"])
def test_a_folder_that_cannot_be_read_is_a_line_and_the_exit_code_says_so(
    tmp_path, monkeypatch, capsys, command
):
    save(tmp_path / "in" / "ok" / "a.npy")
    touch(tmp_path / "in" / "ok" / "a.mp4")
    save(tmp_path / "in" / "locked" / "b.npy")
    arguments = [command, str(tmp_path / "in"), "--store", str(tmp_path / "st")]
    arguments += ["--fps", "4", *(["--backbone", "pixels"] if command == "extract" else [])]
    with locked(monkeypatch, tmp_path / "in" / "locked"):
        assert longtake(arguments) == 3
    with (tmp_path / "st" / "failures.csv").open(newline="") as file:
        rows = {row["path"]: row["message"] for row in csv.DictReader(file)}
    assert "make it readable" in rows[str(tmp_path / "in" / "locked")]
    longtake(arguments)
    left = tmp_path / "st" / "failures.csv"
    assert not left.exists() or "locked," not in left.read_text()


def test_nothing_but_a_folder_that_cannot_be_read_is_a_failure_too(tmp_path, monkeypatch, capsys):
    arguments = ["extract", str(tmp_path / "in"), "--store", str(tmp_path / "st")]
    (tmp_path / "in").mkdir()
    with locked(monkeypatch, tmp_path / "in"):
        assert longtake([*arguments, "--backbone", "pixels"]) == 3
    assert "0 extracted, 0 already done, 1 failed" in capsys.readouterr().out


def test_a_store_has_the_sequences_of_linked_folders(tmp_path):
    write_sequence(tmp_path / "elsewhere", "a", np.ones((3, 2)))
    link(tmp_path / "store" / "monday", tmp_path / "elsewhere")
    store = FeatureStore(tmp_path / "store")
    assert store.ids() == ["monday/a"]
    assert store.info("monday/a").steps == 3


def test_a_store_of_which_a_part_cannot_be_read_is_refused(tmp_path, monkeypatch, capsys):
    write_sequence(tmp_path / "store", "a", np.ones((3, 2)))
    write_sequence(tmp_path / "store", "locked/b", np.ones((3, 2)))
    with locked(monkeypatch, tmp_path / "store" / "locked"):
        with pytest.raises(InputError, match=r"locked cannot be read .*: make it readable"):
            FeatureStore(tmp_path / "store").ids()
        assert longtake(["inspect", str(tmp_path / "store")]) == 2


def test_labels_in_linked_folders_count_and_those_that_cannot_be_read_are_refused(
    tmp_path, monkeypatch
):
    touch(tmp_path / "elsewhere" / "a.txt").write_text("x\n")
    touch(tmp_path / "labels" / "b.txt").write_text("x\n")
    alone = labels_digest(tmp_path / "labels")
    link(tmp_path / "labels" / "monday", tmp_path / "elsewhere")
    assert labels_digest(tmp_path / "labels") != alone
    with (
        locked(monkeypatch, tmp_path / "labels" / "monday"),
        pytest.raises(InputError, match="monday cannot be read"),
    ):
        labels_digest(tmp_path / "labels")


def test_layouts_are_told_and_splits_are_found_behind_links(tmp_path, monkeypatch):
    save(tmp_path / "disk" / "v_rgb.npy")
    save(tmp_path / "disk" / "v_timestamps_ms.npy")
    link(tmp_path / "in" / "monday", tmp_path / "disk")
    assert recognize([tmp_path / "in"]) == "video-features"
    touch(tmp_path / "bundles" / "train.split1.bundle")
    link(tmp_path / "data" / "splits", tmp_path / "bundles")
    assert list(ms_tcn.bundles(tmp_path / "data")) == ["split1"]
    with (
        locked(monkeypatch, tmp_path / "data" / "splits"),
        pytest.raises(InputError, match="splits cannot be read"),
    ):
        ms_tcn.bundles(tmp_path / "data")


def test_what_was_left_behind_is_removed_from_linked_folders_too(tmp_path):
    stray = touch(tmp_path / "disk" / ".a.h5.lease")
    stray.write_text("elsewhere 1 x")
    os.utime(stray, (0, 0))
    link(tmp_path / "store" / "monday", tmp_path / "disk")
    assert remove_strays(tmp_path / "store") == 1
    assert not stray.exists()

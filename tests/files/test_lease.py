import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from preprocessing.files import lease as leases
from preprocessing.files.lease import Busy, is_leased, lease, lease_path, lease_when_free
from preprocessing.files.strays import ABANDONED_SECONDS, remove_strays
from preprocessing.files.whole_file import is_alive, machine, partial_path

LONG_AGO = 10 * leases.EXPIRY_SECONDS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day" / "a.h5"


def dead_pid() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def leave_lease(path: Path, holder: str, age: float = 0.0) -> Path:
    file = lease_path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(holder)
    make_older(file, age)
    return file


def make_older(file: Path, seconds: float) -> None:
    os.utime(file, (time.time() - seconds,) * 2)


def test_one_at_a_time_holds_a_lease(path):
    with lease(path):
        assert is_leased(path)
        with pytest.raises(Busy), lease(path):
            pytest.fail("two hold it")
    assert not is_leased(path)
    with lease(path):
        assert is_leased(path)


def test_leases_on_two_files_have_nothing_to_do_with_each_other(path):
    with lease(path), lease(path.with_name("b.h5")):
        assert is_leased(path)


def test_a_lease_ends_with_an_error_too(path):
    with pytest.raises(RuntimeError), lease(path):
        raise RuntimeError
    assert list(path.parent.iterdir()) == []


def test_the_lease_of_a_process_that_died_here_is_void_at_once(path):
    leave_lease(path, f"{machine()} {dead_pid()} x")
    assert not is_leased(path)
    with lease(path):
        assert is_leased(path)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("holder", ["elsewhere 1 x", "here {pid} x", ""])
def test_a_lease_expires_when_it_is_not_touched(path, holder):
    holder = holder.replace("here {pid}", f"{machine()} {os.getpid()}")
    file = leave_lease(path, holder, leases.EXPIRY_SECONDS / 2)
    with pytest.raises(Busy), lease(path):
        pytest.fail("it is still held")
    make_older(file, LONG_AGO)
    with lease(path):
        assert is_leased(path)


def test_a_holder_keeps_its_lease_from_expiring(path, monkeypatch):
    monkeypatch.setattr(leases, "TOUCH_SECONDS", 0.01)
    with lease(path):
        make_older(lease_path(path), LONG_AGO)
        time.sleep(0.2)
        assert is_leased(path)


def test_a_holder_that_lost_its_lease_leaves_the_new_one_alone(path):
    with lease(path):
        leave_lease(path, "elsewhere 1 x")
    assert is_leased(path)


def test_a_new_lease_is_not_taken_for_the_void_one_that_was_there_before(path):
    leave_lease(path, "elsewhere 1 x")
    leases.take_away(lease_path(path))
    assert is_leased(path)
    assert len(list(path.parent.iterdir())) == 1


def test_of_many_that_want_a_lease_each_has_it_alone(path):
    leave_lease(path, f"{machine()} {dead_pid()} x")
    inside, most, turns = [0], [0], [0]

    def work() -> None:
        for _ in range(5):
            with lease_when_free(path):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.001)
                turns[0] += 1
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most, turns) == ([1], [20])


def test_what_killed_processes_left_is_removed(path):
    path.parent.mkdir(parents=True)
    path.write_text("whole")
    left = path.with_name(f".{dead_pid()}-{machine()}.partial.a.h5")
    left.write_text("half")
    leave_lease(path, f"{machine()} {dead_pid()} x")
    assert remove_strays(path.parent.parent) == 2
    assert [file.name for file in path.parent.iterdir()] == ["a.h5"]


def test_what_living_processes_write_is_left_alone(path):
    path.parent.mkdir(parents=True)
    partial_path(path).write_text("half")
    (path.parent / ".hidden.txt").write_text("not ours")
    with lease(path):
        assert remove_strays(path.parent.parent) == 0


def test_what_another_machine_writes_is_left_alone_until_it_is_abandoned(path):
    path.parent.mkdir(parents=True)
    left = path.with_name(".7-elsewhere.partial.a.h5")
    left.write_text("half")
    assert remove_strays(path.parent.parent) == 0
    make_older(left, 2 * ABANDONED_SECONDS)
    file = leave_lease(path, "elsewhere 7 x")
    assert remove_strays(path.parent.parent) == 0
    make_older(file, LONG_AGO)
    assert remove_strays(path.parent.parent) == 2
    assert list(path.parent.iterdir()) == []


def test_a_process_of_somebody_else_is_alive(monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    assert is_alive("1")


def test_a_lease_is_touched_often_enough():
    assert 3 * leases.TOUCH_SECONDS < leases.EXPIRY_SECONDS


def test_age_is_told_by_the_clock_of_the_folder(path):
    file = leave_lease(path, "elsewhere 1 x")
    make_older(file.parent, LONG_AGO)
    assert is_leased(path)
    make_older(file, LONG_AGO)
    make_older(file.parent, LONG_AGO)
    assert not is_leased(path)

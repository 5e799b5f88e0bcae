"""What reaches the terminal, and what happens where nothing can: real processes and real pipes."""

import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import forked
import h5py
import numpy as np
import pytest
from commands import LONGTAKE
from hypothesis import given, settings
from hypothesis import strategies as st
from terminals import shown_on_terminal

from preprocessing.errors import InputError, ReaderGone
from preprocessing.terminal import commands, console
from preprocessing.terminal import streams as terminal
from preprocessing.terminal.commands import Command, main
from preprocessing.terminal.console import note, progress, say, send_json
from preprocessing.terminal.exit_codes import BUG
from preprocessing.terminal.streams import printable

ESCAPE = "\x1b[2J\x1b[31m\x9b1A\rred\n"
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a command in a process of its own, in a folder with one recording."""
    np.save(tmp_path / "Ünïcode.npy", np.zeros((8, 2)))
    started = []

    def begin(*arguments: object, **how: object) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", LONGTAKE, *map(str, arguments)]
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": tmp_path, **how}
        learns = arguments[0] in ("train", "tune")
        process = (forked.start if learns else subprocess.Popen)(command, **how)  # type: ignore[operator]
        started.append(process)
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()
        for stream in filter(None, (process.stdout, process.stderr)):
            stream.close()


def closed_pipe() -> int:
    """The end to write into of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


IMPORT = ("import", "Ünïcode.npy", "--store", "store", "--fps", "4")


@pytest.mark.slow
def test_training_goes_on_when_nobody_reads_what_it_says(
    start: Start, memory_task: tuple[Path, Path], tmp_path: Path
) -> None:
    store, labels = memory_task
    train = ("train", "--store", store, "--labels", labels, "--run", "run", "--epochs", 2)
    process = start(*train, "--units", 4, "--no-tensorboard", stderr=subprocess.STDOUT)
    assert process.stdout
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait() == 0
    assert len((tmp_path / "run" / "history.csv").read_text().splitlines()) == 3
    assert (tmp_path / "run" / "model.keras").exists()


@pytest.mark.slow
def test_a_search_goes_on_when_nobody_reads_what_it_says(
    start: Start, memory_task: tuple[Path, Path], tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    store, labels = memory_task
    tune = ("tune", "--store", store, "--labels", labels, "--run", "run", "--epochs", 1)
    process = start(*tune, "--trials", 2, "--no-tensorboard", stderr=subprocess.STDOUT)
    assert process.stdout
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait() == 0
    rows = (tmp_path / "run" / "trials.csv").read_text().splitlines()
    assert [row.split(",")[1] for row in rows[1:]] == ["done", "done"]


@pytest.mark.parametrize(
    "where", ["closed pipe", "full disk", pytest.param("closed", marks=pytest.mark.slow)]
)
def test_work_is_done_and_its_outcome_told_by_the_exit_code(
    start: Start, tmp_path: Path, where: str
) -> None:
    def run(*arguments: str) -> int:
        if where == "closed":
            return start(*arguments, preexec_fn=lambda: os.closerange(0, 3)).wait()
        sink = closed_pipe() if where == "closed pipe" else os.open("/dev/full", os.O_WRONLY)
        process = start(*arguments, stdout=sink, stderr=sink)
        os.close(sink)
        return process.wait()

    assert run(*IMPORT) == 0
    with h5py.File(tmp_path / "store" / "Ünïcode.h5") as file:
        assert file["features"].shape == (8, 2)
    (tmp_path / "store" / "bad.h5").write_bytes(b"no HDF5")
    # A listing is nothing but what is printed: on a full disk there is none.
    assert run("inspect", "store") == (2 if where == "full disk" else 3)
    assert run("import", "--help") == 0


def test_what_a_full_disk_kept_from_being_said_is_named(start: Start) -> None:
    with open("/dev/full", "w") as full:
        done = start(*IMPORT, stdout=full)
    said = done.communicate()[1].decode()
    assert done.returncode == 0
    assert "note: standard output: No space left on device; going on without it" in said


def test_what_has_no_character_is_a_question_mark(start: Start) -> None:
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    assert start(*IMPORT, env=ascii_only).wait() == 0
    out, err = start("inspect", "store", env=ascii_only).communicate()
    assert b"?n?code" in out
    assert err == b""
    out, err = start("inspect", "Ö", env=ascii_only).communicate()
    assert b"?" in err
    assert b"Traceback" not in err
    assert b"usage" in start("inspect", "--help", env=ascii_only).communicate()[0]


def test_escapes_in_a_store_do_not_reach_the_terminal(start: Start, tmp_path: Path) -> None:
    assert start(*IMPORT).wait() == 0
    with h5py.File(tmp_path / "store" / "Ünïcode.h5", "a") as file:
        for name in ("backbone", "fps", "damage", "settings"):
            file.attrs[name] = ESCAPE
    for command in (["inspect", "store"], ["inspect", ESCAPE]):
        shown = b"".join(start(*command).communicate()).decode()
        assert all(line.isprintable() for line in shown.split("\n"))


@given(st.lists(st.text(), min_size=1))
def test_a_line_is_one_line_and_prints(lines: list[str]) -> None:
    stream = io.StringIO(newline="\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        patch.setattr(sys, "stderr", stream)
        say(*lines)
        note(lines[0])
    shown = stream.getvalue().split("\n")
    assert shown == [*map(printable, lines), f"note: {printable(lines[0])}", ""]
    assert all(line.isprintable() for line in shown)


def test_a_progress_bar_shows_no_escapes(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(total=2, desc=ESCAPE, delay=0) as bar:
        bar.set_postfix_str(ESCAPE)
        bar.update(2)
    shown = capsys.readouterr().err
    assert "red" in shown
    assert all(line.isprintable() for line in shown.split("\n"))


def test_a_notebook_gets_the_bar_that_tqdm_chooses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A widget where there are some; lines where there are none."""
    notebook = import_module("tqdm.notebook")

    class Widget(notebook.tqdm_notebook):  # type: ignore[misc]
        def __new__(cls, **options: Any) -> Any:
            return options

    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    monkeypatch.setattr(console, "_notebook_bar", console._notebook_bar.__wrapped__)
    with progress(total=1, desc="lines") as bar:
        bar.update(1)
    assert "lines: 100%" in capsys.readouterr().err
    monkeypatch.setattr("tqdm.auto.tqdm", Widget)
    options = {"total": 1, "desc": "look"}
    assert progress(**options) == {**options, "dynamic_ncols": True}


def test_many_progress_bars_share_one_thread() -> None:
    def threads() -> int:
        with progress(total=1, delay=60):
            return threading.active_count()

    first = threads()
    assert [threads() for _ in range(20)] == [first] * 20


def test_a_progress_bar_on_a_terminal_shows_no_escapes() -> None:
    def write() -> None:
        with progress(total=2, desc=ESCAPE) as bar:
            bar.set_postfix_str(ESCAPE)
            bar.update(2)
            note(ESCAPE)

    shown = shown_on_terminal(write)
    assert "red" in shown
    assert not set(shown) & {"\x1b", "\x9b"}


@settings(max_examples=50)
@given(st.recursive(st.text() | st.floats(allow_nan=False, allow_infinity=False), st.lists))
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_json_is_one_line_that_prints_and_loses_nothing(encoding: str, value: object) -> None:
    raw = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding, newline="\n"))
        send_json(value)
        text = raw.getvalue().decode(encoding)
    assert text.removesuffix("\n").isprintable()
    assert json.loads(text) == value


def test_only_a_program_that_waits_for_lines_ends_with_its_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for send, ended in ((say, False), (send_json, True)):
        with os.fdopen(closed_pipe(), "w") as stream:
            monkeypatch.setattr(sys, "stdout", stream)
            with pytest.raises(ReaderGone) if ended else nullcontext():
                send("x")
            send("y")  # Goes nowhere.
        monkeypatch.undo()


def test_a_bug_is_told_without_escapes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> int:
        raise ZeroDivisionError(ESCAPE)

    monkeypatch.setattr(commands, "_import", lambda _: fail)
    monkeypatch.setattr(commands, "parse", lambda *_: "options")
    assert main("longtake", {"x": Command("", "", "")}, ["x"]) == BUG
    shown = capsys.readouterr().err
    assert "ZeroDivisionError" in shown
    assert all(line.isprintable() for line in shown.split("\n"))


def test_what_is_nothing_but_said_must_be_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal.OUT, "trouble", "No space left on device")
    with pytest.raises(InputError, match="No space left"):
        terminal.require_heard()

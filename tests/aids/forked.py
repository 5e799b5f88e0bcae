"""Processes that have TensorFlow from their beginning: forked from one that has imported it.

Importing it takes seconds, in every process that a test starts, kills and starts again. One process
does that for all, and nothing else. What is forked from it is a process like any other, a child of
this one, with words, folder, environment, pipes, signals and an end of its own:

    this process ── asks ──▶ the ready one ── forks ──▶ one that ends at once ── forks ──▶ the child
         ▲                                                                                    │
         └──────────────────────── which adopts it, since its parent is gone ─────────────────┘

With --all, and where coverage is counted, processes start as they do for users.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import warnings
from ctypes import CDLL
from pathlib import Path
from typing import Any

AS_FOR_USERS = "LONGTAKE_PROCESSES_AS_FOR_USERS"
ADOPTS_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER of prctl(2)
LARGEST = 1 << 20  # bytes of a request


def start(words: list[str], **how: Any) -> "subprocess.Popen[Any]":
    """Starts a process as ``subprocess.Popen`` does.

    Args:
        words: Python's path, and a file or ``-c`` and code, and what these are given.
        **how: pipes, ``text``, ``cwd`` and ``env``.
    """
    usual = AS_FOR_USERS in os.environ or "COVERAGE_PROCESS_CONFIG" in os.environ
    return (subprocess.Popen if usual or sys.platform != "linux" else _Forked)(words, **how)


def run(words: list[str], **how: Any) -> "subprocess.CompletedProcess[str]":
    """Waits for a process to end, as ``subprocess.run`` does, and has what it said as text."""
    with start(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how) as process:
        out, err = process.communicate()
    return subprocess.CompletedProcess(words, process.returncode, out, err)


class _Forked(subprocess.Popen[Any]):
    """Differs from what it is in how a process begins, and in nothing else."""

    def _execute_child(self, words: list[str], *asked: Any) -> None:
        _, before_it, _, _, folder, environment, *_ = asked
        pipes = stdin, _, _, stdout, _, stderr = asked[9:15]
        assert words[0] == sys.executable
        assert before_it is None
        request = {
            "words": words[1:],
            "folder": str(folder or Path.cwd()),
            "environment": {**(os.environ if environment is None else environment)},
        }
        own = [number if end == -1 else end for number, end in enumerate((stdin, stdout, stderr))]
        prctl, ready = CDLL(None).prctl, _ready_process()
        prctl(ADOPTS_ORPHANS, 1, 0, 0, 0)
        try:
            socket.send_fds(ready, [json.dumps(request).encode()], own)
            self.pid = int(ready.recv(LARGEST))
        finally:
            prctl(ADOPTS_ORPHANS, 0, 0, 0, 0)
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


@functools.cache
def _ready_process() -> socket.socket:
    """Starts the process that others are forked from; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            # Whose streams are like those of most processes that tests start.
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    atexit.register(process.communicate)
    atexit.register(ours.close)
    return ours


def _serve(asked: socket.socket) -> dict[str, Any]:
    """Forks a process for each request; returns in that process, with the request."""
    before = set(os.environ)
    sys.modules.update(sklearn=None)  # type: ignore[arg-type]
    for name in ("trainer.cli", "trainer.training.command", "trainer.evaluation.command"):
        importlib.import_module(name)
    importlib.import_module("preprocessing.terminal.quiet").import_tensorflow()
    gc.collect()
    gc.freeze()
    added = {name: value for name, value in os.environ.items() if name not in before}
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    on_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        content, ends, _, _ = socket.recv_fds(asked, LARGEST, 3)
        if not content:
            raise SystemExit
        if _fork_orphan(asked):
            break
        for end in ends:
            os.close(end)
    asked.close()
    signal.signal(signal.SIGINT, on_interrupt)
    for number, end in enumerate(ends):
        os.dup2(end, number)
        os.close(end)
    request: dict[str, Any] = json.loads(content)
    os.environ.clear()
    os.environ.update({**added, **request["environment"]})
    os.chdir(request["folder"])
    random.seed()
    return request


def _fork_orphan(asked: socket.socket) -> bool:
    """Returns whether this is the new process; the old one tells its number when it is adopted."""
    told, tell = os.pipe()
    if between := os.fork():
        os.close(tell)
        number = os.read(told, 32)
        os.close(told)
        os.waitpid(between, 0)
        asked.send(number)
        return False
    if child := os.fork():
        os.write(tell, str(child).encode())
        os._exit(0)
    os.close(told)
    os.close(tell)
    return True


if __name__ == "__main__":
    _what, *_words = _serve(socket.socket(fileno=int(sys.argv[1])))["words"]
    _code = _words.pop(0) if _what == "-c" else Path(_what).read_text()
    sys.argv = [_what, *_words]
    sys.path[0] = "" if _what == "-c" else str(Path(_what).parent)
    exec(compile(_code, _what, "exec"), {"__name__": "__main__"})

"""A lease: one process at a time works on a file, and a process that died holds nothing for long.

The lease on ``DIR/name.h5`` is the file ``DIR/.name.h5.lease``, created so that only one process
can succeed. Its holder touches it every few seconds. A lease is void if it was not touched for
``EXPIRY_SECONDS`` or if its holder died on this machine. Ages are measured by the clock of the
file system, so machines that share a folder need not agree on the time.

A lease saves double work; it is not what keeps files whole. If a suspended process wakes up after
its lease expired, two processes write the same content, under temporary names of their own.
"""

import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from preprocessing.files.whole_file import is_alive, machine

SUFFIX = ".lease"
EXPIRY_SECONDS = 120.0
TOUCH_SECONDS = 10.0
WAIT_SECONDS = 0.1


class Busy(Exception):  # noqa: N818
    """Another process holds the lease."""


@contextmanager
def lease(path: Path) -> Iterator[None]:
    """Holds the lease on a file while the block runs.

    Raises:
        Busy: another process holds it.
    """
    file = lease_path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    holder = f"{machine()} {os.getpid()} {secrets.token_hex(4)}"
    _take(file, holder)
    done = threading.Event()
    keeper = threading.Thread(target=_keep, args=(file, done), name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        done.set()
        keeper.join()
        if _holder(file) == holder:
            file.unlink(missing_ok=True)


@contextmanager
def lease_when_free(path: Path) -> Iterator[None]:
    """Waits for the lease on a file, and holds it while the block runs."""
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(lease(path))
                break
            except Busy:
                time.sleep(WAIT_SECONDS)
        yield


def is_leased(path: Path) -> bool:
    """Returns True if some process works on a file."""
    file = lease_path(path)
    return file.exists() and not is_void(file)


def lease_path(path: Path) -> Path:
    """Returns the path of the lease on a file."""
    return path.with_name(f".{path.name}{SUFFIX}")


def is_void(file: Path) -> bool:
    """Returns True if the holder of a lease died here, or has not touched it for too long."""
    try:
        touched = file.stat().st_mtime
        os.utime(file.parent)
        age = file.parent.stat().st_mtime - touched
    except OSError:
        return False
    if age > EXPIRY_SECONDS:
        return True
    where, pid, *_ = [*_holder(file).split(), "", ""]
    return where == machine() and not is_alive(pid)


def _take(file: Path, holder: str) -> None:
    try:
        _make(file, holder)
    except FileExistsError:
        if not is_void(file):
            raise Busy(file) from None
        take_away(file)
        try:
            _make(file, holder)
        except FileExistsError:
            raise Busy(file) from None


def _make(file: Path, holder: str) -> None:
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    try:
        os.write(descriptor, holder.encode())
    except OSError:
        file.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def take_away(file: Path) -> None:
    """Removes a void lease, unless another process has already replaced it by a new one."""
    aside = file.with_name(f"{file.name}.{secrets.token_hex(4)}{SUFFIX}")
    try:
        file.rename(aside)
    except FileNotFoundError:
        return
    if not is_void(aside):
        with suppress(OSError):
            os.link(aside, file)
    aside.unlink(missing_ok=True)


def _holder(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _keep(file: Path, done: threading.Event) -> None:
    while not done.wait(TOUCH_SECONDS):
        with suppress(OSError):
            os.utime(file)

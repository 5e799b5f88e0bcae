"""Files that carry their name only when they are whole."""

import functools
import os
import platform
import re
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

PARTIAL = re.compile(r"\.(?P<pid>\d+)-(?P<machine>\w+)\.partial\.(?P<name>.+)", re.DOTALL)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside ``path``; the file written there becomes ``path`` at the end.

    If the block raises, the temporary file is removed and an older file at ``path`` stays; an
    OSError, such as one for a full disk, then names the file.
    """
    partial = partial_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield partial
        with partial.open("rb+") as written:
            os.fsync(written.fileno())
        partial.replace(path)
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Writes a UTF-8 text file, whole or not at all.

    Args:
        path: the file.
        text: its content.
    """
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def partial_path(path: Path) -> Path:
    """Returns the hidden name of a file while this process writes it, with the same suffix."""
    return path.with_name(f".{os.getpid()}-{machine()}.partial.{path.name}")


@functools.lru_cache
def machine() -> str:
    """Returns eight hexadecimal digits that tell this machine, since its start, from others.

    A container that numbers its own processes counts as a machine of its own.
    """
    boot = Path("/proc/sys/kernel/random/boot_id")
    started = boot.read_text() if boot.exists() else ""
    processes = Path("/proc/self/ns/pid")
    numbered = os.readlink(processes) if processes.is_symlink() else ""
    told = f"{platform.node()} {started} {numbered}"
    return blake2b(told.encode(), digest_size=4).hexdigest()


def is_alive(pid: str) -> bool:
    """Returns True if a process of this number runs on this machine."""
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError, ValueError):
        return False
    except PermissionError:
        return True
    return True

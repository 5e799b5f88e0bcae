"""Removal of files that killed processes left behind in a folder."""

import math
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from preprocessing.files import lease
from preprocessing.files.folders import files_below
from preprocessing.files.whole_file import PARTIAL, is_alive, machine, partial_path

BEGUN_SUFFIX = ".begun"
ABANDONED_SECONDS = 3600.0
BEGUN_SECONDS = 30 * 24 * 3600.0


def remove_strays(root: Path) -> int:
    """Removes unfinished files and leases of processes that are gone, in all folders below.

    A file of another machine is removed if nobody holds a lease on the file that it was to become
    and nobody has written to it for ``ABANDONED_SECONDS``. The kept part of an interrupted video is
    removed once the video is done, or after ``BEGUN_SECONDS``.

    Returns:
        The number of files removed.
    """
    removed = 0
    for path in _hidden(root):
        if _is_stray(path):
            removed += 1
            with suppress(OSError):
                _remove(path)
    return removed


def remove_strays_of(path: Path) -> None:
    """Removes what killed processes left of a file or folder that gets its name when it is whole.

    What this process has begun itself counts as left too; see ``remove_strays`` for the others.

    Args:
        path: the name of the file or folder.
    """
    for begun in path.parent.glob(".*.partial.*"):
        if _becomes(begun.name) != path.name or begun.is_symlink():
            continue
        if begun == partial_path(path) or _is_stray(begun):
            if begun.is_dir():
                shutil.rmtree(begun, ignore_errors=True)
            else:
                begun.unlink(missing_ok=True)


def _becomes(name: str) -> str:
    """Returns the name that an unfinished file was to get; one may have begun within another."""
    while match := PARTIAL.fullmatch(name):
        name = match["name"]
    return name


def _remove(path: Path) -> None:
    if path.name.endswith(lease.SUFFIX):
        lease.take_away(path)
    else:
        path.unlink(missing_ok=True)


def _hidden(root: Path) -> Iterator[Path]:
    files = files_below(root, unreadable=lambda error: None, hidden=True)
    yield from (path for path in files if path.name.startswith("."))


def _is_stray(path: Path) -> bool:
    if path.name.endswith(lease.SUFFIX):
        return lease.is_void(path)
    if path.name.endswith(BEGUN_SUFFIX):
        return _is_needless(path)
    if not (match := PARTIAL.fullmatch(path.name)):
        return False
    if match["machine"] == machine():
        return not is_alive(match["pid"])
    return _age(path) > ABANDONED_SECONDS and not lease.is_leased(path.with_name(match["name"]))


def _is_needless(path: Path) -> bool:
    """Returns True if the kept part of an unfinished video is of no more use."""
    done = path.with_name(path.name.removeprefix(".").removesuffix(BEGUN_SUFFIX))
    if lease.is_leased(done):
        return False
    return _age(path) > (min(_age(done), BEGUN_SECONDS) if done.exists() else BEGUN_SECONDS)


def _age(path: Path) -> float:
    """Returns the seconds since a file was written to; minus infinity if it does not exist."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return -math.inf

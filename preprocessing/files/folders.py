"""The one walk over folders of videos, features, labels, or sequences of a store.

Linked folders are looked into too. Each folder is looked into once: under its own name where it
lies below the root, else under the first link to it. So links that lead back up end the walk
there, and no file counts twice.
"""

import errno
import os
from collections import deque
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.terminal.console import note

# Folders that a file system keeps at its root for itself, and that only it may read.
OWN_FOLDERS = frozenset({"lost+found", "System Volume Information"})

_said: set[str] = set()


def refuse(error: OSError) -> None:
    """For folders of which nothing may be missing.

    Raises:
        InputError: always; it names the folder.
    """
    raise InputError(f"{cannot_read(error)}, or take it out")


def cannot_read(error: OSError) -> str:
    """What is said of a folder that cannot be read, and what to do about it."""
    path = str(error.filename)
    shown = path if path.isprintable() else ascii(path)
    return f"the folder {shown} cannot be read ({error.strerror}): make it readable"


def files_below(
    root: Path,
    suffixes: Collection[str] = (),
    unreadable: Callable[[OSError], object] = refuse,
    hidden: bool = False,
) -> Iterator[Path]:
    """Yields all that is no folder below a folder, without what has a name that begins with a dot.

    Notes say which links lead to a folder that was looked into already, and, if they have not the
    name of what is looked for, which lead nowhere: to a disk that is not there.

    Args:
        root: the folder.
        suffixes: of the files to yield, lower case; none means all.
        unreadable: told of each folder that cannot be read; its ``filename`` says which.
        hidden: whether files whose names begin with a dot are yielded too.
    """
    folders, links, seen = [root], deque[Path](), set[str]()
    again: list[Path] = []
    nowhere: list[Path] = []
    while folders or links:
        folder = folders.pop() if folders else links.popleft()
        real = os.path.realpath(folder)
        if real in seen:
            again.append(folder)
            continue
        seen.add(real)
        for entry in _entries(folder, unreadable):
            path, dotted = folder / entry.name, entry.name.startswith(".")
            if (dotted and not hidden) or entry.name in OWN_FOLDERS:
                continue
            kind = _kind(entry, path, unreadable)
            if kind == "folder":
                if not dotted:
                    (links if entry.is_symlink() else folders).append(path)
            elif kind and (not suffixes or path.suffix.lower() in suffixes):
                yield path
            elif kind == "nowhere":
                nowhere.append(path)
    _say(again, "to a folder that is looked into already, not followed")
    _say(nowhere, "to nowhere")


def _entries(folder: Path, unreadable: Callable[[OSError], object]) -> list[os.DirEntry[str]]:
    """What lies in a folder, by name; nothing if it cannot be read, which is told."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        unreadable(OSError(error.errno, error.strerror, str(folder)))
        return []


def _kind(entry: os.DirEntry[str], path: Path, unreadable: Callable[[OSError], object]) -> str:
    """``folder``, ``file``, ``nowhere`` for a link that leads there; empty if it cannot be told."""
    try:
        if entry.is_dir():
            return "folder"
        return "nowhere" if entry.is_symlink() and not path.exists() else "file"
    except OSError as error:
        if error.errno == errno.ELOOP:
            return "nowhere"
        unreadable(OSError(error.errno, error.strerror, str(path)))
        return ""


def _say(links: list[Path], what: str) -> None:
    """Says once what became of links."""
    if links:
        first = ascii(str(links[0])) if not str(links[0]).isprintable() else links[0]
        count = f"{len(links)} links" if len(links) > 1 else "1 link"
        said = f"{count} {what}: {first}{', ...' if len(links) > 1 else ''}"
        if said not in _said:
            _said.add(said)
            note(said)

"""The walk over folders of videos, features, labels, or sequences of a store.

Links to folders are followed. Each folder is visited once: under its own name if it lies below
the root, else under the first link to it. So a link that leads back up ends the walk there, and no
file counts twice.
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
    """Raises an error for a folder that cannot be read, where nothing may be missing.

    Raises:
        InputError: always; it names the folder.
    """
    raise InputError(f"{cannot_read(error)}, or take it out")


def cannot_read(error: OSError) -> str:
    """Returns a message about a folder that cannot be read, and what to do about it."""
    path = str(error.filename)
    shown = path if path.isprintable() else ascii(path)
    return f"the folder {shown} cannot be read ({error.strerror}): make it readable"


def files_below(
    root: Path,
    suffixes: Collection[str] = (),
    unreadable: Callable[[OSError], object] = refuse,
    hidden: bool = False,
) -> Iterator[Path]:
    """Yields the files below a folder, without those whose names begin with a dot.

    Notes name links to folders that were visited already, and broken links, unless their names rule
    out that they meant a file with one of the suffixes.

    Args:
        root: the folder.
        suffixes: suffixes of the files to yield, in lower case; none means all.
        unreadable: called for each folder that cannot be read; its ``filename`` says which.
        hidden: also yield files whose names begin with a dot.
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
    """Returns a folder's entries, sorted by name; none, after a report, if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        unreadable(OSError(error.errno, error.strerror, str(folder)))
        return []


def _kind(entry: os.DirEntry[str], path: Path, unreadable: Callable[[OSError], object]) -> str:
    """Returns ``folder``, ``file``, ``nowhere`` for a broken link, or empty if unknown."""
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

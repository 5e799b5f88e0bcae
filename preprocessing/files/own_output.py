"""Output that a command replaces only if it still is as the command wrote it.

DIR/NAME             a file, or a folder of files
DIR/.NAME.written    digests of what was written there, a line each
"""

import shutil
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

from preprocessing.errors import InputError
from preprocessing.files.whole_file import write_whole

READ_AT_ONCE = 1 << 20
Result = TypeVar("Result")


def require_own(path: Path, command: str) -> None:
    """Checks that nothing would be lost if a file or a folder were replaced.

    Args:
        path: the file, or the folder.
        command: what writes it, for the message.

    Raises:
        InputError: it is there, and not as it was written.
    """
    if path.exists() and not is_own(path):
        raise InputError(
            f"{path} is not known to be as {command} wrote it (somebody made or corrected it) and "
            "would be replaced; move it away, or give it to --labels from another place"
        )


def is_own(path: Path) -> bool:
    """Returns True if a file or a folder still is as a command wrote it.

    Args:
        path: the file, or the folder; it need not be there.
    """
    known = _written(path)
    return bool(known) and path.exists() and _digest(path) in known


def remember(path: Path, new: Path) -> None:
    """Has what is about to get a name known again as it was written.

    Args:
        path: the file, or the folder, that it will be.
        new: where it lies now.
    """
    known = dict.fromkeys([*_written(path), _digest(new)])
    write_whole(_record(path), "".join(f"{digest}\n" for digest in known))


def write_own(path: Path, write: Callable[[Path], Result]) -> Result:
    """Writes a file or a folder in place of an older one, for which ``require_own`` was asked.

    Args:
        path: the file, or the folder.
        write: writes it under the name that it is given, at which there is nothing.

    Returns:
        What ``write`` returned.
    """
    new = path.with_name(f".{path.name}.new")
    _remove(new)
    try:
        result = write(new)
        # First, so that whoever is killed in between may start the same command again.
        remember(path, new)
        if new.is_dir():
            _remove(path)
        new.replace(path)
    finally:
        _remove(new)
    return result


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _record(path: Path) -> Path:
    path = path.absolute()
    return path.parent / f".{path.name}.written"


def _written(path: Path) -> list[str]:
    record = _record(path)
    return record.read_text(encoding="ascii", errors="replace").split() if record.is_file() else []


def _digest(path: Path) -> str:
    """Returns a digest of a file, or of the names and contents of all files of a folder."""
    hashed = blake2b(digest_size=16)
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    for file in files:
        if file != path:
            hashed.update(f"{file.relative_to(path).as_posix()}\0{file.stat().st_size}\0".encode())
        with file.open("rb") as opened:
            while block := opened.read(READ_AT_ONCE):
                hashed.update(block)
    return hashed.hexdigest()

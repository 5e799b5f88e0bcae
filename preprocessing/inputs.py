"""Which files a command was given, and the sequence id of each."""

import errno
import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from unicodedata import category

from preprocessing.errors import InputError

FINGERPRINT_BLOCKS = 16
FINGERPRINT_BLOCK_BYTES = 1 << 16


@dataclass(frozen=True)
class Source:
    """An input file.

    Attributes:
        sequence_id: its path under the input root, without the suffix, with ``/``.
    """

    sequence_id: str
    path: Path


def find_sources(inputs: Iterable[Path], suffixes: Collection[str], what: str) -> list[Source]:
    """Lists files, and files in folders, walked recursively, in the order of their ids.

    Args:
        inputs: files, taken whatever their suffix, and folders.
        suffixes: of the files to take from folders, lower case.
        what: for messages, such as ``videos``.

    Raises:
        InputError: an input does not exist, nothing was found, or two files have one id.
    """
    inputs = list(inputs)
    if not inputs:
        raise InputError(f"no input given; expected files or folders of {what}")
    found: dict[str, Path] = {}
    for source in (source for path in inputs for source in _under(path, suffixes)):
        if any(category(letter) in ("Cc", "Cs") for letter in source.sequence_id):
            raise InputError(f"{str(source.path)!a} has a name that cannot be read; rename it")
        first = found.setdefault(source.sequence_id, source.path)
        if first.resolve() != source.path.resolve():
            raise InputError(
                f"{first} and {source.path} would both be sequence {source.sequence_id!r}; "
                "rename one, or give a folder above both as the only input"
            )
    if not found:
        where = ", ".join(map(str, inputs))
        raise InputError(f"no {what} found in {where}: looked for {' '.join(sorted(suffixes))}")
    return [Source(sequence_id, found[sequence_id]) for sequence_id in sorted(found)]


def _under(path: Path, suffixes: Collection[str]) -> Iterator[Source]:
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                file = Path(folder) / name
                if file.suffix.lower() in suffixes and not name.startswith("."):
                    yield Source(file.relative_to(path).with_suffix("").as_posix(), file)
    elif path.exists():
        yield Source(path.stem, path)
    else:
        raise InputError(f"there is no file or folder {path}")


def fingerprint(path: Path) -> str:
    """Identifies a file's content by its size and blocks spread over it, without reading it all.

    Raises:
        OSError: the file cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "not an ordinary file", str(path))
    size = path.stat().st_size
    hashed = blake2b(str(size).encode(), digest_size=16)
    last = max(size - FINGERPRINT_BLOCK_BYTES, 0)
    with path.open("rb") as file:
        for block in range(FINGERPRINT_BLOCKS):
            file.seek(last * block // (FINGERPRINT_BLOCKS - 1))
            hashed.update(file.read(FINGERPRINT_BLOCK_BYTES))
    return hashed.hexdigest()

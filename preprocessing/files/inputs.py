"""The files that a command was given, and the sequence id of each."""

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unicodedata import category

from preprocessing.errors import InputError
from preprocessing.files.folders import cannot_read, files_below
from preprocessing.terminal.console import note


@dataclass(frozen=True)
class Source:
    """An input file, or an input that cannot be used.

    Attributes:
        sequence_id: the path under the input root, without the suffix, with ``/``.
        path: the file, or a folder that cannot be read.
        problem: why the input cannot be used; its id is then only a unique placeholder.
    """

    sequence_id: str
    path: Path
    problem: str = ""


def find_sources(
    inputs: Iterable[Path], suffixes: Collection[str], what: str, prefer: str | None = None
) -> list[Source]:
    """Lists files, and files in folders, walked recursively, in the order of their ids.

    Args:
        inputs: files, taken whatever their suffix, and folders.
        suffixes: suffixes of the files to take from folders, in lower case.
        what: the word for the files in messages, such as ``videos``.
        prefer: suffix of the file to take where several would have one id.

    Raises:
        InputError: an input does not exist, nothing was found, or two files have one id.
    """
    inputs = list(inputs)
    if not inputs:
        raise InputError(f"no input given; expected files or folders of {what}")
    chosen = prefer and _suffix(prefer, suffixes)
    found: dict[str, dict[Path, Source]] = {}
    for source in (source for path in inputs for source in _under(path, suffixes)):
        found.setdefault(source.sequence_id, {}).setdefault(source.path, source)
    if not found:
        where = ", ".join(map(str, inputs))
        raise InputError(f"no {what} found in {where}: looked for {' '.join(sorted(suffixes))}")
    sources = [_only(list(found[name].values()), chosen) for name in sorted(found)]
    left = len({path.resolve() for same in found.values() if len(same) > 1 for path in same})
    left -= sum(len(same) > 1 for same in found.values())
    if left:
        note(f"{left} {what} are left out, since one of the same name ends in {chosen} (--prefer)")
    return sources


def _only(sources: list[Source], prefer: str | None) -> Source:
    """Returns the one file to take among files with the same sequence id.

    Raises:
        InputError: several files remain, and nothing says which to prefer.
    """
    if len(sources) > 1:
        sources = list({source.path.resolve(): source for source in reversed(sources)}.values())
    if len(sources) == 1:
        return sources[0]
    preferred = [source for source in sources if source.path.suffix.lower() == prefer]
    if len(preferred) == 1:
        return preferred[0]
    second, first = sources[-2:]
    apart = first.path.suffix.lower() != second.path.suffix.lower()
    choice = f"--prefer {second.path.suffix} (extract, import) takes the latter of such pairs; or "
    raise InputError(
        f"{first.path} and {second.path} would both be sequence {first.sequence_id!r}: "
        f"{choice if apart else ''}rename one, or give a folder above both as the only input"
    )


def _suffix(prefer: str, suffixes: Collection[str]) -> str:
    suffix = f".{prefer.lower().removeprefix('.')}"
    if suffix not in suffixes:
        raise InputError(f"--prefer {prefer}: expected one of {' '.join(sorted(suffixes))}")
    return suffix


def _under(path: Path, suffixes: Collection[str]) -> Iterator[Source]:
    if path.is_dir():
        closed: list[OSError] = []
        for file in files_below(path, suffixes, closed.append):
            yield _source(file.relative_to(path).with_suffix("").as_posix(), file)
        for error in closed:
            yield _unusable(Path(error.filename), cannot_read(error))
    elif path.exists():
        yield _source(path.stem, path)
    else:
        raise InputError(f"there is no file or folder {path}")


def _source(sequence_id: str, path: Path) -> Source:
    """Returns a source, with a problem if the file's name cannot become a sequence id."""
    if any(category(letter) in ("Cc", "Cs") for letter in sequence_id):
        return _unusable(path, f"{str(path)!a} has a name that cannot be read; rename it")
    return Source(sequence_id, path)


def _unusable(path: Path, problem: str) -> Source:
    # No id has a line break in it.
    return Source(os.path.abspath(path).lstrip("/") + "\n", path, problem)

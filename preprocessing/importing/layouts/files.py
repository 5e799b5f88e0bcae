"""The layout of single files: each file, or each array that ``--dataset`` names, is a sequence."""

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.files.inputs import Source, find_sources
from preprocessing.importing.feature_files import (
    SUFFIXES,
    Selection,
    format_of,
    open_table,
    parts_of,
)
from preprocessing.importing.layouts.base import Recording, broken


def recordings(
    inputs: Iterable[Path],
    kind: str | None,
    selection: Selection,
    made: Collection[Path],
    prefer: str | None = None,
) -> list[Recording]:
    """Finds all sequences.

    Args:
        inputs: files and folders.
        kind: format of the files, by default told by their suffix.
        selection: the columns to take.
        made: files and folders that the command itself writes, which are no inputs.
        prefer: the suffix to take of files that differ only in it.

    Raises:
        InputError: there are none.
    """
    found = sources(inputs, kind, prefer)
    left = [source for source in found if not _within(source.path, made)]
    if not left:
        raise InputError(f"all of {', '.join(map(str, inputs))} is what this command writes itself")
    return [recording for source in left for recording in _recordings(source, kind, selection)]


def sources(inputs: Iterable[Path], kind: str | None, prefer: str | None = None) -> list[Source]:
    """Finds the files of a format, or of all formats.

    Args:
        inputs: files and folders.
        kind: the format; None for all.
        prefer: the suffix to take of files that differ only in it.

    Raises:
        InputError: there are none.
    """
    suffixes = [suffix for suffix, known in SUFFIXES.items() if kind in (None, known)]
    return find_sources(inputs, suffixes, "feature files", prefer)


def recording(
    sequence_id: str, path: Path, kind: str, selection: Selection, part: str | None = None
) -> Recording:
    """Returns the recording for a file, or for one array of it.

    Args:
        sequence_id: its id.
        path: the file.
        kind: the file's format.
        selection: the columns to take.
        part: the array's name, if not the whole file.
    """
    opened = partial(open_table, path, kind, selection, part)
    return Recording(sequence_id, (path,), kind, opened, part or "")


def _recordings(source: Source, kind: str | None, selection: Selection) -> Iterator[Recording]:
    if source.problem:
        yield broken(source.sequence_id, source.path, InputError(source.problem))
        return
    try:
        told = kind or format_of(source.path)
        parts = parts_of(source.path, told, selection)
    except InputError as error:
        yield broken(source.sequence_id, source.path, error)
        return
    for part, name in parts.items():
        sequence_id = f"{source.sequence_id}/{part}" if part else source.sequence_id
        if any(piece.startswith(".") for piece in part.split("/")) or not part.isprintable():
            reason = f"{source.path}: {part!a} cannot be part of a sequence id; rename it"
            yield broken(source.sequence_id, source.path, InputError(reason))
        else:
            yield recording(sequence_id, source.path, told, selection, name)


def _within(path: Path, made: Collection[Path]) -> bool:
    return any(path.resolve().is_relative_to(own.resolve()) for own in made)

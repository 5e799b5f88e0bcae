"""Files of annotation tools: whole, or not there.

a file       OUT
files        OUT/<sequence>.<suffix>, or OUT/<side>/<sequence>.<suffix> where a format cannot hold
             several sets of labels in one file
a folder     OUT, with what the format wants in it
"""

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath

from preprocessing.errors import InputError, counted, shorten
from preprocessing.files.whole_file import partial_path, whole_file
from preprocessing.labels.formats.writers.base import Writer, rate
from preprocessing.labels.formats.writers.fitting import Fitting
from preprocessing.labels.formats.writing import Annotated

FORBIDDEN = '/\\:*?"<>|'


def write_annotated(writer: Writer, path: Path, content: Annotated) -> list[str]:
    """Writes videos and what is said about them, and returns remarks, a line each.

    Args:
        writer: the format.
        path: the file, or the folder if the format wants several files; it must not be there.
        content: what is written.

    Raises:
        InputError: the name of a sequence is none of a file, or a frame rate is not known.
        OSError: the disk is full or cannot be written.
    """
    if writer.framed:
        for video in content.videos:
            rate(video)
    fitting = Fitting(writer, content)
    if writer.shape == "file":
        with whole_file(path) as partial:
            writer.write(partial, fitting.fitted(""))
        return fitting.remarks
    with whole_folder(path) as partial:
        if writer.shape == "folder":
            writer.write(partial, fitting.fitted(""))
        else:
            left = [
                _write_files(writer, folder, fitting.fitted(side))
                for folder, side in _folders(partial, fitting)
            ]
            fitting.remarks += [
                f"no file for {counted(n, 'video')} without labels" for n in left if n
            ]
    return fitting.remarks


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yields a new folder beside ``path`` that becomes ``path`` at the end; it goes if work fails.

    Raises:
        OSError: there is something of that name already, and it is no empty folder.
    """
    partial = partial_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _folders(root: Path, fitting: Fitting) -> Iterator[tuple[Path, str]]:
    """Yields the folder of each set of labels; names that no folder can have are changed."""
    if len(fitting.sides) == 1:
        yield root, fitting.sides[0]
        return
    taken: set[str] = set()
    for number, side in enumerate(fitting.sides, 1):
        name = "".join("_" if letter in FORBIDDEN else letter for letter in side).strip(". ")
        name = name if name and name.casefold() not in taken else f"{name or 'labels'} {number}"
        taken.add(name.casefold())
        yield root / name, side


def _write_files(writer: Writer, folder: Path, content: Annotated) -> int:
    """Writes a file a video; returns the number of videos of which there is nothing to write."""
    left = 0
    for video in content.videos:
        if not (writer.empty or content.of(video)):
            left += 1
            continue
        path = _file(folder, video.sequence, writer.suffix)
        _begin(path, video.sequence)
        writer.write(path, replace(content, videos=(video,)))
    return left


def _file(folder: Path, sequence_id: str, suffix: str) -> Path:
    """Returns the file of a sequence.

    Raises:
        InputError: its id would lead out of the folder.
    """
    parts = PurePosixPath(sequence_id).parts
    if not parts or sequence_id.startswith("/") or ".." in parts or "\0" in sequence_id:
        raise InputError(
            f"the sequence {shorten(sequence_id)!r} cannot have a file of its own: expected a "
            "relative path without .. as its name"
        )
    return folder.joinpath(*parts[:-1], parts[-1] + suffix)


def _begin(path: Path, sequence_id: str) -> None:
    """Makes the file of a sequence, empty, and the folders that it lies in.

    Args:
        path: the file.
        sequence_id: the sequence.

    Raises:
        InputError: another sequence has a file there already, or the name is too long for one.
        OSError: the disk is full or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(exist_ok=False)
        return
    except (FileExistsError, NotADirectoryError):
        why = "another sequence has one of that name"
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        why = "its name is too long for one"
    raise InputError(
        f"the sequence {shorten(sequence_id)!r} cannot have a file of its own: {why}; give a "
        "format that has all sequences in one file"
    )

"""Files that hold several arrays, each with a name: which of them are sequences.

--dataset                    file a.h5 holds                    sequences
not given                    x [900, 64], y [900]               a                 (x)
features                     features, other                    a
video_*/features             video_1/features, ...              a/video_1, ...
features/*                   features/monday, ...               a/monday, ...
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from preprocessing.errors import InputError, OptionError
from preprocessing.importing.feature_files.arrays import Array, table_of
from preprocessing.importing.feature_files.base import Selection, Table

WILDCARDS = "*?["
LISTED = 20


def matching(path: Path, arrays: Mapping[str, Array], pattern: str) -> list[str]:
    """Returns the arrays that a pattern with wildcards matches: of numbers, or unusable.

    Args:
        path: the file.
        arrays: all its arrays, by name.
        pattern: the pattern.

    Raises:
        InputError: no array matches.
    """
    names = [
        name
        for name, array in arrays.items()
        if fnmatchcase(name, pattern) and (array.obstacle or (array.is_numeric and array.shape))
    ]
    if not names:
        raise _no_dataset(path, arrays, pattern)
    return names


def id_part(pattern: str, name: str) -> str:
    """Returns the part of a sequence's id that tells it from others of its file.

    It is the array's name without the folders that the pattern spells out before its first and
    after its last wildcard, since these are the same for all.

    Args:
        pattern: the pattern of the arrays' names.
        name: the array's name.
    """
    spelled = [not any(sign in part for sign in WILDCARDS) for part in pattern.split("/")]
    first = spelled.index(False)
    last = len(spelled) - spelled[::-1].index(False)
    parts = name.split("/")
    return "/".join(parts[first : len(parts) - (len(spelled) - last)])


def has_wildcards(pattern: str | None) -> bool:
    """Returns True if a pattern can match several arrays of a file."""
    return pattern is not None and any(sign in pattern for sign in WILDCARDS)


def table_of_dataset(
    path: Path, arrays: Mapping[str, Array], selection: Selection, part: str | None
) -> Table:
    """Makes a table of one of a file's arrays.

    Args:
        path: the file.
        arrays: all that it holds, by name.
        selection: the columns to take.
        part: name of the array; None for the one that the selection names, or the only one.

    Raises:
        InputError: no array, or more than one, is meant, or it is no table.
    """
    name = part or selection.dataset or _only(path, arrays, selection)
    if name not in arrays:
        raise _no_dataset(path, arrays, name)
    return table_of({"": arrays[name]}, selection, _times(path, arrays, selection, name))


def _times(
    path: Path, arrays: Mapping[str, Array], selection: Selection, name: str
) -> Array | None:
    """Returns the array of times beside the features, or at the root; None for a column number."""
    wanted = selection.time_column
    if wanted is None or wanted.isdecimal():
        return None
    folder = name.rpartition("/")[0]
    for found in (f"{folder}/{wanted}", wanted.strip("/")):
        if found.strip("/") in arrays:
            return arrays[found.strip("/")]
    raise OptionError(
        f"{path} has no array {wanted!r} for --time-column; it holds {_contents(arrays)}"
    )


def _only(path: Path, arrays: Mapping[str, Array], selection: Selection) -> str:
    """Returns the only array with two axes, or else the only one with one axis.

    Raises:
        InputError: several arrays, or none, may be meant.
    """
    wanted = selection.time_column
    candidates = {
        name: array.wide_axes
        for name, array in arrays.items()
        if array.is_numeric and array.shape and name.rpartition("/")[2] != wanted
    }
    for names in (
        [name for name, axes in candidates.items() if axes > 1],
        [name for name, axes in candidates.items() if axes == 1],
    ):
        if len(names) == 1:
            return names[0]
        if names:
            break
    unusable = [array for array in arrays.values() if array.obstacle]
    if not candidates and len(unusable) == 1:
        raise InputError(f"{unusable[0].where} is {unusable[0].obstacle}")
    raise InputError(
        f"{path}: cannot tell which array holds the features; name it with --dataset. It holds "
        f"{_contents(arrays)}"
    )


def _no_dataset(path: Path, arrays: Mapping[str, Array], pattern: str) -> OptionError:
    return OptionError(f"{path} has no array {pattern!r}; it holds {_contents(arrays)}")


def _contents(arrays: Mapping[str, Array]) -> str:
    shown = [f"{name} ({array})" for name, array in list(arrays.items())[:LISTED]]
    more = [f"and {len(arrays) - LISTED} more"] if len(arrays) > LISTED else []
    return ", ".join(shown + more) or "nothing"

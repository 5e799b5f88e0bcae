"""Groups: sequences of one person, animal or place, which belong into one part of the splits.

--group-by '^(P\\d+)_'       P016_suture, P016_knot -> P016; P017_knot -> P017
--group-by groups.csv        the column group of a table ``sequence,group``
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from preprocessing.errors import InputError, counted, shorten, some
from preprocessing.files.csv_rows import csv_rows, require_commas
from preprocessing.labels.splits import PARTS, Splits

GROUP_FIELDS = ["sequence", "group"]
# What mostly tells a person in an id: a folder, or what stands before the first mark or the last.
LIKELY = {
    r"^(.+)/": "their folders",
    r"^([^_-]+)": "what stands before the first _ or -",
    r"^(.+)[_-]": "what stands before the last _ or -",
}
# Fewer groups could not be dealt to three parts.
FEWEST_GROUPS = 3
SEVERAL = 2


class LikelyGroups(NamedTuple):
    """Groups that ids seem to have, without anybody having said so.

    Attributes:
        pattern: a regular expression for ``--group-by``.
        words: what the groups are told by.
        groups: the group of each sequence.
    """

    pattern: str
    words: str
    groups: dict[str, str]


class Divided(NamedTuple):
    """A group that is in two parts, with a sequence in each."""

    group: str
    first: str
    first_part: str
    second: str
    second_part: str

    @property
    def words(self) -> str:
        """The group, its parts and their sequences, for a message."""
        return (
            f"group {shorten(self.group)!r} in two parts ({shorten(self.first)} in "
            f"{self.first_part}, {shorten(self.second)} in {self.second_part})"
        )


def is_table(group_by: str) -> bool:
    """Returns True if ``--group-by`` names a CSV file, False if it is a regular expression."""
    return group_by.lower().endswith(".csv")


def absolute_groups(group_by: str) -> str:
    """Returns ``--group-by`` with the whole path of its file, if it names one."""
    return str(Path(group_by).resolve()) if is_table(group_by) else group_by


def read_groups(group_by: str, ids: Collection[str], option: str = "--group-by") -> dict[str, str]:
    """Returns the group of each sequence.

    Args:
        group_by: a CSV file ``sequence,group``, or a regular expression that is looked for in the
            id; its first group names the group, or the whole match if it has none.
        ids: the sequences.
        option: what it was given with, for messages.

    Raises:
        InputError: the file or the expression cannot be read, or a sequence has no group by it.
    """
    given = _read_table(Path(group_by)) if is_table(group_by) else _search(group_by, ids, option)
    if missing := sorted(name for name in ids if not given.get(name)):
        what = counted(len(missing), "sequence")
        advice = (
            "give each a line sequence,group"
            if is_table(group_by)
            else "give an expression that finds its group in each id, or a CSV file sequence,group"
        )
        raise InputError(
            f"{option} {shorten(group_by)} gives no group to {what} ({some(missing)}); {advice}"
        )
    return {name: given[name] for name in sorted(ids)}


def _search(pattern: str, ids: Collection[str], option: str = "--group-by") -> dict[str, str]:
    """Returns the group of each id in which the pattern is found; empty if it finds no letter."""
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(
            f"{option} {shorten(pattern)} is no regular expression ({error}); expected one, such "
            "as '^([^_]+)_', or a CSV file sequence,group"
        ) from None
    found = {name: compiled.search(name) for name in ids}
    number = 1 if compiled.groups else 0
    return {name: match[number] or "" for name, match in found.items() if match}


def _read_table(path: Path) -> dict[str, str]:
    """Reads the group of each sequence.

    Raises:
        InputError: the file is no such table, or puts a sequence into two groups.
    """
    if not path.is_file():
        raise InputError(f"--group-by {path}: no such file; expected a CSV file sequence,group")
    rows = csv_rows(path)
    _, header = next(rows)
    require_commas(path, header)
    if [name.lower() for name in header] != GROUP_FIELDS:
        found = shorten(",".join(header)) or "nothing"
        raise InputError(f"{path} begins with {found}; expected a line {','.join(GROUP_FIELDS)}")
    groups: dict[str, str] = {}
    for line, (name, group) in rows:
        if groups.setdefault(name, group) != group:
            raise InputError(
                f"{path} line {line}: {shorten(name)!r} is in group {shorten(group)!r} and in "
                f"{shorten(groups[name])!r} before; expected one group a sequence"
            )
    return groups


def likely_groups(ids: Collection[str], classes: Collection[str] = ()) -> LikelyGroups | None:
    """Guesses groups from ids: many share a folder or a beginning, and there are several of these.

    Args:
        ids: the sequences.
        classes: names of classes; a group that is called so is none.

    Returns:
        None if the ids do not look grouped.
    """
    known = {name.casefold() for name in classes}
    for pattern, words in LIKELY.items():
        groups = _search(pattern, sorted(ids))
        sizes = Counter(groups.values())
        shared = [size for size in sizes.values() if size >= SEVERAL]
        if (
            len(groups) == len(ids)
            and len(sizes) >= FEWEST_GROUPS
            and len(shared) >= SEVERAL
            and 2 * sum(shared) >= len(ids)
            and not any(_is_called_so(name, known) for name in sizes)
        ):
            return LikelyGroups(pattern, words, groups)
    return None


def _is_called_so(group: str, classes: Collection[str]) -> bool:
    """Returns True if a group, or the last part of its path, has the name of a class."""
    plain = group.casefold()
    return plain in classes or plain.rpartition("/")[2] in classes


def divided_groups(groups: Mapping[str, str], splits: Splits) -> Iterator[Divided]:
    """Yields the groups whose sequences are not all in one part, each once.

    Args:
        groups: the group of each sequence; others are in none.
        splits: the sequences of each part.
    """
    first: dict[str, tuple[str, str]] = {}
    said: set[str] = set()
    for part in PARTS:
        for name in splits[part]:
            group = groups.get(name)
            if group is None or group in said:
                continue
            seen, seen_part = first.setdefault(group, (name, part))
            if seen_part != part:
                said.add(group)
                yield Divided(group, seen, seen_part, name, part)

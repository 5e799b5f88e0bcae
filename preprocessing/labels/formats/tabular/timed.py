"""Rows of a table without a header, told by their columns of times, as ELAN exports them.

tier  participant  begin         begin   end           end     duration      duration  text  ...
K     Anna         00:00:01.500  1.5     00:00:03.000  3.0     00:00:01.500  1.5       yes

Each of begin, end and duration is there in the same one to four ways: h:mm:ss.ms, seconds,
milliseconds, h:mm:ss:frames. The tier, the participant, and one of the three may be missing; behind
the text there may be its description, and the file's name and path. (ELAN's manual, Tab-delimited
text file.)
"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, product

from preprocessing.labels.formats.tabular.columns import ColumnMap, Places, parsed
from preprocessing.labels.formats.tabular.content import agree
from preprocessing.labels.formats.tabular.found import Found
from preprocessing.labels.formats.tabular.preset import KINDS, Preset, commented
from preprocessing.labels.formats.tabular.table import Table
from preprocessing.labels.formats.tabular.times import Times

# In the order in which they stand, with the unit of those that are numbers.
WAYS = {"clock": "", "decimal": "", "whole": ":ms", "timecode": None}
NAMES = (("tier", "subject"), ("tier",), ())
PARTS = (("start", "end", "duration"), ("start", "end"), ("start", "duration"))
# Only ELAN writes each time in so many ways, one of them a clock.
PLAIN = 2
MEDIA = re.compile(r"#(?P<media>.+?) -- offset: (?P<offset>-?\d+)\b.*")
FILE = re.compile(r"#?(?P<media>.+\.eaf)", re.IGNORECASE)


def timed(table: Table, preset: Preset) -> Found | None:
    """Returns where things stand if the lines of a table have times in such columns.

    Args:
        table: the table.
        preset: what it may be.
    """
    rows = table.beginning
    lines = [row for row in rows if any(row) and not commented(row, preset)]
    above = next((at for at, row in enumerate(rows) if row in lines), 0)
    said, remarks = media_above(rows[:above])
    for text in _maps(lines, bool(said), table.mark == "\t"):
        columns = parsed([text])
        places = columns.places([""] * len(lines[0]))
        if places and agree(table, columns, places, lines) and _forward(columns, places, lines):
            if all(FILE.fullmatch(row[-1]) for row in lines):
                places["sequence"] = (-1,)
            return Found(preset, columns, places, (), above, said, remarks=remarks)
    return None


def media_above(rows: Sequence[Sequence[str]]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Returns what lines above a table say of its video, and what a person should know of that.

    Args:
        rows: those lines.
    """
    firsts = [row[0] for row in rows if row]
    for first in firsts:
        if found := MEDIA.fullmatch(first):
            offset = int(found["offset"][:18])
            remark = (
                f"the video begins {offset} ms late; ELAN adds them to the times only where it was "
                "told to, so these are taken as they are"
            )
            return {"sequence": found["media"]}, (remark,) if offset else ()
    named = next((found["media"] for first in firsts if (found := FILE.fullmatch(first))), "")
    return ({"sequence": named} if named else {}), ()


def _maps(lines: Sequence[list[str]], known: bool, tabs: bool) -> Iterator[str]:
    """Yields maps of columns that the kinds of values allow, from the most to the least of them.

    Args:
        lines: of the table.
        known: whether lines above are such as ELAN writes.
        tabs: whether tabs part the columns.
    """
    width = min(map(len, lines), default=0)
    most = len(NAMES[0]) + len(PARTS[0]) * len(WAYS)
    kinds = [_kinds([row[at] for row in lines]) for at in range(min(width - 1, most))]
    several = [ways for many in range(len(WAYS), 0, -1) for ways in combinations(WAYS, many)]
    for parts, ways, names in product(PARTS, several, NAMES):
        columns = kinds[len(names) : len(names) + len(parts) * len(ways)]
        fits = len(columns) == len(parts) * len(ways) and all(
            way in column for way, column in zip(ways * len(parts), columns, strict=True)
        )
        named = not any("clock" in column for column in kinds[: len(names)])
        if fits and named and (known or _plain(names, parts, ways, tabs)):
            yield from _map(names, parts, ways)


def _plain(names: Sequence[str], parts: Sequence[str], ways: Sequence[str], tabs: bool) -> bool:
    """Returns whether columns are such as only ELAN writes, though no line above them says so."""
    whole = len(parts) == len(PARTS[0])
    if "clock" in ways:
        return whole or len(ways) >= PLAIN
    return whole and tabs and bool(names or "decimal" in ways)


def _map(names: Sequence[str], parts: Sequence[str], ways: Sequence[str]) -> Iterator[str]:
    """Yields the map of such columns; none if they hold h:mm:ss:frames alone."""
    number, unit = next(
        ((number, unit) for number, way in enumerate(ways) if (unit := WAYS[way]) is not None),
        (0, None),
    )
    if unit is not None:
        first = len(names) + 1
        told = [f"{name}={at}" for at, name in enumerate(names, 1)]
        told += [f"{p}{unit}={first + at * len(ways) + number}" for at, p in enumerate(parts)]
        yield ",".join([*told, f"label={first + len(parts) * len(ways)}"])


def _kinds(values: Sequence[str]) -> set[str]:
    return {way for way in WAYS if all(KINDS[way].fullmatch(value) for value in values)}


def _forward(columns: ColumnMap, places: Places, lines: list[list[str]]) -> bool:
    """Returns whether nothing ends before it begins."""
    if "end" not in places:
        return True
    length = Times(columns.unit, comma=True).length
    return all(length(row[places["start"][0]]) <= length(row[places["end"][0]]) for row in lines)

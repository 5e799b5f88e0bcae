"""The map of columns that would probably read a table that nobody knows, by likeness of names."""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from shlex import quote

from rapidfuzz import fuzz

from preprocessing.errors import InputError, shorten
from preprocessing.files.numerals import is_number
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.tabular.columns import LIKELY
from preprocessing.labels.formats.tabular.content import FEWEST, ONE, ZERO
from preprocessing.labels.formats.tabular.table import Table, tables_of
from preprocessing.labels.formats.tabular.times import UNITS, Times, clock_seconds
from preprocessing.labels.formats.tabular.unit_names import WORDS, unit_named, words

# What people call the columns; those of times hold numbers.
NAMES = {
    "start": ("start", "begin", "onset", "from", "start time", "begin time", "time start", "t0"),
    "end": ("end", "stop", "offset", "to", "end time", "stop time", "finish", "t1"),
    "duration": ("duration", "length", "lasts"),
    "time": ("time", "frame", "timestamp", "frame number", "second", "seconds", "t"),
    "label": (
        *("label", "behaviour", "behavior", "class", "action", "event", "activity", "annotation"),
        *("phase", "gesture", "step", "category", "code", "type", "name", "description"),
    ),
    "sequence": (
        *("sequence", "file", "filename", "file name", "video", "video id", "video name", "media"),
        *("recording", "clip", "observation", "session", "trial", "id"),
    ),
    "subject": ("subject", "animal", "participant", "individual", "mouse", "actor", "focal"),
    "tier": ("tier", "track", "channel", "layer"),
    "rater": ("rater", "coder", "annotator", "observer", "experimenter"),
    "type": ("status", "event type", "start stop"),
}
TIMES = ("start", "end", "duration", "time")
ORDER = ("sequence", *TIMES, "label", "subject", "tier", "rater", "type")
# Names are alike from so much on, of 100.
ALIKE = 82
SHOWN = 200
# Of a table of more columns the first are looked at.
LOOKED_AT = 500
FEW = 6


def suggested(path: Path) -> str:
    """Returns an option that would probably read a table; an example of one where nothing is alike.

    Args:
        path: the file.
    """
    try:
        tables = tables_of(Sample(path))
    except InputError:
        tables = []
    maps = [text for table in tables if (text := _map(table))]
    return f"--label-columns {quote(maps[0] if maps else LIKELY)}"


def of_unknown(path: Path) -> str:
    """Returns the message that nobody knows a table, with its columns and a map that would do.

    Args:
        path: the file.
    """
    tables = tables_of(Sample(path))
    header = _header(tables[0])[0] if tables else []
    named = "columns " + shorten(", ".join(header), SHOWN) if header else "no header"
    return (
        f"{path} is a table with {named}; say which column is what, probably "
        f"{shorten(suggested(path), SHOWN)}"
    )


def _header(table: Table) -> tuple[list[str], list[list[str]]]:
    """Returns the names of the columns, empty if there are none, and some lines below them."""
    rows = [row for row in table.beginning if any(row)]
    width = max((len(row) for row in rows), default=0)
    for at, row in enumerate(rows):
        if len(row) == width and any(_is_number(value, table.comma) for value in row):
            above = rows[at - 1] if at else []
            named = len(above) == width and sum(map(bool, above)) > width // 2
            return (above if named else []), rows[at : at + 50]
    return (rows[0], rows[1:50]) if rows else ([], [])


def _is_number(value: str, comma: bool) -> bool:
    """Returns whether a cell is a number, perhaps with a comma for its point, or h:mm:ss."""
    number = is_number(value) or (comma and is_number(value.replace(",", ".", 1)))
    return number or not math.isnan(clock_seconds(value))


def _map(table: Table) -> str:
    """Returns the map as ``--label-columns`` takes it; empty if nothing is alike."""
    header, lines = _header(table)
    if not lines:
        return ""
    if not header:
        return _numbered(lines)
    numbers = [_numbers(lines, at) for at in range(len(header))]
    free, chosen = list(range(min(len(header), LOOKED_AT))), dict[str, int]()
    for key, names in NAMES.items():
        if (key == "duration" and "end" in chosen) or (key == "time" and "start" in chosen):
            continue
        fit = (at for at in free if numbers[at] or key not in TIMES)
        alike = ((_likeness(header[at], names), -at) for at in fit)
        score, place = max(alike, default=(0.0, 0))
        if score >= ALIKE:
            chosen[key] = -place
            free.remove(-place)
    parts = [
        f"{_key(key, header[at], lines, at)}={header[at]}"
        for key, at in sorted(chosen.items(), key=lambda one: ORDER.index(one[0]))
    ]
    if "label" not in chosen and (classes := _classes(header, lines, free)):
        parts.append(classes)
    elif "label" not in chosen:
        parts.append("label=<column>")
    if not {"start", "time"} & chosen.keys():
        parts.insert(0, "start=<column>")
    return ",".join(parts)


def _key(key: str, name: str, lines: Sequence[list[str]], at: int) -> str:
    """Returns the key of a column with its unit; times that lie unevenly are those of events.

    Args:
        key: what its name is like.
        name: its name.
        lines: some lines of the table.
        at: its index.
    """
    if key != "time":
        return key + (_unit(name, lines, at) if key in TIMES else "")
    times = [Times(UNITS["s"], comma=True).length(row[at]) for row in lines if row[at:]]
    steps = {round(later - time, 6) for time, later in pairwise(times)}
    even = len(steps) == 1 and len(times) >= FEWEST
    return ("time" if even else "start") + _unit(name, lines, at)


def _classes(header: Sequence[str], lines: Sequence[list[str]], free: Sequence[int]) -> str:
    """Returns the part of the map that names columns of 0 and 1; empty if there are none."""
    found = [
        header[at]
        for at in free
        if header[at] and all(at < len(row) and row[at] in ZERO | ONE for row in lines)
    ]
    return f"classes={'+'.join(found[:FEW])}" if found else ""


def _numbered(lines: Sequence[list[str]]) -> str:
    """Returns a map by numbers of columns: the first two of numbers, and the first of names."""
    width = len(lines[0])
    numbers = [at for at in range(width) if _numbers(lines, at)]
    filled = {at for row in lines for at, value in enumerate(row) if value}
    names = [at for at in range(width) if at not in numbers and at in filled]
    if not numbers:
        return ""
    several = len(numbers) > 1 and bool(names)
    keys = ["start", _second(lines, *numbers[:2])] if several else ["time"]
    parts = [f"{key}={at + 1}" for key, at in zip(keys, numbers, strict=False)]
    label = names[-1] if names else numbers[-1]
    if len(names) > 1:
        parts.insert(0, f"sequence={names[0] + 1}")
    return ",".join([*parts, f"label={label + 1}"])


def _second(lines: Sequence[list[str]], first: int, second: int) -> str:
    """Returns what the second column of times is: an end is never less than its beginning."""
    length = Times(UNITS["s"], comma=True).length
    whole = (row for row in lines if len(row) > second)
    back = any(length(row[second]) < length(row[first]) for row in whole)
    return "duration" if back else "end"


def _numbers(lines: Sequence[list[str]], at: int) -> bool:
    """Returns whether a column holds times, or nothing, in all lines and a time in one."""
    times = Times(UNITS["s"], comma=True)
    values = [row[at] for row in lines if at < len(row) and row[at]]
    return bool(values) and all(times.length(value) == times.length(value) for value in values)


def _likeness(name: str, names: Sequence[str]) -> float:
    """Returns how alike a name is to the most alike of others, from 0 to 100."""
    own = words(name)
    bare = " ".join(word for word in own if word not in WORDS) or " ".join(own)
    return max(fuzz.ratio(bare, other) for other in names)


def _unit(name: str, lines: Sequence[list[str]], at: int) -> str:
    """Returns the suffix of a key for the unit that the name of a column tells; else nothing."""
    unit = unit_named(name)
    if unit == "frames" and lines[0][at : at + 1] == ["1"]:
        unit = "frames1"
    clock = any(":" in row[at] for row in lines if at < len(row))
    return "" if unit == "s" or clock else f":{unit}"

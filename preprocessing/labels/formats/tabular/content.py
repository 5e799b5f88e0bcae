"""The lines below a header: they are such as its preset has, or not, and tell more."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from shlex import quote
from statistics import median

from preprocessing.errors import some
from preprocessing.files.numerals import is_number
from preprocessing.labels.formats.tabular.columns import ColumnMap, Places, plain
from preprocessing.labels.formats.tabular.found import Found
from preprocessing.labels.formats.tabular.table import Table
from preprocessing.labels.formats.tabular.times import NOTHING, UNITS, Times

ZERO = frozenset(("0", "0.0", "FALSE", "False", "false", *NOTHING))
NOT_SCORED = "-1"
ONE = frozenset(("1", "1.0", "TRUE", "True", "true"))
SCORES = ZERO | ONE | {NOT_SCORED}
# By so much of a step, and so many seconds, the times of lines that lie evenly may differ from it.
UNEVEN, ROUNDED = 0.1, 2e-3
# Two events of a list always lie evenly, so a line a moment has more of them.
FEWEST = 3
# So many of the steps between lines are alike where lines lie evenly but for gaps.
MOSTLY = 0.7
ALL_NAMES = "(?P<label>.*)"


def fitting(table: Table, found: Found) -> Found | None:
    """Returns the same, with what the lines of a table tell more; None if they are of another kind.

    Args:
        table: the table.
        found: where things stand if its header is right.
    """
    lines = [row for row in table.beginning[found.begins :] if any(row)]
    header = [plain(name) for name in found.header]
    for name, pattern in found.preset.cells.items():
        at = header.index(plain(name))
        if not lines or at >= len(lines[0]) or not re.fullmatch(pattern, lines[0][at]):
            return None
    if "time" not in found.places:
        return found
    found = stepped(table, found)
    if found.preset.even:
        if found.places["time"][0] > 0 or not _even(table, found, lines):
            return None
        if is_number(found.header[0]):
            return None  # A line of the table, and no header.
        found = _from_one(found, lines)
    if "classes" in found.places:
        return with_classes(found, lines)
    if found.preset.even and len(lines) < FEWEST:
        return None
    texts = (row[at] for row in lines for at in found.places.get("tiers", ()) if at < len(row))
    return None if any(is_number(text) for text in texts if text) else found


def stepped(table: Table, found: Found) -> Found:
    """Returns the same, with what lies between two lines of a table.

    Args:
        table: the table.
        found: where things stand in it.
    """
    times = _times(table, found, table.beginning[found.begins :])
    steps = [later - time for time, later in pairwise(times) if later > time]
    if not steps:
        return found
    step = round(median(steps), 9)
    alike = sum(abs(one - step) <= max(UNEVEN * step, ROUNDED) for one in steps)
    return replace(found, step=step if alike >= MOSTLY * len(steps) else math.inf)


def agree(table: Table, columns: ColumnMap, places: Places, lines: Sequence[list[str]]) -> bool:
    """Returns whether durations, where a table has them, are the ends less the beginnings.

    Args:
        table: the table.
        columns: the map.
        places: where the columns stand.
        lines: some of its lines.
    """
    if not {"start", "end", "duration"} <= places.keys():
        return True
    times = Times(columns.unit, table.comma)
    for row in lines:
        start, end, duration = (
            times.length(row[places[key][0]]) for key in ("start", "end", "duration")
        )
        if not abs(end - start - duration) <= ROUNDED:
            return False
    return True


def with_classes(found: Found, lines: Sequence[list[str]]) -> Found | None:
    """Returns the same, with the columns that are classes; None if there are none.

    Args:
        found: where things stand; all columns that may be classes are.
        lines: some lines of the table.
    """
    preset = found.preset
    classes: dict[int, tuple[str, str]] = {}
    alike = []
    for at in reversed(found.places["classes"]):
        name = found.header[at] if at < len(found.header) else ""
        numbers = all(at < len(row) and row[at] in SCORES for row in lines)
        out = bool(preset.left_out) and bool(re.fullmatch(preset.left_out, plain(name)))
        matched = re.fullmatch(preset.pattern, " ".join(name.split()))
        if preset.behind and (re.fullmatch(preset.behind, plain(name)) or not (numbers or out)):
            break
        if preset.pattern == ALL_NAMES and not preset.behind and (out or not numbers):
            return None
        if preset.pattern == ALL_NAMES and not name.strip():
            return None  # A class has a name.
        if numbers and matched and not out and plain(name) not in preset.nothing:
            groups = matched.groupdict()
            classes[at] = (groups["label"] or name, groups.get("tier") or "")
        elif numbers and preset.pattern != ALL_NAMES:
            alike.append(name)
    if not classes:
        return None
    places = {**found.places, "classes": tuple(sorted(classes))}
    remarks = found.remarks
    if alike:
        time = found.header[found.places["time"][0]]
        remarks += (
            f"columns of 0 and 1 that nobody scored are left out ({some(alike[::-1])}); "
            f"--label-columns {quote(f'time={time},classes=A+B')} takes them",
        )
    return replace(found, places=places, classes=classes, remarks=remarks)


def _even(table: Table, found: Found, lines: Sequence[list[str]]) -> bool:
    """Returns whether the times of lines lie evenly; those of frames are whole numbers."""
    times = _times(table, found, lines)
    if len(times) < len(lines) or len(times) < 2 or not 0 < found.step < math.inf:
        return False
    whole = found.map.unit.seconds is not None or all(time.is_integer() for time in times)
    apart = max(UNEVEN * found.step, 0 if found.map.unit.seconds is None else ROUNDED)
    return whole and all(abs(b - a - found.step) <= apart for a, b in pairwise(times))


def _from_one(found: Found, lines: Sequence[list[str]]) -> Found:
    """Returns the same, with frames that count from 1 if the first line has that number."""
    time = found.map.columns["time"]
    if time.unit != UNITS["frames"] or lines[0][found.places["time"][0]] != "1":
        return found
    columns = {**found.map.columns, "time": time._replace(unit=UNITS["frames1"])}
    remark = "the first line is frame 1, which is taken for the first of the video"
    return replace(found, map=ColumnMap(columns), remarks=(*found.remarks, remark))


def _times(table: Table, found: Found, lines: Sequence[list[str]]) -> list[float]:
    """Returns the times of lines, without those that have none."""
    at, times = found.places.get("time", (0,))[0], Times(found.map.unit, table.comma)
    read = (times.length(row[at]) for row in lines if at < len(row))
    return [time for time in read if time == time]

"""The kind of a table: the first preset that its header, or its first lines, fit."""

import math
import re
from collections.abc import Iterable, Iterator, Sequence

from preprocessing.labels.formats.tabular.columns import BLANKS, ColumnMap, plain
from preprocessing.labels.formats.tabular.content import agree, fitting, stepped
from preprocessing.labels.formats.tabular.found import Found
from preprocessing.labels.formats.tabular.preset import Preset, commented, fits
from preprocessing.labels.formats.tabular.table import Table
from preprocessing.labels.formats.tabular.timed import media_above, timed
from preprocessing.labels.formats.tabular.times import Times

# A header lies among so many lines.
PREAMBLE = 100
OWN = Preset("table", "table", ("start=1", "label=2"), points=True)


def found_in(table: Table, presets: Iterable[Preset]) -> Found | None:
    """Returns the first preset that a table fits, and where things stand; None if none does.

    Args:
        table: the table.
        presets: from the most to the least particular.
    """
    rows = table.beginning[:PREAMBLE]
    headers = [[plain(name) for name in row] for row in rows]
    for preset in presets:
        if preset.mark and table.mark and preset.mark != table.mark:
            continue
        if preset.timed:
            found = timed(table, preset)
        elif preset.shape:
            found = _bare(table, preset)
        else:
            tried = (_headed(table, preset, at, headers) for at in range(len(headers)))
            found = next((one for one in tried if one), None)
        if found:
            return found
    return None


def _bare(table: Table, preset: Preset) -> Found | None:
    """Returns where things stand if all lines fit the shape of a preset."""
    rows, begins = table.beginning, 0
    if preset.first:
        if not rows or not rows[0] or not re.fullmatch(preset.first, rows[0][0]):
            return None
        begins = next((at for at, row in enumerate(rows) if fits(preset.shape, row)), len(rows))
    lines = [row for row in rows[begins:] if any(row) and not commented(row, preset)]
    if not lines or not all(fits(preset.shape, row) for row in lines):
        return None
    places = preset.map.places([""] * len(lines[0]))
    if places is None or not agree(table, preset.map, places, lines):
        return None
    found = Found(preset, preset.map, places, (), begins)
    return stepped(table, found) if "time" in places else found


def _headed(table: Table, preset: Preset, at: int, headers: list[list[str]]) -> Found | None:
    """Returns where things stand if a line is the header that a preset needs."""
    header = headers[at]
    places = preset.map.places(header)
    if places is None or not all(_has(header, name) for name in preset.needs):
        return None
    begins = at + 1 + preset.lines_below
    said = dict(_said(preset, table.beginning[:at]))
    remarks: tuple[str, ...] = ()
    if preset.block:
        said, remarks = media_above(table.beginning[:at])
    if "tiers" in places and preset.left_out:
        tiers = (one for one in places["tiers"] if not re.fullmatch(preset.left_out, header[one]))
        places["tiers"] = tuple(tiers)
    found = Found(preset, preset.map, places, table.beginning[at], begins, said, remarks=remarks)
    return fitting(table, found)


def located(table: Table, columns: ColumnMap) -> Found | None:
    """Returns where the columns of somebody's own map stand; None if no line has all of them.

    Args:
        table: the table.
        columns: the map.
    """
    rows = table.beginning
    if columns.numbered:
        width = max((len(row) for row in rows), default=0)
        places = columns.places([""] * width)
        if places is None:
            return None
        timed = places.get("start") or places.get("time") or ()
        times = Times(columns.unit, table.comma)
        first = (at for at, row in enumerate(rows) if _timed(row, timed, times))
        begins = next(first, 0)
        header = rows[begins - 1] if begins and len(rows[begins - 1]) == width else ()
        return stepped(table, Found(OWN, columns, places, header, begins))
    for at, row in enumerate(rows[:PREAMBLE]):
        places = columns.places([plain(name) for name in row])
        if places is not None:
            return stepped(table, Found(OWN, columns, places, row, at + 1))
    return None


def _timed(row: Sequence[str], places: tuple[int, ...], times: Times) -> bool:
    """Returns whether a line has times where they should be."""
    return bool(row) and all(
        at < len(row) and not math.isnan(times.length(row[at])) for at in places
    )


def _has(header: list[str], name: str) -> bool:
    if name.startswith("*"):
        return any(other.endswith(BLANKS.sub(" ", name[1:])) for other in header)
    return plain(name) in header


def _said(preset: Preset, above: list[list[str]]) -> Iterator[tuple[str, str]]:
    """Yields what lines above the header say, by the keys of the preset."""
    lines = {plain(row[0].rstrip(":")): row[1] for row in above if len(row) > 1}
    for key, name in preset.preamble.items():
        if value := lines.get(plain(name)):
            yield key, value

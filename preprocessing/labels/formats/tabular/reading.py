"""Reads all tables of a file: by a preset, or by somebody's own map of columns."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from preprocessing.errors import InputError, counted, shorten, some
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Reading
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.tabular.actions import Actions
from preprocessing.labels.formats.tabular.cells import rows_of
from preprocessing.labels.formats.tabular.clocks import by_video, clocks_of, unknown_lengths
from preprocessing.labels.formats.tabular.columns import ColumnMap, parsed, plain
from preprocessing.labels.formats.tabular.content import with_classes
from preprocessing.labels.formats.tabular.events import Events
from preprocessing.labels.formats.tabular.finding import found_in, located
from preprocessing.labels.formats.tabular.found import Found
from preprocessing.labels.formats.tabular.held import Held
from preprocessing.labels.formats.tabular.preset import Preset
from preprocessing.labels.formats.tabular.table import Table, tables_of
from preprocessing.labels.formats.tabular.unit_names import unit_remarks

DAY = 86400.0
TIME_OF_DAY = re.compile(r"(\d{1,2}):(\d\d):(\d\d(?:[.,]\d+)?)\s*([AaPp][Mm])?")


def read_tables(path: Path, choices: LabelChoices, presets: Iterable[Preset]) -> Reading:
    """Reads the tables of a file.

    Args:
        path: the file.
        choices: how labels are read; a map of columns among them goes before the presets.
        presets: what the tables may be.

    Raises:
        InputError: there is no such table, or it is damaged.
    """
    tables = tables_of(Sample(path))
    columns = parsed(choices.columns) if choices.columns else None
    known = tuple(presets)
    pairs = [(one, _found(one, columns, known)) for one in tables]
    matched = [(table, found) for table, found in pairs if found]
    if not matched:
        raise _none_found(path, tables, columns)
    several = len(matched) > 1
    readings = [_read(table, found, several) for table, found in matched]
    whole = readings[0]
    if any(other.unit != whole.unit for other in readings):
        raise InputError(
            f"{path}: some sheets count frames, others seconds; save those of one kind alone"
        )
    for other in readings[1:]:
        whole.annotations += other.annotations
        whole.media = tuple(dict.fromkeys(whole.media + other.media))
    whole.remarks = list(dict.fromkeys(remark for one in readings for remark in one.remarks))
    whole.remarks += unit_remarks(columns) if columns else []
    if not whole.annotations and all(next(rows_of(*one), None) is None for one in matched):
        whole.remarks = [
            f"{matched[0][1].preset.title}, a header with no rows below it; where something was "
            "scored, export it again with all subjects and classes"
        ]
    left = [table.sheet for table, found in pairs if not found]
    if left:
        whole.remarks.append(f"sheets without such a header are left out ({some(left)})")
    return whole


def _found(table: Table, columns: ColumnMap | None, presets: tuple[Preset, ...]) -> Found | None:
    """Returns where things stand; of a known table, somebody's own map changes columns alone."""
    known = found_in(table, presets)
    own = located(table, columns) if columns else None
    if columns is None or own is None or known is None:
        return own if columns else known
    preset = replace(
        own.preset, nothing=known.preset.nothing, comment=known.preset.comment, joined=" "
    )
    begins = max(own.begins, known.begins)
    return replace(own, preset=preset, said=known.said, begins=begins)


def _none_found(path: Path, tables: list[Table], columns: ColumnMap | None) -> InputError:
    """Returns the error that no line of a file has the columns that are asked for."""
    rows = [row for table in tables for row in table.beginning if any(row)]
    if not rows:
        return InputError(f"{path} holds no table; expected lines with commas, tabs or ; in them")
    header = max(rows[:20], key=lambda row: sum(bool(value) for value in row))
    missing = columns.missing([plain(name) for name in header]) if columns else []
    lacks = f"has no column {shorten(missing[0])!r}" if missing else "is not of that kind"
    return InputError(f"{path} {lacks}; its columns are {shorten(', '.join(header), 200)}")


def _read(table: Table, found: Found, several: bool) -> Reading:
    """Reads one table.

    Args:
        table: the table.
        found: where things stand in it.
        several: whether the file has others, whose rows are of other videos then.
    """
    if several and "sequence" not in found.places and "sequence" not in found.said:
        found = replace(found, said={**found.said, "sequence": table.sheet})
    remarks = [*found.remarks, *([found.preset.remark] if found.preset.remark else ())]
    media = tuple(found.said[key] for key in ("sequence",) if key in found.said)
    if "actions" in found.places:
        actions = Actions(table, found)
        annotations = list(actions.read())
        media, remarks = tuple(actions.media), remarks + list(actions.remarks())
    elif "time" in found.places or "classes" in found.places:
        held = Held(table, _own_classes(table, found))
        annotations = list(held.read())
        remarks += list(held.remarks())
    else:
        events = Events(table, found)
        events.read()
        annotations, remarks = events.annotations, remarks + list(events.remarks())
        if found.preset.has_clock:
            clocks = clocks_of(table, found)
            remarks += unknown_lengths(annotations, events.clocks, clocks)
            annotations = list(by_video(annotations, events.clocks, clocks))
    late = _late(found, remarks)
    if late:
        annotations = [_moved(one, late, 1.0) for one in annotations]
    fps = found.preset.fps
    if fps:
        annotations = [_moved(one, 0.0, fps) for one in annotations]
        remarks.append(
            f"{found.preset.title} count {counted(int(fps), 'frame')} a second, so seconds were "
            "made of them"
        )
    if fps or "actions" in found.places or found.map.unit.seconds is not None:
        return Reading(annotations, "seconds", fps, media, remarks)
    return Reading(annotations, "frames", None, media, remarks)


def _own_classes(table: Table, found: Found) -> Found:
    """Returns the same, with the columns that somebody's own map calls classes.

    Raises:
        InputError: they hold other values than 0 and 1.
    """
    if found.classes or "classes" not in found.places:
        return found
    lines = [row for row in table.beginning[found.begins :] if any(row)]
    full = with_classes(found, lines)
    if full is None:
        names = [found.header[at] for at in found.places["classes"] if at < len(found.header)]
        raise InputError(
            f"{table.path}: columns of classes hold 0 and 1, these hold something else "
            f"({some(names)}); a column that holds names of classes is label= or tiers="
        )
    return full


def _late(found: Found, remarks: list[str]) -> float:
    """Returns by how many seconds the clock of a table begins after that of its video."""
    began, video = (_time_of_day(found.said.get(key, "")) for key in ("began", "video"))
    if began is None or video is None:
        return 0.0
    late = round((began - video) % DAY, 6)
    if late > DAY / 2:
        late = round(late - DAY, 6)
    if late:
        remarks.append(
            f"times count from the start of the trial, {late:g} s after that of the video (Start "
            "time, Video start time), and are moved by as much"
        )
    return late


def _time_of_day(text: str) -> float | None:
    """Returns the seconds since midnight of a date and time; None if there is none."""
    found = TIME_OF_DAY.search(text)
    if not found:
        return None
    hours, minutes, seconds, half = found.groups()
    hour = int(hours) % 12 + 12 * (half.lower() == "pm") if half else int(hours)
    return 3600.0 * hour + 60 * int(minutes) + float(seconds.replace(",", "."))


def _moved(one: Annotation, late: float, fps: float) -> Annotation:
    """Returns an annotation so many seconds later, of times that count so many a second."""
    end = None if one.end is None else round(one.end / fps + late, 9)
    return one._replace(start=round(one.start / fps + late, 9), end=end)

"""Tables, of a row an interval, an event or a frame."""

import math
from pathlib import Path
from weakref import WeakKeyDictionary

from preprocessing.errors import InputError
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Format, Reading
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.suggestion import of_unknown
from preprocessing.labels.formats.tabular import via
from preprocessing.labels.formats.tabular.finding import found_in
from preprocessing.labels.formats.tabular.preset import Preset
from preprocessing.labels.formats.tabular.presets import PRESETS
from preprocessing.labels.formats.tabular.reading import read_tables
from preprocessing.labels.formats.tabular.table import tables_of
from preprocessing.labels.formats.tabular.times import UNITS, Times
from preprocessing.labels.formats.tabular.workbook import is_workbook

# The first line of tables that other readers know: a label a video, and numbers at times.
OTHERS = (("sequence", "label"), ("sequence", "time"))
# What begins files that have commas in them and are no tables, and what is in no table.
NO_TABLE = ("{", "[", "<", "WEBVTT", "%PDF", "---")
ARROW = "-->"
# What is known of files that are being looked at: each format asks for it.
_KNOWN: "WeakKeyDictionary[Sample, Preset | None]" = WeakKeyDictionary()


def _has_text(sample: Sample) -> bool:
    """Returns whether a file may be a table."""
    text = sample.text.lstrip("\ufeff \t\r\n")
    if not text:
        return is_workbook(sample)
    return not text.startswith(NO_TABLE) and ARROW not in text[:4096]


def _preset(sample: Sample) -> Preset | None:
    """Returns what is known of a table; None if nobody knows it, or it is none."""
    if sample not in _KNOWN:
        _KNOWN[sample] = _found(sample)
    return _KNOWN[sample]


def _found(sample: Sample) -> Preset | None:
    if not _has_text(sample):
        return None
    try:
        found = (found_in(table, PRESETS) for table in tables_of(sample))
        return next((one.preset for one in found if one), None)
    except InputError:
        return None


def _format(name: str) -> Format:
    """Returns the format of a name, which several presets may share."""
    presets = tuple(one for one in PRESETS if one.name == name)

    def recognises(sample: Sample) -> bool:
        return _preset(sample) in presets

    def read(path: Path, choices: LabelChoices) -> Reading:
        return read_tables(path, choices, presets)

    return Format(name, presets[0].title, recognises, read)


def _is_unknown(sample: Sample) -> bool:
    """Returns whether a file is a table that nobody knows; names with commas alone are none."""
    if not _has_text(sample):
        return False
    if is_workbook(sample):
        return True
    rows = [row for table in tables_of(sample) for row in table.beginning if any(row)]
    if not rows or tuple(name.lower() for name in rows[0][:2]) in OTHERS:
        return False
    length = Times(UNITS["s"], comma=True).length
    numbers = sum(any(not math.isnan(length(value)) for value in row) for row in rows)
    return 2 * numbers >= len(rows)


def _read_unknown(path: Path, choices: LabelChoices) -> Reading:
    """Reads a table by somebody's map of columns.

    Raises:
        InputError: nobody gave one: it shows the columns, and the map that would probably do.
    """
    if choices.columns or _preset(Sample(path)):
        return read_tables(path, choices, PRESETS)
    raise InputError(of_unknown(path))


# Read by somebody's own map of columns, so that it comes last: nothing else has recognised it.
TABLE = Format("table", "table, by --label-columns", _is_unknown, _read_unknown)
# From the most to the least particular: the first that recognises a file has it.
TABLES: tuple[Format, ...] = (
    Format("via-csv", "CSV of VIA 3", via.recognises, via.read),
    *map(_format, dict.fromkeys(one.name for one in PRESETS)),
)

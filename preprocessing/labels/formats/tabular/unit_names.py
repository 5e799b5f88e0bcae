"""The units of times that names of columns tell, such as ms in ``Onset (ms)``."""

import re

from preprocessing.labels.formats.tabular.columns import TIMES, ColumnMap, plain
from preprocessing.labels.formats.tabular.times import UNITS

# Parts of names that tell the unit.
WORDS = {
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds"), "ms"),
    **dict.fromkeys(("us", "usec", "microseconds"), "us"),
    **dict.fromkeys(("frame", "frames", "frameno"), "frames"),
    **dict.fromkeys(("min", "mins", "minutes"), "min"),
    **dict.fromkeys(("s", "sec", "secs", "seconds"), "s"),
}


def words(name: str) -> list[str]:
    """Returns the words of the name of a column, without brackets and marks around them."""
    return re.findall(r"[^\s()\[\]#.:-]+", plain(name))


def unit_named(name: str) -> str:
    """Returns the unit that the name of a column tells, one of ``UNITS``; seconds if none."""
    return next((WORDS[word] for word in words(name) if word in WORDS), "s")


def unit_remarks(columns: ColumnMap) -> list[str]:
    """Returns a line if times are read as seconds and the names of their columns tell otherwise.

    Args:
        columns: somebody's own map.
    """
    told = {
        key: (unit_named(column.name), column.name)
        for key, column in columns.columns.items()
        if key in TIMES and column.unit == UNITS["s"] and not column.said
    }
    parts = [f"{key}:{unit}={name}" for key, (unit, name) in told.items() if unit != "s"]
    if not parts:
        return []
    names = " and ".join(repr(name) for unit, name in told.values() if unit != "s")
    return [f"{names} read as seconds; {','.join(parts)} if that is what they count"]

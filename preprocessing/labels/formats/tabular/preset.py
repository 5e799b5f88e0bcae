"""Presets: all that is known of a table that some program or data set has; data, no code."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from preprocessing.labels.formats.tabular.columns import ColumnMap, parsed

# Kinds of values by which a table without a header is told, beside words with | between them.
KINDS = {
    "any": re.compile(r"[^\0]*"),
    "text": re.compile(r"[^\0]+"),
    "number": re.compile(r"-?\d+([.,]\d+)?"),
    "whole": re.compile(r"-?\d{1,12}"),
    "decimal": re.compile(r"-?\d+[.,]\d+"),
    "clock": re.compile(r"-?\d+:\d\d:\d\d[.,]\d+"),
    "timecode": re.compile(r"-?\d+:\d\d:\d\d[:;]\d\d"),
    "date": re.compile(r"\d+[-/.]\d+[-/.]\d+[ T].*"),
    "length": re.compile(r"\d+([.,]\d+)?|NA"),
    "frame": re.compile(r"\d{9}"),
}


@dataclass(frozen=True)
class Preset:
    """A kind of table, and how it is read.

    Attributes:
        name: as ``--label-format`` takes it.
        title: as messages and tables call it.
        columns: the map, as ``--label-columns`` takes it; what it needs must be in the header.
        needs: names of more columns that must be there, and are not read; ``*_x`` is any that ends
            so.
        mark: what parts the columns, where that tells.
        first: what the first line matches; the table may begin below it.
        shape: for a table without a header, the kind of each value of a line: one of ``KINDS``,
            words with ``|`` between them, ``...`` for any number of columns.
        cells: regular expressions that the values of columns match in the first line, by name.
        preamble: what lines before the header say: the name of the line, by what it is: "sequence",
            "clock" (what shares a clock) and its "offset", "began" and "video" (when they did).
        clock: the column whose value shares a clock: where rows of one value name several videos,
            their times run on over these.
        source: columns that say more of a clock: its videos, how long they last, and its offset.
        fps: frames a second, where all files of this kind have as many.
        joined: what stands between columns that make one class.
        pattern: the name of a column that is a class, with the groups ``label`` and ``tier``.
        left_out: names of columns that are none, though they look so.
        behind: where classes are the last columns of 0 and 1, names of columns before all of them.
        nothing: names of classes that say that there is none.
        even: whether the times of lines lie evenly.
        lines_below: lines between the header and the first of the table.
        strict: whether an interval that ends before it begins is an error, not left out.
        points: whether an interval of no length is a point.
        comment: a regular expression that lines which are not of the table begin with.
        block: one for lines that begin what belongs to another file.
        timed: whether a table without a header is told by its columns of times.
        remark: what a person should know of how such tables are read.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    needs: tuple[str, ...] = ()
    mark: str = ""
    first: str = ""
    shape: tuple[str, ...] = ()
    cells: dict[str, str] = field(default_factory=dict)
    preamble: dict[str, str] = field(default_factory=dict)
    clock: str = ""
    source: tuple[str, str, str] | None = None
    fps: float | None = None
    joined: str = " "
    pattern: str = "(?P<label>.*)"
    left_out: str = ""
    behind: str = ""
    nothing: tuple[str, ...] = ()
    even: bool = False
    lines_below: int = 0
    strict: bool = False
    points: bool = False
    comment: str = ""
    block: str = ""
    timed: bool = False
    remark: str = ""

    @property
    def has_clock(self) -> bool:
        """True if several videos may share a clock."""
        return bool(self.clock) or "clock" in self.preamble

    @cached_property
    def map(self) -> ColumnMap:
        """The map of columns."""
        return parsed(self.columns)


def fits(shape: tuple[str, ...], row: list[str]) -> bool:
    """Returns whether the values of a line are of the kinds of a shape.

    Args:
        shape: kinds, one of them ``...`` perhaps.
        row: values.
    """
    before, after = shape, shape[:0]
    if "..." in shape:
        at = shape.index("...")
        before, after = shape[:at], shape[at + 1 :]
        if len(row) < len(shape) - 1:
            return False
    elif len(row) != len(shape):
        return False
    kinds = [*zip(before, row, strict=False), *zip(reversed(after), reversed(row), strict=False)]
    return all(_is(kind, value) for kind, value in kinds)


def commented(row: Sequence[str], preset: Preset) -> bool:
    """Returns whether a line is none of the table.

    Args:
        row: its values.
        preset: what the table is.
    """
    return bool(preset.comment) and bool(row) and bool(re.match(preset.comment, row[0]))


def _is(kind: str, value: str) -> bool:
    known = KINDS.get(kind)
    return bool(known.fullmatch(value)) if known else value in kind.split("|")

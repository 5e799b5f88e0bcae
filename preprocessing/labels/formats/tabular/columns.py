"""Maps of columns: which column of a table says what, as ``--label-columns`` takes it.

sequence=File                 the column File names the video
start:ms=Begin                the column Begin is where something begins, in milliseconds
label=verb+noun               both together are the class
modifier=Modifier*            every column whose name begins so
start=1, label=-2             columns by their number, from the left and from the right

Presets also say ``subject?=Subject`` for a column that may be missing, ``start=Time|Onset`` for the
first of several that is there, and ``label=...`` for all others to the right of the times.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from preprocessing.errors import InputError, shorten
from preprocessing.labels.formats.tabular.times import UNITS, Unit

KEYS = (
    *("sequence", "start", "end", "duration", "time", "label", "tiers", "classes", "actions"),
    *("subject", "tier", "rater", "modifier", "confidence", "type"),
)
TIMES = frozenset(("start", "end", "duration", "time"))
NAMES = frozenset(("label", "tiers", "classes", "actions"))
REST = "..."
WRITTEN = re.compile(rf"({'|'.join(KEYS)})(\??)(?::(\w+))?=(.+)", re.DOTALL)
BETWEEN = re.compile(rf",(?=(?:{'|'.join(KEYS)})\??(?::\w+)?=)")
# What sets the parts of a name apart, and says nothing.
BLANKS = re.compile(r"[\s_\u00a0]+")
LIKELY = "sequence=File,start=Begin,end=End,label=Behaviour"

Places = dict[str, tuple[int, ...]]


class Column(NamedTuple):
    """The place where a table says one thing.

    Attributes:
        name: of the column, or columns.
        unit: of times.
        needed: whether it must be there.
        said: whether the unit was given.
    """

    name: str
    unit: Unit = UNITS["s"]
    needed: bool = True
    said: bool = False


@dataclass(frozen=True)
class ColumnMap:
    """A map: which column says what.

    Attributes:
        columns: by key, one of ``KEYS``.
    """

    columns: dict[str, Column]

    @property
    def unit(self) -> Unit:
        """The unit of beginnings; that of rows, which are frames, where no column has times."""
        column = self.columns.get("start") or self.columns.get("time")
        return column.unit if column else UNITS["frames"]

    def unit_of(self, key: str) -> Unit:
        """Returns what the times of a column count; if there is none, the same as the others."""
        return self.columns[key].unit if key in self.columns else self.unit

    @property
    def numbered(self) -> bool:
        """True if all columns are called by their number, as for a table without a header."""
        return all(
            re.fullmatch(r"-?\d+", part)
            for column in self.columns.values()
            for part in re.split(r"[+|]", column.name)
        )

    def places(self, header: Sequence[str]) -> Places | None:
        """Returns the indices of the columns of each key; None if one that is needed lacks.

        Args:
            header: the names of the columns, as ``plain`` returns them.
        """
        known = {name: place for place, name in reversed(list(enumerate(header)))}
        found: Places = {}
        for key, column in self.columns.items():
            if column.name != REST:
                places = _places(column.name, header, known)
                if places:
                    found[key] = places
                elif column.needed:
                    return None
        taken = {at for places in found.values() for at in places}
        last = max((max(found[key]) for key in found if key in TIMES), default=-1)
        rest = tuple(at for at in range(last + 1, len(header)) if at not in taken)
        for key, column in self.columns.items():
            if column.name == REST and rest:
                found[key] = rest
            elif column.name == REST and column.needed:
                return None
        return found

    def missing(self, header: Sequence[str]) -> list[str]:
        """Returns the names of needed columns that a header lacks.

        Args:
            header: the names of the columns, as ``plain`` returns them.
        """
        known = {name: place for place, name in reversed(list(enumerate(header)))}
        return [
            column.name
            for column in self.columns.values()
            if column.needed and column.name != REST and not _places(column.name, header, known)
        ]


def plain(name: str) -> str:
    """Returns the name of a column without case, blanks around it, and kinds of blanks."""
    return BLANKS.sub(" ", name).strip().casefold()


def parsed(texts: Iterable[str]) -> ColumnMap:
    """Reads a map of columns.

    Args:
        texts: one or several ``key=column``, with commas between them or each by itself.

    Raises:
        InputError: a key or unit is unknown or comes twice, or something needed is missing.
    """
    columns: dict[str, Column] = {}
    said: set[str] = set()
    for text in (part.strip() for one in texts for part in BETWEEN.split(one)):
        found = WRITTEN.fullmatch(text)
        if not found:
            raise InputError(
                f"--label-columns {shorten(text)}: expected key=column with a key of "
                f"{', '.join(KEYS)}; such as {LIKELY}"
            )
        key, optional, unit, name = found.groups()
        if key in columns:
            raise InputError(f"--label-columns: {key} is given twice; columns join as {key}=A+B")
        if unit and (key not in TIMES or unit not in UNITS):
            raise InputError(
                f"--label-columns {shorten(text)}: expected a unit of {', '.join(UNITS)} after one "
                f"of {', '.join(sorted(TIMES))}"
            )
        columns[key] = Column(name.strip(), UNITS[unit or "s"], not optional, bool(unit))
        if unit:
            said.add(key)
    return _whole(columns, said)


def _whole(columns: dict[str, Column], said: set[str]) -> ColumnMap:
    """Checks that a map says when and what; an end without a unit has that of the beginning.

    Args:
        columns: by key.
        said: the keys of those whose unit is given.

    Raises:
        InputError: something is missing, or contradicts.
    """
    given = columns.keys()
    if not given & NAMES or not given & {"start", "time", "classes", "actions"}:
        raise InputError(
            f"--label-columns {shorten(','.join(given))}: expected at least where labels begin "
            f"(start=) and what they are called (label=); such as {LIKELY}"
        )
    for one, other in (("start", "time"), ("label", "tiers"), ("label", "classes")):
        if {one, other} <= given:
            raise InputError(f"--label-columns: expected {one}= or {other}=, not both")
    for key in ("end", "duration"):
        if key in columns and "start" in columns and key not in said:
            columns[key] = columns[key]._replace(unit=columns["start"].unit)
    counted = {column.unit.seconds is None for key, column in columns.items() if key in TIMES}
    if len(counted) > 1:
        raise InputError("--label-columns: some times are in frames, others not; expected one unit")
    return ColumnMap(columns)


def _places(name: str, header: Sequence[str], known: dict[str, int]) -> tuple[int, ...]:
    """Returns the indices of the columns that a name stands for; none if they lack."""
    if plain(name) in known:
        return (known[plain(name)],)
    if "|" in name:
        tried = (_places(part, header, known) for part in name.split("|"))
        return next((places for places in tried if places), ())
    if name.endswith("*"):
        begins = plain(name[:-1])
        return tuple(at for at, other in enumerate(header) if other.startswith(begins))
    if "+" in name:
        parts = [_places(part, header, known) for part in name.split("+")]
        return tuple(place for part in parts for place in part) if all(parts) else ()
    if re.fullmatch(r"-?\d{1,6}", name) and 0 < abs(int(name)) <= len(header):
        return (int(name) - 1 if int(name) > 0 else len(header) + int(name),)
    return ()

"""The places of things in a table, once it is known what it is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from preprocessing.labels.formats.tabular.columns import ColumnMap, Places
from preprocessing.labels.formats.tabular.preset import Preset


@dataclass(frozen=True)
class Found:
    """The places of things in a table.

    Attributes:
        preset: what it is, and how it is read.
        map: the map of columns, that of the preset or somebody's own.
        places: the indices of the columns, by key.
        header: names of the columns, as the file writes them; empty where there is no header.
        begins: the number of lines before the first of the table.
        said: what lines before the header say, by the keys of the preset's ``preamble``.
        classes: the name and the tier of each class, by the index of its column.
        step: what lies between two lines, in the unit of their times; 0 if there are not two, and
            infinite where they lie unevenly.
        remarks: what a person should know of how it was found.
    """

    preset: Preset
    map: ColumnMap
    places: Places
    header: Sequence[str]
    begins: int
    said: dict[str, str] = field(default_factory=dict)
    classes: dict[int, tuple[str, str]] = field(default_factory=dict)
    step: float = 0.0
    remarks: tuple[str, ...] = ()

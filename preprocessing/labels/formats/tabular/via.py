"""CSV that VIA 3 exports: names of columns in a comment, and values of JSON in the cells.

In the export of all metadata, attributes and options have ids, which the comment ATTRIBUTE
explains; that of temporal segments has names of attributes, and still ids of options.
"""

import csv
import json
import math
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError, shorten
from preprocessing.files.encoding import open_encoded
from preprocessing.files.numerals import number_or_nan
from preprocessing.files.text_files import JSON_DAMAGE, BoundedLines
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Annotation, Reading
from preprocessing.labels.formats.sample import Sample

MARK = "# CSV_HEADER = "
ATTRIBUTES = "# ATTRIBUTE = "
# Kinds of attributes whose values are ids of options, several of them with commas between.
CHECKBOX, RADIO, SELECT = 2, 3, 4
Attributes = dict[str, tuple[str, dict[str, str]]]


def recognises(sample: Sample) -> bool:
    """Returns whether a file is such an export of times."""
    header = next((line for line in sample.lines[:100] if line.startswith(MARK)), "")
    return "file_list" in header and "temporal_" in header


def read(path: Path, choices: LabelChoices) -> Reading:
    """Reads an export.

    Args:
        path: the file.
        choices: not used.

    Raises:
        InputError: it is damaged, with its line.
    """
    annotations: list[Annotation] = []
    media: dict[str, None] = {}
    with open_encoded(path, "labels") as file:
        lines = BoundedLines(file, path)
        header, attributes, first = _comments(lines)
        reader = csv.reader(chain([first], lines))
        try:
            for row in reader:
                lines.taken = 0
                if any(row) and not row[0].startswith("#"):
                    where = f"{path}, row {reader.line_num} below its comments"
                    cells, names = _cells(header, row, where)
                    media.update(dict.fromkeys(names))
                    annotations += _annotations(cells, names, attributes, where)
        except csv.Error as error:
            raise InputError(f"{path} cannot be read as CSV: {error}") from None
    return Reading(annotations, media=tuple(media))


def _comments(lines: BoundedLines) -> tuple[list[str], Attributes, str]:
    """Returns the names of columns, the attributes, and the first line that is no comment."""
    header: list[str] = []
    attributes: Attributes = {}
    for line in lines:
        lines.taken = 0
        if line.startswith(MARK):
            header = line[len(MARK) :].strip().split(",")
        elif line.startswith(ATTRIBUTES):
            attributes = _attributes(line[len(ATTRIBUTES) :])
        elif line.strip() and not line.startswith("#"):
            return header, attributes, line
    return header, attributes, ""


def _cells(header: list[str], row: list[str], where: str) -> tuple[dict[str, str], list[str]]:
    """Returns the values of a row by the names of their columns, and the videos it is about."""
    if len(row) != len(header):
        raise InputError(f"{where} has {len(row)} values; expected {len(header)}")
    cells = dict(zip(header, row, strict=True))
    return cells, [str(name) for name in _parsed(cells.get("file_list", ""), list, where)]


def _annotations(
    cells: dict[str, str], names: list[str], attributes: Attributes, where: str
) -> Iterator[Annotation]:
    """Yields what a row says: a label of each attribute that has a value, for each video."""
    times = _times(cells, where)
    if not times:
        return
    for key, value in _parsed(cells.get("metadata", ""), dict, where).items():
        tier, options = attributes.get(str(key), (str(key), {}))
        several = str(value).split(",") if options else [str(value)]
        for text in several:
            label = options.get(text.strip(), text).strip()
            for media in names if label else ():
                end = times[1] if len(times) > 1 and times[1] > times[0] else None
                yield Annotation(media, times[0], end, sys.intern(label), tier=sys.intern(tier))


def _times(cells: dict[str, str], where: str) -> list[float]:
    """Returns the beginning and, of an interval, the end; nothing for what is of a whole video."""
    if "temporal_coordinates" in cells:
        given = [str(one) for one in _parsed(cells["temporal_coordinates"], list, where)]
    else:
        keys = ("temporal_segment_start", "temporal_segment_end")
        given = [text for key in keys if (text := cells.get(key, "").strip())]
    times = [number_or_nan(text) for text in given]
    if len(times) > 2 or not all(map(math.isfinite, times)):
        raise InputError(
            f"{where}: times {shorten(', '.join(given))!r}; expected one or two numbers"
        )
    return times


def _attributes(text: str) -> Attributes:
    """Returns (name, names of options by id) of each attribute by id, as a comment has them."""
    try:
        given = json.loads(text)
        return {
            str(key): (
                str(one["aname"]),
                {str(option): str(name) for option, name in one["options"].items()}
                if one["type"] in (CHECKBOX, RADIO, SELECT)
                else {},
            )
            for key, one in given.items()
        }
    except (*JSON_DAMAGE, AttributeError, KeyError, TypeError):
        return {}


def _parsed(text: str, kind: type, where: str) -> Any:
    """Returns the JSON of a cell.

    Raises:
        InputError: it is none, or of another kind.
    """
    try:
        value = json.loads(text) if text.strip() else kind()
    except JSON_DAMAGE:
        value = None
    if not isinstance(value, kind):
        raise InputError(f"{where}: {shorten(text)!r}; expected JSON, as VIA writes it")
    return value

"""The format of a label file: the first that recognises what it holds."""

from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Format, Reading
from preprocessing.labels.formats.names import NAMES
from preprocessing.labels.formats.projects import PROJECTS
from preprocessing.labels.formats.refused import UNREADABLE
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.tables import TABLE, TABLES
from preprocessing.labels.formats.texts import TEXTS

# From the most to the least particular; the last table is any that has numbers.
FORMATS = (*PROJECTS, *TABLES, *TEXTS, TABLE, NAMES)


def format_of(path: Path, choices: LabelChoices) -> Format | None:
    """Returns the format that somebody named, or that a file is recognised as; None if none does.

    A map of columns is for a table, whatever it is taken for.

    Args:
        path: the file.
        choices: how labels are read.

    Raises:
        InputError: the file cannot be read, or there is no format of that name.
    """
    if choices.format is None and choices.columns:
        return TABLE
    if choices.format is None:
        sample = Sample(path)
        return next((one for one in (*FORMATS, UNREADABLE) if one.recognises(sample)), None)
    for one in FORMATS:
        if one.name == choices.format:
            return one
    names = ", ".join(sorted(one.name for one in FORMATS))
    raise InputError(f"--label-format {choices.format}: expected one of {names}")


def read_annotations(path: Path, choices: LabelChoices) -> Reading | None:
    """Reads a label file; None if no format recognises it.

    Args:
        path: the file.
        choices: how labels are read.

    Raises:
        InputError: it cannot be read, or is damaged.
    """
    found = format_of(path, choices)
    return found.read(path, choices) if found else None

"""Label files: whether they are in a form of our own or of another program, and which they are."""

import csv
from hashlib import blake2b
from pathlib import Path

from preprocessing.errors import InputError, counted, some
from preprocessing.files.folders import files_below
from preprocessing.labels.base import LabelOptions
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.refused import UNREADABLE
from preprocessing.labels.formats.registry import format_of
from preprocessing.labels.formats.sample import Sample
from preprocessing.labels.formats.tables import TABLE
from preprocessing.labels.own_tables import own_fields, unknown_table
from preprocessing.labels.writing import INTERVAL_FIELDS, NUMBER_FIELDS, SEQUENCE_FIELDS
from preprocessing.terminal.console import note

# The word for the folders of a store, in place of a file.
FOLDERS = "folders"
TEXT = ".txt"
DIGESTED_BYTES = 1 << 20


def labels_digest(path: Path) -> str:
    """Returns a hexadecimal digest of label files, which tells whether they have changed."""
    hashed = blake2b(digest_size=8)
    files = _digested(path) if path.is_dir() else [path]
    for file in files if str(path) != FOLDERS else ():
        hashed.update(f"{file.name}\0".encode())
        with file.open("rb") as opened:
            while block := opened.read(DIGESTED_BYTES):
                hashed.update(block)
    return hashed.hexdigest()


def _digested(folder: Path) -> list[Path]:
    """Returns the files of a folder that labels may be read from."""
    choices = LabelChoices()
    texts = texts_of(folder)
    others = sorted(set(files_below(folder)) - set(texts))
    return texts + [path for path in others if _is_format(path, choices)]


def of_other_programs(path: Path, options: LabelOptions) -> list[Path]:
    """Returns the files whose labels are in formats of other programs; none for our own forms.

    Args:
        path: a file, a folder, or the word for the folders of a store.
        options: how labels are read.

    Raises:
        InputError: a file is known to hold no labels that are read, or is a table nobody knows.
    """
    choices = options.choices
    if str(path) == FOLDERS:
        return []
    if path.is_dir():
        return annotated_files(path, choices)
    if choices.format is None and _is_table_of_ours(path):
        return []
    found = format_of(path, choices)
    if found is UNREADABLE:
        found.read(path, choices)
    if found is TABLE and not choices.columns and (lines := Sample(path).lines):
        raise InputError(unknown_table(path, lines[:1], options))
    return [path] if found else []


def _is_table_of_ours(path: Path) -> bool:
    """Returns whether a file begins as our own tables do."""
    first = next(csv.reader(Sample(path).lines[:1]), [])
    fields = own_fields(first)
    return fields in (INTERVAL_FIELDS, SEQUENCE_FIELDS) or fields[:2] == NUMBER_FIELDS


def annotated_files(folder: Path, choices: LabelChoices) -> list[Path]:
    """Returns the files of a folder that are in formats of other programs.

    There are none if it is a folder of text files with a class name a line.

    Args:
        folder: of label files.
        choices: how labels are read.
    """
    found = [path for path in sorted(files_below(folder)) if _is_format(path, choices)]
    texts = texts_of(folder)
    if texts and not set(texts) & set(found):
        if found:
            note(
                f"{counted(len(found), 'file')} beside the text files of {folder}: not read "
                f"({some([path.name for path in found])})"
            )
        return []
    return found


def _is_format(path: Path, choices: LabelChoices) -> bool:
    """Returns whether a file among those of a folder is in a format of another program.

    A text that nobody knows is looked at as names first, which may be numbers with commas.
    """
    found = format_of(path, choices)
    if found is TABLE and not choices.columns and path.suffix == TEXT:
        return False
    return found is not None and not found.alone


def texts_of(folder: Path) -> list[Path]:
    """Returns the text files of a folder; where there are none, those without a suffix."""
    texts = sorted(path for path in files_below(folder, {TEXT}) if path.suffix == TEXT)
    return texts or sorted(path for path in files_below(folder) if not path.suffix)

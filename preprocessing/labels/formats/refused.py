"""Files that are refused, with the reason and what to do: the first look that finds one has it."""

import zipfile
from collections.abc import Callable
from pathlib import Path

from preprocessing.errors import InputError, shorten
from preprocessing.files.numerals import is_number
from preprocessing.files.text_files import read_json
from preprocessing.labels.choices import LabelChoices
from preprocessing.labels.formats.base import Format, Reading
from preprocessing.labels.formats.gathering import short
from preprocessing.labels.formats.json_values import dict_of, list_of
from preprocessing.labels.formats.refusals import (
    BEGINNINGS,
    BRAND,
    EXPORT,
    KEYS,
    MEMBERS,
    ROOTS,
    TEXTS,
    VIDEO,
    Refusal,
)
from preprocessing.labels.formats.sample import Sample

MOST_MEMBERS = 100
# A class and its number.
PAIR, DIGITS = 2, 9
FEWEST_PAIRS = 3
# What JSON goes on with behind its first bracket; other texts may begin with one too.
GOES_ON = ('"', "{", "[", "]", "}", "")


def refusal(sample: Sample) -> Refusal | None:
    """Returns why a file is not read; None if nothing is known against it.

    Args:
        sample: its beginning.
    """
    found = (look(sample) for look in REFUSED)
    return next((each for each in found if each), None)


def _binary(sample: Sample) -> Refusal | None:
    for found, beginnings in BEGINNINGS.items():
        if sample.head.startswith(beginnings):
            return found
    place, brand = BRAND
    return VIDEO if sample.head[place] == brand else None


def _archive(sample: Sample) -> Refusal | None:
    if not sample.is_zip:
        return None
    try:
        with zipfile.ZipFile(sample.path) as archive:
            names = archive.namelist()[:MOST_MEMBERS]
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return Refusal("a damaged archive", "write it again")
    for beginning, found in MEMBERS.items():
        if any(name.startswith(beginning) for name in names):
            return found
    return Refusal(f"an archive of {short(', '.join(names))}", "give what is in it")


def _no_text(sample: Sample) -> Refusal | None:
    blank = not sample.head or bool(sample.text)
    return None if blank else Refusal("no text, and no form that is known", EXPORT)


def _xml(sample: Sample) -> Refusal | None:
    if not sample.text.lstrip("\ufeff \t\r\n").startswith("<"):
        return None
    unknown = Refusal(f"XML of no form that is known ({short(sample.root)})", EXPORT)
    return ROOTS.get(sample.root, unknown)


def _json(sample: Sample) -> Refusal | None:
    if not sample.text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
        return None
    if sample.json is None:
        return _damage(sample)
    names = dict_of(sample.json).keys() | dict_of(next(iter(list_of(sample.json)), None)).keys()
    for found, needed in KEYS.items():
        if needed <= names:
            return found
    return Refusal(f"JSON of no form that is known ({short(', '.join(names))})", EXPORT)


def _damage(sample: Sample) -> Refusal | None:
    """Returns what is wrong with JSON that cannot be read; None if it is a text in brackets."""
    try:
        read_json(sample.path, "labels")
    except InputError as error:
        if sample.text.lstrip("\ufeff \t\r\n")[1:].lstrip()[:1] in GOES_ON:
            reason = str(error).removeprefix(f"cannot read labels from {sample.path}: ")
            reason = reason.removesuffix("; expected JSON")
            return Refusal(f"damaged JSON ({shorten(reason)})", "write it again")
    return None


def _text(sample: Sample) -> Refusal | None:
    text = "\n".join(sample.lines[:MOST_MEMBERS])
    return next((found for found, form in TEXTS.items() if form.match(text)), None)


def _pairs(sample: Sample) -> Refusal | None:
    """Refuses lists of two names a line, each first one once: classes of classes, or of videos."""
    pairs = [line.split() for line in sample.lines if line]
    if len(pairs) < FEWEST_PAIRS or not all(len(pair) == PAIR for pair in pairs):
        return None
    firsts, seconds = ({pair[at] for pair in pairs} for at in range(PAIR))
    marked = any(mark in sample.text for mark in ",;|\t")
    if marked or len(firsts) < len(pairs) or any(map(is_number, firsts | seconds)):
        return None
    return Refusal(
        "a list of pairs of names",
        "if they are videos and their classes, make a table sequence,label of it, with commas; if "
        "they are classes and what these belong to, the labels of videos stand beside it",
    )


def _list(sample: Sample) -> Refusal | None:
    """Refuses lists of classes with their numbers, which stand beside labels in data sets."""
    pairs = [line.split() for line in sample.lines if line]
    if len(pairs) < PAIR or not all(len(pair) == PAIR and pair[0].isdecimal() for pair in pairs):
        return None
    numbers = [int(pair[0][:DIGITS]) for pair in pairs]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    if len({name for _, name in pairs}) < len(pairs):
        return None
    return Refusal("a list of classes and their numbers", "the labels of videos stand beside it")


REFUSED: tuple[Callable[[Sample], Refusal | None], ...] = (
    *(_binary, _archive, _no_text, _xml, _json, _text, _list, _pairs),
)


def recognises(sample: Sample) -> bool:
    """Returns whether something is known against a file.

    Args:
        sample: its beginning.
    """
    return refusal(sample) is not None


def read(path: Path, choices: LabelChoices) -> Reading:
    """Refuses a file.

    Args:
        path: the file.
        choices: how labels are read.

    Raises:
        InputError: always.
    """
    found = refusal(Sample(path)) or Refusal("of no form of labels that is known", EXPORT)
    raise InputError(f"{path} is {found.what}; {found.advice}")


UNREADABLE = Format("unreadable", "forms that are not read", recognises, read, alone=True)

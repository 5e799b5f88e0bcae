"""Hints about an id that no sequence has: which one was probably meant."""

from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from unicodedata import normalize

from preprocessing.errors import InputError, shorten, some
from preprocessing.files.failures import FILE_NAME, failed_among
from preprocessing.terminal.streams import printable

if TYPE_CHECKING:
    from preprocessing.store.feature_store import FeatureStore

# A suffix is short; what follows a point in an id may be anything.
LONGEST_SUFFIX = 5


def hint(name: str, known: Collection[str], where: str = "the store") -> str:
    """Says which id was probably meant, and what about it is written otherwise.

    Args:
        name: the id that does not exist.
        known: the ids that exist.
        where: the place of these ids, for the message.

    Returns:
        Part of a message; empty if none is like the name.
    """
    plain = _plain(name)
    for other in known:
        if _plain(other) in (plain, _plain(_without_suffix(name))):
            reasons = " and ".join(_differences(name, other))
            return f"{where} has {shorten(other)}: {reasons}"
    for other in known:
        if other.endswith(f"/{name}") or name.endswith(f"/{other}"):
            return (
                f"{where} has {shorten(other)}: an id is a path from the folder given to extract on"
            )
    return ""


def why_absent(name: str, store: "FeatureStore") -> str:
    """Returns why a store lacks a sequence, as far as that is known.

    Args:
        name: the id.
        store: the store.
    """
    if failed_among(store.root, [name]):
        return f"it failed, {store.root / FILE_NAME} says why"
    return hint(name, store.ids())


def absent(name: str, store: "FeatureStore") -> InputError:
    """Returns the error that says that a store lacks a sequence, and which it may be.

    Args:
        name: the id.
        store: the store.
    """
    advice = why_absent(name, store)
    if not advice:
        known = store.ids()
        near = get_close_matches(name, known, 3)
        advice = f"it has {some(known)}" if known else "it is empty"
        advice = f"did you mean {' or '.join(map(shorten, near))}?" if near else advice
    return InputError(f"{store.root} has no sequence {shorten(name)!r}; {printable(advice)}")


def _differences(name: str, other: str) -> Iterator[str]:
    """Yields the advice that turns a name, step by step, into the other."""
    if _plain(name) != _plain(other):
        yield "an id has no suffix"
        name = _without_suffix(name)
    if "\\" in name and "\\" not in other:
        yield "an id is written with / between folders"
        name = name.replace("\\", "/")
    if (tidy := PurePosixPath(name).as_posix()) != name and tidy != ".":
        yield "an id is written without ./ and with one / between folders"
        name = tidy
    if name.strip() != name:
        yield "it has no spaces around it"
        name = name.strip()
    if name != other and normalize("NFC", name) == normalize("NFC", other):
        yield "it is the same name in another Unicode form"
    elif name != other:
        yield "small and capital letters differ"


def _without_suffix(name: str) -> str:
    stem, point, suffix = name.rstrip().rpartition(".")
    return stem if point and 0 < len(suffix) < LONGEST_SUFFIX and "/" not in suffix else name


def _plain(name: str) -> str:
    """Returns a name without differences that are easily made in typing."""
    path = PurePosixPath(name.strip().replace("\\", "/")).as_posix()
    return normalize("NFC", normalize("NFC", path).casefold())

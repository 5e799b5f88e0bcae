"""Sequences of the same content: one recording under two names.

They are told by the fingerprints of their sources, or by features that are equal. Features are
compared only where as many steps have the same length, first at a few steps, then at all.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import NamedTuple

import numpy as np

from preprocessing.errors import InputError, counted, shorten
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo

# Steps that are looked at first, in the middle of as many equal stretches.
GLANCES = 4
BLOCK_BYTES = 1 << 22


class Placed(NamedTuple):
    """A sequence in a part."""

    part: str
    info: SequenceInfo

    def __str__(self) -> str:
        return f"{shorten(self.info.sequence_id)} ({self.part})"


class Twins(NamedTuple):
    """Two sequences of the same content in two parts, and what is the same."""

    one: Placed
    other: Placed
    told_by: str


def require_apart(
    store: FeatureStore, parts: Mapping[str, Sequence[SequenceInfo]], look: bool = True
) -> None:
    """Checks that no two parts have sequences of the same content.

    Args:
        store: the store of the features.
        parts: the sequences of each part.
        look: whether features are compared too.

    Raises:
        InputError: two parts do.
    """
    found = twins_by_source(parts)
    first = next(found, None)
    if first is None and look:
        found = twins_by_features(store, parts)
        first = next(found, None)
    if first is not None:
        more = sum(1 for _ in found)
        also = f", and {counted(more, 'sequence')} more likewise" if more else ""
        raise InputError(
            f"{first.one} and {first.other} are the same recording ({first.told_by}){also}; take "
            "one of each out of the labels, or put both into one part, by --splits or a --group-by "
            "that gives them the same group"
        )


def twins_by_source(parts: Mapping[str, Sequence[SequenceInfo]]) -> Iterator[Twins]:
    """Yields sequences whose source is that of one in another part, by its fingerprint."""
    placed = [Placed(part, info) for part, infos in parts.items() for info in infos]
    by_print = ((it.info.origin.fingerprint, it) for it in placed)
    yield from _twins(by_print, "their sources have the same fingerprint")


def twins_by_features(
    store: FeatureStore, parts: Mapping[str, Sequence[SequenceInfo]]
) -> Iterator[Twins]:
    """Yields sequences whose features are, at every step, those of one in another part.

    Features that never change tell nothing and are not compared.

    Args:
        store: the store of the features.
        parts: the sequences of each part.
    """
    placed = [Placed(part, info) for part, infos in parts.items() for info in infos]
    long = _shared(((it.info.steps, round(it.info.last - it.info.first, 3)), it) for it in placed)
    glanced = _shared((_glance(store, it.info), it) for it in long)
    yield from _twins(((_digest(store, it.info), it) for it in glanced), "their features are equal")


def _shared(keyed: Iterable[tuple[Hashable, Placed]]) -> Iterator[Placed]:
    """Yields the sequences whose key is that of one in another part; an empty key is no key."""
    groups: dict[Hashable, list[Placed]] = defaultdict(list)
    for key, placed in keyed:
        if key:
            groups[key].append(placed)
    for group in groups.values():
        if len({placed.part for placed in group}) > 1:
            yield from group


def _twins(keyed: Iterable[tuple[Hashable, Placed]], told_by: str) -> Iterator[Twins]:
    """Yields the sequences whose key is that of an earlier one in another part."""
    first: dict[Hashable, Placed] = {}
    for key, placed in keyed:
        if key and (other := first.setdefault(key, placed)).part != placed.part:
            yield Twins(other, placed, told_by)


def _glance(store: FeatureStore, info: SequenceInfo) -> bytes:
    """Returns the features of a few steps; empty if these are all the same, which tells nothing."""
    steps = [(2 * n + 1) * info.steps // (2 * GLANCES) for n in range(GLANCES)]
    rows = [store.content(info.sequence_id, step, step + 1) for step in steps]
    return b"".join(rows) if len(set(rows)) > 1 else b""


def _digest(store: FeatureStore, info: SequenceInfo) -> bytes:
    """Returns a digest of the features of all steps."""
    hashed = blake2b(digest_size=16)
    length = max(1, BLOCK_BYTES // (info.dimension * np.dtype(info.dtype).itemsize))
    for start in range(0, info.steps, length):
        hashed.update(store.content(info.sequence_id, start, min(start + length, info.steps)))
    return hashed.digest()

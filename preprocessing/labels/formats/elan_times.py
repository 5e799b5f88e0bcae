"""When the annotations of an ELAN file are, also those that do not say.

A slot without a value lies between others of its tier, at even distances, as ELAN draws it:

    tier        ├── you ──┼─ ? ─┼── follow ──┤        ? is halfway
    referring   ├─ a ─┼─ b ─┼─ c ─┤                   three share the time of one
"""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element

from preprocessing.errors import InputError
from preprocessing.files.numerals import number_or_nan
from preprocessing.labels.formats.gathering import short

# Tiers within tiers; people have three.
MOST_REFERENCES = 100


class _Referring(NamedTuple):
    """An annotation whose time is a share of another's.

    Attributes:
        parent: the other annotation.
        place: its number among those of its tier that refer to the same one, from 0.
        shares: how many these are.
    """

    parent: str
    place: int
    shares: int


class AnnotationTimes:
    """Times of the annotations of a document.

    Args:
        document: the outermost element.
        path: the file, for messages.

    Raises:
        InputError: a slot has a value that is no number.
    """

    def __init__(self, document: Element, path: Path):
        self._path = path
        self._slots: dict[str, float] = {}
        self._between: dict[str, tuple[str, str]] = {}
        self._referring: dict[str, _Referring] = {}
        for slot in document.iter("TIME_SLOT"):
            written = slot.get("TIME_VALUE")
            value = math.nan if written is None else number_or_nan(written)
            if written is not None and not math.isfinite(value):
                raise InputError(
                    f"{path} time slot {short(slot.get('TIME_SLOT_ID', ''))}: value "
                    f"{short(written)}; expected milliseconds"
                )
            self._slots[slot.get("TIME_SLOT_ID", "")] = value
        for tier in _parents_first(list(document.iter("TIER"))):
            self._note(tier)
        _fill(self._slots, self._slots)

    def of(self, key: str) -> tuple[float, float]:
        """Returns beginning and end of an annotation, in milliseconds.

        Args:
            key: its id.

        Raises:
            InputError: it has no time, nor has what it refers to.
        """
        path: list[_Referring] = []
        while key in self._referring and len(path) < MOST_REFERENCES:
            path.append(self._referring[key])
            key = path[-1].parent
        first, last = self._between.get(key, ("", ""))
        start, end = self._slots.get(first, math.nan), self._slots.get(last, math.nan)
        if math.isnan(start) or math.isnan(end):
            raise InputError(
                f"{self._path} annotation {short(key)}: it has no time, nor has what it refers to"
            )
        for place, shares in ((one.place, one.shares) for one in reversed(path)):
            length = (end - start) / shares
            start, end = start + place * length, start + (place + 1) * length
        return start, end

    def _note(self, tier: Element) -> None:
        """Notes the annotations of a tier, and fills gaps between its slots."""
        pairs: list[tuple[str, str]] = []
        for element in tier.iterfind("ANNOTATION/ALIGNABLE_ANNOTATION"):
            pair = element.get("TIME_SLOT_REF1", ""), element.get("TIME_SLOT_REF2", "")
            self._between[element.get("ANNOTATION_ID", "")] = pair
            pairs.append(pair)
        _fill_chains(dict(pairs), self._slots)
        families: dict[str, list[Element]] = {}
        for element in tier.iterfind("ANNOTATION/REF_ANNOTATION"):
            families.setdefault(element.get("ANNOTATION_REF", ""), []).append(element)
        for parent, members in families.items():
            for place, key in enumerate(_in_order(members)):
                self._referring[key] = _Referring(parent, place, len(members))


def _parents_first(tiers: list[Element]) -> list[Element]:
    """Returns tiers with those first to which others belong, whose slots they share."""
    parents = {tier.get("TIER_ID"): tier.get("PARENT_REF") for tier in tiers}

    def depth(tier: Element) -> int:
        above, name = 0, tier.get("PARENT_REF")
        while name is not None and above < MOST_REFERENCES:
            above, name = above + 1, parents.get(name)
        return above

    return sorted(tiers, key=depth)


def _in_order(members: list[Element]) -> list[str]:
    """Returns the ids of annotations, each after the one that it names as the previous."""
    keys = [member.get("ANNOTATION_ID", "") for member in members]
    after = {
        member.get("PREVIOUS_ANNOTATION", ""): key
        for member, key in zip(members, keys, strict=True)
    }
    ordered: dict[str, None] = {}
    key = after.get("")
    while key is not None and key not in ordered:
        ordered[key] = None
        key = after.get(key)
    return list(ordered) if len(ordered) == len(set(keys)) else keys


def _fill_chains(following: dict[str, str], slots: dict[str, float]) -> None:
    """Gives slots without a value one, where annotations of a tier come straight one after another.

    Args:
        following: slots where annotations begin, and where these end.
        slots: values of slots, NaN where there is none; changed in place.
    """
    seen: set[str] = set()
    for first in [slot for slot in following if not math.isnan(slots.get(slot, math.nan))]:
        chain = [first, following[first]]
        while math.isnan(slots.get(chain[-1], 0.0)) and chain[-1] not in seen:
            seen.add(chain[-1])
            chain.append(following.get(chain[-1], ""))
        if not math.isnan(slots.get(chain[-1], math.nan)):
            _fill(chain, slots)


def _fill(ordered: Iterable[str], slots: dict[str, float]) -> None:
    """Gives slots without a value one, at even distances between the nearest that have one.

    Args:
        ordered: slots in the order of time.
        slots: values of slots, NaN where there is none; changed in place.
    """
    waiting: list[str] = []
    last = math.nan
    for slot in list(ordered):
        value = slots[slot]
        if math.isnan(value):
            waiting.append(slot)
            continue
        for number, name in enumerate(waiting, 1):
            slots[name] = last + (value - last) * number / (len(waiting) + 1)
        waiting, last = [], value

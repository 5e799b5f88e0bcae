"""Stratification: groups of sequences dealt out to parts, so that each part shows each class.

The method is iterative stratification (Sechidis, Tsoumakas and Vlahavas, "On the Stratification of
Multi-Label Data", ECML PKDD 2011, section 3), here for seconds of a class instead of labels that
are there or not, with two rules more: a part without the class comes first, and one that is full
comes last.

    the class that the fewest groups show     a b b a c        each group that shows it goes, in
    is dealt out first                        ↓                random order, where the class is
    parts    train ▓▓▓▓░░   test ▓░   validation ▓░            not shown yet, or lacks most seconds
"""

import random
from collections.abc import Collection, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Seconds = Mapping[str, NDArray[np.float64]]
FREE = -1
# Sums of whole milliseconds are the same in any order and on any machine.
IN_A_SECOND = 1000


class Groups(NamedTuple):
    """Groups that are dealt out whole.

    Attributes:
        names: of each of the G groups; a sequence without a group is one, by its id.
        members: the sequences of each.
        shown: ``<int64>[G, C]``, the milliseconds for which each shows each class.
    """

    names: list[str]
    members: list[list[str]]
    shown: NDArray[np.int64]

    @classmethod
    def of(cls, ids: Collection[str], groups: Mapping[str, str], seconds: Seconds) -> "Groups":
        """Puts sequences together by their groups; the order of the ids does not matter.

        Args:
            ids: the sequences.
            groups: the group of each; those without one are dealt out by themselves.
            seconds: ``<float64>[C]`` of each, how long it shows each class; none if unknown.
        """
        together: dict[tuple[bool, str], list[str]] = {}
        for name in sorted(ids):
            together.setdefault((name in groups, groups.get(name, name)), []).append(name)
        none = np.zeros(max((len(seconds[name]) for name in ids if name in seconds), default=0))
        shown = np.zeros((len(together), len(none)), np.int64)
        for row, members in zip(shown, together.values(), strict=True):
            for name in members:
                row += np.round(seconds.get(name, none) * IN_A_SECOND).astype(np.int64)
        return cls([name for _, name in together], list(together.values()), shown)

    def chosen(self, numbers: NDArray[np.int64]) -> "Groups":
        """Returns the groups with these numbers."""
        names = [self.names[number] for number in numbers.tolist()]
        members = [self.members[number] for number in numbers.tolist()]
        return Groups(names, members, self.shown[numbers])

    def ids(self, chosen: NDArray[np.bool_]) -> tuple[str, ...]:
        """Returns the sequences of the groups that are chosen, ``<bool>[G]``, sorted."""
        numbers = np.flatnonzero(chosen).tolist()
        return tuple(sorted(name for number in numbers for name in self.members[number]))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The number of sequences of each, ``<int64>[G]``."""
        return np.array([len(names) for names in self.members], np.int64)


def dealt(
    groups: Groups,
    wanted: NDArray[np.int64],
    seed: int | str,
    begun: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Deals groups out to P parts; each that wants sequences gets a group, if there are as many.

    Args:
        groups: G of them.
        wanted: ``<int64>[P]``, the number of sequences for each part; one of 0 gets none. Of two
            parts that need a group equally, the first gets it.
        seed: of the random order.
        begun: ``<int64>[G]``, the part of each group that has one already, else ``FREE``.

    Returns:
        ``<int64>[G]``, the part of each group.
    """
    count, width = groups.shown.shape
    generator = random.Random(seed)
    order, classes = list(range(count)), list(range(width))
    generator.shuffle(order)
    generator.shuffle(classes)
    parts = _Parts(groups, wanted, np.full(count, FREE) if begun is None else begun)
    shows = groups.shown > 0
    left = np.array([number for number in order if parts.dealt[number] == FREE], np.int64)
    while len(left):
        fewest = shows[left].sum(axis=0)
        rarest = min((c for c in classes if fewest[c]), key=fewest.__getitem__, default=None)
        chosen = np.ones(len(left), bool) if rarest is None else shows[left, rarest]
        for number in left[chosen].tolist():
            parts.take(number, rarest)
        left = left[~chosen]
    return parts.dealt


class _Parts:
    """The parts, with what they hold and lack while groups are dealt out to them.

    Args:
        groups: G of them.
        wanted: ``<int64>[P]``; see ``dealt``.
        begun: ``<int64>[G]``; see ``dealt``.
    """

    def __init__(self, groups: Groups, wanted: NDArray[np.int64], begun: NDArray[np.int64]):
        self.dealt = np.full(len(begun), FREE)
        self._groups, self._sizes = groups, groups.sizes
        self._wants = wanted > 0
        self._room = wanted.astype(np.int64)
        self._lacks = np.outer(wanted / wanted.sum(), groups.shown.sum(axis=0))
        self._held = np.zeros((len(wanted), groups.shown.shape[1]), np.int64)
        self._empty = self._wants.copy()
        self._left = len(begun)
        for number in np.flatnonzero(begun != FREE).tolist():
            self._put(number, int(begun[number]))

    def take(self, number: int, of_class: int | None) -> None:
        """Puts a group into the part that needs it most.

        Args:
            number: the group.
            of_class: the class for which it is dealt out; None if it shows none.
        """
        open_parts = self._empty if self._left <= self._empty.sum() else self._wants
        fitting = open_parts & (self._room >= self._sizes[number])
        if not fitting.any():
            fitting = open_parts & (self._room == self._room[open_parts].max())
        parts = np.flatnonzero(fitting).tolist()
        self._put(number, max(parts, key=lambda part: self._need(part, of_class)))

    def _need(self, part: int, of_class: int | None) -> tuple[float, ...]:
        room = float(self._room[part])
        if of_class is None:
            return (room,)
        lacks = float(self._lacks[part, of_class])
        return (float(self._held[part, of_class] == 0), lacks, room)

    def _put(self, number: int, part: int) -> None:
        shown = self._groups.shown[number]
        self.dealt[number] = part
        self._room[part] -= self._sizes[number]
        self._lacks[part] -= shown
        self._held[part] += shown
        self._empty[part] = False
        self._left -= 1

"""The stretches that fit into a person's minutes.

Those of both kinds come in turn, the highest score first. No video takes more than its share until
all have one; then the best of what is left fill the time.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest

from trainer.review.stretch import Stretch


class Apart:
    """Stretches of which no two overlap."""

    def __init__(self) -> None:
        self._taken: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def add(self, stretch: Stretch) -> bool:
        """Takes a stretch, and says whether that was possible."""
        taken = self._taken[stretch.sequence]
        place = bisect_left(taken, (stretch.start, stretch.end))
        before, after = taken[max(place - 1, 0) : place], taken[place : place + 1]
        if any(end > stretch.start for _, end in before):
            return False
        if any(start < stretch.end for start, _ in after):
            return False
        taken.insert(place, (stretch.start, stretch.end))
        return True


def best_apart(found: Iterable[Stretch], most: int) -> list[Stretch]:
    """Returns the best stretches of one sequence that do not overlap, the best first.

    Args:
        found: of one kind.
        most: how many are kept.
    """
    kept: list[Stretch] = []
    apart = Apart()
    for stretch in sorted(found, key=_first):
        if len(kept) == most:
            break
        if apart.add(stretch):
            kept.append(stretch)
    return kept


def choose(found: Sequence[Stretch], seconds: float, around: float) -> list[Stretch]:
    """Returns what is looked at, the most worthwhile first.

    Args:
        found: of all sequences.
        seconds: how long watching it may take.
        around: seconds before and after each that are watched too.
    """
    order = in_turn(found)
    share = seconds / max(len({stretch.sequence for stretch in found}), 1)
    spent: dict[str, float] = defaultdict(float)
    apart, chosen, left = Apart(), set[int](), seconds
    for within in (share, float("inf")):
        for number, stretch in enumerate(order):
            cost = stretch.seconds + 2 * around
            first = not spent[stretch.sequence]
            fits = first or spent[stretch.sequence] + cost <= within
            if number in chosen or not fits or cost > left or not apart.add(stretch):
                continue
            chosen.add(number)
            spent[stretch.sequence] += cost
            left -= cost
    return [order[number] for number in sorted(chosen)]


def in_turn(found: Iterable[Stretch]) -> list[Stretch]:
    """Returns stretches of each kind in turn, the best of each first."""
    kinds: dict[str, list[Stretch]] = {}
    for stretch in sorted(found, key=_first):
        kinds.setdefault(stretch.why, []).append(stretch)
    turns = chain.from_iterable(zip_longest(*(kinds[why] for why in sorted(kinds))))
    return [stretch for stretch in turns if stretch is not None]


def _first(stretch: Stretch) -> tuple[float, str, float]:
    return -stretch.score, stretch.sequence, stretch.start

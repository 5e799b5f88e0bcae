"""Sequences dealt out to lanes so that lanes end together: pure arithmetic on costs.

A lane that is idle at the end of an epoch is a row of the batch for nothing. Sequences in random
order leave each lane idle for about half a sequence; dealt out evenly, for about a chunk.
"""

import bisect
import random
from collections.abc import Iterator, Sequence

# Lanes that differ by no more than this share of their mean are even enough.
EVEN_SHARE = 0.002
# Groups of similar length are made within stretches of so many groups, so that they vary.
GROUPS_SORTED_TOGETHER = 8


def deal(costs: Sequence[int], lanes: int, seed: str) -> list[Iterator[int]]:
    """Deals out sequences at random such that all lanes have nearly the same to do.

    Each sequence, in random order, goes to the lane that has least; then the fullest lane gives a
    sequence to another, or trades one for a smaller one, as long as that makes it less full.

    Args:
        costs: chunks of each sequence.
        lanes: B.
        seed: decides who meets whom, and the order within each lane.

    Returns:
        For each lane a queue of numbers of sequences.
    """
    chance = random.Random(seed)
    order = list(range(len(costs)))
    chance.shuffle(order)
    hands: list[list[int]] = [[] for _ in range(lanes)]
    totals = [0] * lanes
    for sequence in order:
        least = totals.index(min(totals))
        hands[least].append(sequence)
        totals[least] += costs[sequence]
    while _improve(costs, hands, totals):
        pass
    for hand in hands:
        chance.shuffle(hand)
    return [iter(hand) for hand in hands]


def groups_of_similar(costs: Sequence[int], size: int, seed: str) -> list[list[int]]:
    """Groups sequences of about the same length, ``size`` at a time; others in every epoch.

    Args:
        costs: what each sequence costs, such as its steps.
        size: of a group; some have fewer.
        seed: of the epoch.
    """
    chance = random.Random(seed)
    order = list(range(len(costs)))
    chance.shuffle(order)
    groups = []
    stretch = size * GROUPS_SORTED_TOGETHER
    for first in range(0, len(order), stretch):
        near = sorted(order[first : first + stretch], key=lambda sequence: costs[sequence])
        groups += [near[start : start + size] for start in range(0, len(near), size)]
    chance.shuffle(groups)
    return groups


def _improve(costs: Sequence[int], hands: list[list[int]], totals: list[int]) -> bool:
    """Makes the fullest lane less full by one move; False if nothing helps, or need."""
    full = totals.index(max(totals))
    if totals[full] - min(totals) <= max(1, EVEN_SHARE * sum(totals) / len(totals)):
        return False
    for other in sorted(range(len(hands)), key=lambda lane: totals[lane]):
        gap = totals[full] - totals[other]
        move = _best_move(costs, hands[full], hands[other], gap)
        if move is None:
            continue
        given, taken = move
        hands[full].remove(given)
        hands[other].append(given)
        if taken is not None:
            hands[other].remove(taken)
            hands[full].append(taken)
        moved = costs[given] - (costs[taken] if taken is not None else 0)
        totals[full] -= moved
        totals[other] += moved
        return True
    return False


def _best_move(
    costs: Sequence[int], giver: Sequence[int], taker: Sequence[int], gap: int
) -> tuple[int, int | None] | None:
    """Finds what to give, and what to take for it, so that two lanes end as near as can be."""
    ranked = sorted(taker, key=lambda sequence: costs[sequence])
    prices = [0, *(costs[sequence] for sequence in ranked)]
    best, found = gap, None
    for given in giver:
        wanted = costs[given] - gap / 2
        near = bisect.bisect_left(prices, wanted)
        for place in (near - 1, near):
            if 0 <= place < len(prices):
                left = abs(gap - 2 * (costs[given] - prices[place]))
                if left < best:
                    best, found = left, (given, ranked[place - 1] if place else None)
    return found

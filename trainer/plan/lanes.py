"""Which chunk of which sequence goes where: pure arithmetic on lengths.

Sequences A (5 chunks' worth), B (2), C (3) and D (2) in two lanes, T steps a chunk:

    batch     0    1    2    3    4    5    6
    lane 0    A0*  A1   A2   A3   A4'  D0*  D1'       * reset: the carry starts anew
    lane 1    B0*  B1'  C0*  C1   C2'  -    -         ' padded on the right to T steps
                                                      - idle: weight 0, reset
"""

import itertools
import math
import random
from collections.abc import Iterable, Iterator, Sequence

from trainer.plan.lineup import Chunk, Lineup, Plan, longest_first

# Multiples of this share of T, taken modulo T, spread evenly (the three-distance theorem), so
# that few short chunks move the edges after them to anywhere.
SHORT_SHARE = 0.618


def lane_plan(
    lengths: Sequence[int],
    queues: Sequence[Iterator[int]],
    chunk_lengths: Iterable[int],
    burn_in: int = 0,
) -> Plan:
    """Lanes take sequences from their queues; one that ends a sequence takes the next at once.

    Args:
        lengths: steps of each sequence, at least 1.
        queues: for each lane, numbers of sequences; lanes may share one (see ``shared``).
        chunk_lengths: T of each batch.
        burn_in: leading steps of each sequence that have no loss.

    Yields:
        Lineups until all queues are empty; every step exactly once.
    """
    places: list[tuple[int, int] | None] = [None] * len(queues)
    for chunk_length in chunk_lengths:
        chunks: list[Chunk | None] = []
        for lane, queue in enumerate(queues):
            place = places[lane] or _beginning(queue)
            chunk = None
            if place:
                sequence, start = place
                chunk = _chunk(sequence, start, lengths, chunk_length, burn_in)
            places[lane] = None if chunk is None or chunk.last else (chunk.sequence, chunk.stop)
            chunks.append(chunk)
        if not any(chunks):
            return
        yield Lineup(chunk_length, tuple(chunks))


def _beginning(queue: Iterator[int]) -> tuple[int, int] | None:
    sequence = next(queue, None)
    return None if sequence is None else (sequence, 0)


def _chunk(
    sequence: int, start: int, lengths: Sequence[int], chunk_length: int, burn_in: int
) -> Chunk:
    steps = min(chunk_length, lengths[sequence] - start)
    return Chunk(
        sequence,
        start,
        steps,
        reset=start == 0,
        last=start + steps == lengths[sequence],
        burn_in=min(steps, max(0, burn_in - start)),
    )


def shared(order: Iterable[int], lanes: int) -> list[Iterator[int]]:
    """One queue for all lanes: the lane that is free first takes the next sequence."""
    return [iter(order)] * lanes


def fixed_lengths(chunk_length: int) -> Iterator[int]:
    """Every batch has the same T."""
    return itertools.repeat(chunk_length)


def varied_lengths(chunk_length: int, seed: str) -> Iterator[int]:
    """Batches of T and of about 0.6 T steps at random, so that chunk edges fall anywhere.

    The idea is that of Merity, Keskar and Socher 2017, "Regularizing and optimizing LSTM language
    models", section 5; with two lengths only, two programs are compiled and no more.
    """
    chance = random.Random(f"{seed}/lengths")
    lengths = (chunk_length, short_length(chunk_length))
    while True:
        yield chance.choice(lengths)


def short_length(chunk_length: int) -> int:
    """The shorter T of ``varied_lengths``: without a common factor, so that no edge is left out."""
    length = max(1, round(SHORT_SHARE * chunk_length))
    while math.gcd(length, chunk_length) > 1:
        length -= 1
    return length


def group_plans(
    lengths: Sequence[int],
    groups: Sequence[Sequence[int]],
    lanes: int,
    chunk_length: int,
    burn_in: int = 0,
) -> Iterator[list[Lineup]]:
    """Whole sequences side by side, for gradients through all of each.

    Yields:
        For each group of at most B sequences all of its lineups; no lane takes a second sequence.
    """
    for group in groups:
        queues = [iter([sequence]) for sequence in group]
        queues += [iter(())] * (lanes - len(group))
        yield list(lane_plan(lengths, queues, fixed_lengths(chunk_length), burn_in))


def inference_plan(lengths: Sequence[int], lanes: int, chunk_length: int) -> Plan:
    """Every step once with the carry, long sequences first, so that lanes end about together."""
    return lane_plan(lengths, shared(longest_first(lengths), lanes), fixed_lengths(chunk_length))

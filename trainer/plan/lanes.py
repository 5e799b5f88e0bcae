"""Lanes of chunks: which chunk of which sequence goes into which row, by arithmetic on lengths.

Sequences A (5 chunks' worth), B (2), C (3) and D (2) in two lanes, one chunk of T steps a batch:

>>> from trainer.plan.drawing import drawn
>>> lengths, lanes, T = [17, 8, 11, 7], 2, 4
>>> print(drawn(lane_plan(lengths, shared(range(4), lanes), fixed_lengths(T))))
lane 0  A0* A1  A2  A3 A4' D0* D1'
lane 1  B0* B1' C0* C1 C2' -   -

``*`` is a reset: the carry of this row starts anew, and that of the other row does not. ``'`` is a
sequence's last chunk, padded on the right to T steps. ``-`` is an idle lane: weight 0.

What holds of every plan, whatever the lengths (tests/plan/test_lanes.py):

- each step of each sequence comes exactly once;
- a lane holds a sequence from its first step to its last, in order: row b of batch k + 1 goes on
  where row b of batch k ended, or is reset;
- a reset is where a sequence begins and nowhere else;
- a lane is idle only when no sequence is left to begin.

The usual way, sequences in groups of B until the longest of each group has ended, keeps the first
three too, and wastes rows: here it would take A and B, then C and D, eight batches and not seven.

>>> groups = group_plans(lengths, [[0, 1], [2, 3]], lanes, T)
>>> print(drawn(lineup for group in groups for lineup in group))
lane 0  A0* A1  A2 A3 A4' C0* C1  C2'
lane 1  B0* B1' -  -  -   D0* D1' -

Gradients end at the edges of chunks and state does not: truncated backpropagation through time
(Williams and Peng 1990, "An efficient gradient-based algorithm for on-line training of recurrent
network trajectories").
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
    """Fills lanes from queues: a lane that ends a sequence takes the next one in the batch after.

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
        chunks: list[Chunk | None] = [None] * len(queues)
        for lane, queue in enumerate(queues):
            place = places[lane] or _beginning(queue)
            if place is None:
                continue
            sequence, start = place
            chunk = _chunk(sequence, start, lengths[sequence], chunk_length, burn_in)
            places[lane] = None if chunk.last else (sequence, chunk.stop)
            chunks[lane] = chunk
        if not any(chunks):
            return
        yield Lineup(chunk_length, tuple(chunks))


def _beginning(queue: Iterator[int]) -> tuple[int, int] | None:
    """Takes the next sequence from a queue: its number, and step 0."""
    sequence = next(queue, None)
    return None if sequence is None else (sequence, 0)


def _chunk(sequence: int, start: int, length: int, chunk_length: int, burn_in: int) -> Chunk:
    steps = min(chunk_length, length - start)
    return Chunk(
        sequence,
        start,
        steps,
        reset=start == 0,
        last=start + steps == length,
        burn_in=min(steps, max(0, burn_in - start)),
    )


def shared(order: Iterable[int], lanes: int) -> list[Iterator[int]]:
    """Gives all lanes one queue: the lane that is free first takes the next sequence.

    Args:
        order: numbers of sequences.
        lanes: B.
    """
    return [iter(order)] * lanes


def fixed_lengths(chunk_length: int) -> Iterator[int]:
    """Yields the same T for every batch."""
    return itertools.repeat(chunk_length)


def varied_lengths(chunk_length: int, seed: str) -> Iterator[int]:
    """Yields T or about 0.6 T for each batch at random, so that chunk edges fall anywhere.

    The idea is that of Merity, Keskar and Socher 2017, "Regularizing and optimizing LSTM language
    models", section 5; with two lengths only, two programs are compiled and no more.

    Args:
        chunk_length: T.
        seed: of the epoch.
    """
    chance = random.Random(f"{seed}/lengths")
    lengths = (chunk_length, short_length(chunk_length))
    while True:
        yield chance.choice(lengths)


def short_length(chunk_length: int) -> int:
    """Returns the shorter T of ``varied_lengths``, without a common factor: no edge is left out."""
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
    """Plans whole sequences side by side, for gradients through all of each.

    Args:
        lengths: steps of each sequence, at least 1.
        groups: numbers of the at most B sequences that go together.
        lanes: B.
        chunk_length: T.
        burn_in: leading steps of each sequence that have no loss.

    Yields:
        For each group of at most B sequences all of its lineups; no lane takes a second sequence.
    """
    for group in groups:
        queues = [iter([sequence]) for sequence in group]
        queues += [iter(())] * (lanes - len(group))
        yield list(lane_plan(lengths, queues, fixed_lengths(chunk_length), burn_in))


def inference_plan(lengths: Sequence[int], lanes: int, chunk_length: int) -> Plan:
    """Plans inference with the carry: every step once, long sequences first.

    So the lanes end at about the same time.

    Args:
        lengths: steps of each sequence, at least 1.
        lanes: B.
        chunk_length: T.
    """
    return lane_plan(lengths, shared(longest_first(lengths), lanes), fixed_lengths(chunk_length))

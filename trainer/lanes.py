"""Which chunk of which sequence goes where: pure arithmetic on lengths.

Sequences A (5 chunks' worth), B (2), C (3) and D (2) in two lanes, T steps a chunk:

    batch     0    1    2    3    4    5    6
    lane 0    A0*  A1   A2   A3   A4'  D0*  D1'       * reset: the carry starts anew
    lane 1    B0*  B1'  C0*  C1   C2'  -    -         ' padded on the right to T steps
                                                      - idle: weight 0, reset
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Chunk:
    """Consecutive steps of one sequence, in one row of a batch.

    Attributes:
        sequence: number of the sequence.
        start: its first step.
        steps: real steps, 1 to T; the rest of the row is padding.
        reset: the carry of this row is replaced by the initial state first.
        last: the sequence ends with this chunk.
    """

    sequence: int
    start: int
    steps: int
    reset: bool
    last: bool


Plan = Iterator[tuple[Chunk | None, ...]]


def chunks_of(sequence: int, length: int, chunk_length: int) -> Iterator[Chunk]:
    """Cuts one sequence, in time order; only the first chunk resets."""
    for start in range(0, length, chunk_length):
        steps = min(chunk_length, length - start)
        yield Chunk(sequence, start, steps, reset=start == 0, last=start + steps == length)


def lane_plan(lengths: Sequence[int], order: Iterable[int], lanes: int, chunk_length: int) -> Plan:
    """Deals sequences to lanes; a lane that ends one takes the next at once.

    Args:
        lengths: steps of each sequence, at least 1.
        order: numbers of the sequences, in the order in which they are begun.
        lanes: B.
        chunk_length: T.

    Yields:
        A chunk for each lane, None for one that is idle; every step exactly once.
    """
    waiting = (chunks_of(sequence, lengths[sequence], chunk_length) for sequence in order)
    running: list[Iterator[Chunk]] = [iter(())] * lanes
    while True:
        batch = []
        for lane in range(lanes):
            chunk = next(running[lane], None)
            if chunk is None:
                running[lane] = next(waiting, iter(()))
                chunk = next(running[lane], None)
            batch.append(chunk)
        if not any(batch):
            return
        yield tuple(batch)


def window_plan(lengths: Sequence[int], lanes: int, chunk_length: int, seed: str) -> Plan:
    """Stateless training: chunks of all sequences in random order, each a sequence of its own."""
    windows = [
        replace(chunk, reset=True, last=True)
        for sequence, length in enumerate(lengths)
        for chunk in chunks_of(sequence, length, chunk_length)
    ]
    random.Random(seed).shuffle(windows)
    for start in range(0, len(windows), lanes):
        batch = windows[start : start + lanes]
        yield (*batch, *[None] * (lanes - len(batch)))


def inference_plan(lengths: Sequence[int], lanes: int, chunk_length: int, carried: bool) -> Plan:
    """Every step once, long sequences first, so that lanes end at about the same time.

    Args:
        lengths: steps of each sequence.
        lanes: B.
        chunk_length: T.
        carried: whether the model was trained with the carry; if not, every chunk resets.
    """
    order = sorted(range(len(lengths)), key=lambda number: -lengths[number])
    plan = lane_plan(lengths, order, lanes, chunk_length)
    return plan if carried else without_carry(plan)


def without_carry(plan: Plan) -> Plan:
    """The same chunks in the same places, each from a reset."""
    for batch in plan:
        yield tuple(chunk and replace(chunk, reset=True) for chunk in batch)


def shuffled(count: int, seed: str) -> list[int]:
    """The numbers below ``count`` in an order that the seed decides."""
    order = list(range(count))
    random.Random(seed).shuffle(order)
    return order

"""Which chunk of which sequence goes where: pure arithmetic on lengths.

Sequences A (5 chunks' worth), B (2), C (3) and D (2) in two lanes, T steps a chunk:

    batch     0    1    2    3    4    5    6
    lane 0    A0*  A1   A2   A3   A4'  D0*  D1'       * reset: the carry starts anew
    lane 1    B0*  B1'  C0*  C1   C2'  -    -         ' padded on the right to T steps
                                                      - idle: weight 0, reset
"""

import bisect
import itertools
import math
import random
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

# Multiples of this share of T, taken modulo T, spread evenly (the three-distance theorem), so
# that few short chunks move the edges after them to anywhere.
SHORT_SHARE = 0.618


@dataclass(frozen=True)
class Chunk:
    """Consecutive steps of one sequence, in one row of a batch.

    Attributes:
        sequence: number of the sequence.
        start: its first step.
        steps: real steps, 1 to T; the rest of the row is padding.
        reset: the carry of this row is replaced by the initial state first.
        last: the sequence, or the window, ends with this chunk.
        burn_in: leading steps that only warm the carry: no loss, no answer.
    """

    sequence: int
    start: int
    steps: int
    reset: bool
    last: bool
    burn_in: int = 0

    @property
    def stop(self) -> int:
        """The step after its last one."""
        return self.start + self.steps


@dataclass(frozen=True)
class Lineup:
    """What one batch holds.

    Attributes:
        chunk_length: T of this batch.
        chunks: a chunk for each lane, None for one that is idle.
    """

    chunk_length: int
    chunks: tuple[Chunk | None, ...]


Plan = Iterator[Lineup]


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
            chunk = place and _chunk(*place, lengths, chunk_length, burn_in)
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


@dataclass(frozen=True)
class Windows:
    """Stateless samples: windows of one length, each from a reset.

    Sequence of 10 steps, T = 4, stride 3, burn-in 1; ``w`` warms the carry, ``x`` has a loss:

        step      0 1 2 3 4 5 6 7 8 9       shift 2     0 1 2 3 4 5 6 7 8 9
        window 0  w x x x                               w x
        window 1        w x x x                           w x x x
        window 2              w x x x                           w x x x
        window 3                                                      w x x

    Attributes:
        chunk_length: T.
        stride: steps from one window to the next, at most T - burn-in.
        burn_in: leading steps of each window without a loss.
        shift: steps by which windows come earlier, less than the stride; the first one is cut.
    """

    chunk_length: int
    stride: int
    burn_in: int = 0
    shift: int = 0

    def count(self, length: int) -> int:
        """Windows of a sequence of ``length`` steps; the last one reaches its end."""
        return 1 + max(0, -(-(length + self.shift - self.chunk_length) // self.stride))

    def window(self, sequence: int, number: int, length: int) -> Chunk:
        """Window ``number`` of a sequence of ``length`` steps."""
        begin = number * self.stride - self.shift
        start, stop = max(0, begin), min(begin + self.chunk_length, length)
        return Chunk(sequence, start, stop - start, reset=True, last=True, burn_in=self.burn_in)


def window_plan(lengths: Sequence[int], lanes: int, windows: Windows, seed: str) -> Plan:
    """Stateless training: windows of all sequences in random order."""
    ends = list(itertools.accumulate(windows.count(length) for length in lengths))
    order = array("Q", range(ends[-1]))
    random.Random(seed).shuffle(order)
    for first in range(0, len(order), lanes):
        batch = []
        for place in order[first : first + lanes]:
            sequence = bisect.bisect_right(ends, place)
            number = place - (ends[sequence - 1] if sequence else 0)
            batch.append(windows.window(sequence, number, lengths[sequence]))
        yield Lineup(windows.chunk_length, (*batch, *[None] * (lanes - len(batch))))


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
    return lane_plan(lengths, shared(_longest_first(lengths), lanes), fixed_lengths(chunk_length))


def window_inference_plan(lengths: Sequence[int], lanes: int, windows: Windows) -> Plan:
    """Every step answered once, by windows that follow each other.

    The burn-in is that of ``windows``, except at the beginning of a sequence, where nothing could
    warm the carry; ``last`` marks the window in which the sequence ends.
    """
    tiled = Windows(windows.chunk_length, windows.chunk_length - windows.burn_in, windows.burn_in)
    chunks = (
        Chunk(
            sequence,
            window.start,
            window.steps,
            reset=True,
            last=window.stop == lengths[sequence],
            burn_in=tiled.burn_in if window.start else 0,
        )
        for sequence in _longest_first(lengths)
        for window in (
            tiled.window(sequence, number, lengths[sequence])
            for number in range(tiled.count(lengths[sequence]))
        )
    )
    while batch := list(itertools.islice(chunks, lanes)):
        yield Lineup(windows.chunk_length, (*batch, *[None] * (lanes - len(batch))))


def with_room(plan: Iterable[Lineup], lanes: int) -> Iterator[Lineup]:
    """The same lineups, with idle lanes behind theirs so that there are ``lanes`` of them."""
    for lineup in plan:
        idle = lanes - len(lineup.chunks)
        yield replace(lineup, chunks=(*lineup.chunks, *[None] * idle))


def _longest_first(lengths: Sequence[int]) -> list[int]:
    return sorted(range(len(lengths)), key=lambda number: -lengths[number])

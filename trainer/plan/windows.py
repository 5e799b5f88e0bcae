"""Windows: short stretches of sequences, each begun from a zero state."""

import bisect
import itertools
import random
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from trainer.plan.lineup import Chunk, Lineup, Plan, longest_first


@dataclass(frozen=True)
class Windows:
    """Cuts sequences into windows of one length, each begun from a zero state.

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
        """Counts the windows of a sequence of ``length`` steps; the last one reaches its end."""
        return 1 + max(0, -(-(length + self.shift - self.chunk_length) // self.stride))

    def window(self, sequence: int, number: int, length: int) -> Chunk:
        """Cuts one window out of a sequence.

        Args:
            sequence: its number.
            number: which of its windows, from 0.
            length: its steps.
        """
        begin = number * self.stride - self.shift
        start, stop = max(0, begin), min(begin + self.chunk_length, length)
        return Chunk(sequence, start, stop - start, reset=True, last=True, burn_in=self.burn_in)


def window_plan(lengths: Sequence[int], lanes: int, windows: Windows, seed: str) -> Plan:
    """Plans stateless training: the windows of all sequences in random order.

    Args:
        lengths: steps of each sequence, at least 1.
        lanes: B.
        windows: how sequences are cut.
        seed: of the order.
    """
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


def window_inference_plan(lengths: Sequence[int], lanes: int, windows: Windows) -> Plan:
    """Plans stateless inference: windows that follow each other answer every step once.

    The burn-in is that of ``windows``, except at the beginning of a sequence, where nothing could
    warm the carry; ``last`` marks the window in which the sequence ends.

    Args:
        lengths: steps of each sequence, at least 1.
        lanes: B.
        windows: how sequences were cut in training; only T and burn-in are taken.
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
        for sequence in longest_first(lengths)
        for window in (
            tiled.window(sequence, number, lengths[sequence])
            for number in range(tiled.count(lengths[sequence]))
        )
    )
    while batch := list(itertools.islice(chunks, lanes)):
        yield Lineup(windows.chunk_length, (*batch, *[None] * (lanes - len(batch))))

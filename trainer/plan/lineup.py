"""Chunks of sequences, and the lineup of chunks that one batch holds."""

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
        """The step after the chunk's last one."""
        return self.start + self.steps


@dataclass(frozen=True)
class Lineup:
    """The chunks of one batch, one for each lane.

    Attributes:
        chunk_length: T of this batch.
        chunks: a chunk for each lane, None for one that is idle.
    """

    chunk_length: int
    chunks: tuple[Chunk | None, ...]


Plan = Iterator[Lineup]


def with_room(plan: Iterable[Lineup], lanes: int) -> Iterator[Lineup]:
    """Adds idle lanes behind those of a plan.

    Args:
        plan: of at most ``lanes`` lanes.
        lanes: how many there shall be.
    """
    for lineup in plan:
        idle = lanes - len(lineup.chunks)
        yield replace(lineup, chunks=(*lineup.chunks, *[None] * idle))


def longest_first(lengths: Sequence[int]) -> list[int]:
    """Returns the numbers of sequences, those of the longest first."""
    return sorted(range(len(lengths)), key=lambda number: -lengths[number])

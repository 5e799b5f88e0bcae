"""Plans as text: what goes into each row of each batch."""

import string
from collections.abc import Iterable

from trainer.plan.lineup import Chunk, Lineup


def drawn(plan: Iterable[Lineup]) -> str:
    """Draws a plan, a line a lane and a column a batch, as the documentation does.

    >>> chunks = Chunk(0, 0, 4, reset=True, last=False), Chunk(1, 0, 3, reset=True, last=True)
    >>> print(drawn([Lineup(4, chunks), Lineup(4, (Chunk(0, 4, 4, reset=False, last=True), None))]))
    lane 0  A0* A1'
    lane 1  B0* -

    Args:
        plan: of at most 26 sequences, whose chunks are numbered as they come.

    Returns:
        Letters for sequences; ``*`` where the carry is reset (which a chunk that is the first and
        the last shows too), ``'`` where a sequence ends, ``-`` for an idle lane.
    """
    seen: dict[int, int] = {}
    batches = [[_name(chunk, seen) for chunk in lineup.chunks] for lineup in plan]
    widths = [max(map(len, names)) for names in batches]
    lanes = zip(*batches, strict=True)
    return "\n".join(
        f"lane {lane}  {' '.join(map(str.ljust, names, widths))}".rstrip()
        for lane, names in enumerate(lanes)
    )


def _name(chunk: Chunk | None, seen: dict[int, int]) -> str:
    if chunk is None:
        return "-"
    number = seen.get(chunk.sequence, 0)
    seen[chunk.sequence] = number + 1
    mark = "*" if chunk.reset else "'" if chunk.last else ""
    return f"{string.ascii_uppercase[chunk.sequence]}{number}{mark}"

"""Remarks on lanes that are idle, since a sequence is longer than what others have in all."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from preprocessing.errors import InputError
from trainer.advice.remark import Remark
from trainer.config import DEFAULT_LANES
from trainer.plan.dealing import deal
from trainer.plan.passage import Passage
from trainer.run.folder import Run

# From this share of an epoch's rows on, if fewer lanes take hardly more updates.
IDLE, HARDLY_MORE = 0.2, 1.1


class Rows(NamedTuple):
    """The rows of all batches of an epoch.

    Attributes:
        updates: batches of the epoch.
        idle: the share of their rows that have no sequence.
    """

    updates: int
    idle: float


def on_lanes(runs: Sequence[Run]) -> Iterator[Remark]:
    """Yields a remark if a fifth of all rows or more had nothing in them.

    Args:
        runs: that were trained on sequences of the same lengths.
    """
    for run in runs[:1]:
        with suppress(InputError, ValueError):
            yield from _idle(run)


def _idle(run: Run) -> Iterator[Remark]:
    config, lanes = run.config, run.progress.lanes
    if config.state == "reset" or config.gradient == "full" or not lanes:
        return
    known = {recording.sequence_id: recording.steps for recording in run.lineage.run}
    steps = [known.get(name, 0) for name in run.splits.train]
    if not steps or not all(steps):  # Of old runs they are not known.
        return
    asked = [Passage(one, config.horizon).asked for one in steps]
    chunks = [-(-one // config.chunk_length) for one in asked]
    now = rows_of(chunks, lanes, config.seed)
    if now.idle < IDLE:
        return
    devices = max(1, lanes // (config.lanes or min(DEFAULT_LANES, len(steps))))
    fewer = {
        each: rows_of(chunks, each * devices, config.seed) for each in range(1, lanes // devices)
    }
    enough = [one for one, rows in fewer.items() if rows.updates <= HARDLY_MORE * now.updates]
    if not enough:  # As many as there are make an epoch shorter, even if some are idle.
        return
    each, then = enough[0], fewer[enough[0]]
    text = (
        f"{100 * now.idle:.0f} % of the rows of an epoch are idle, since some sequences are longer "
        f"than what other lanes have in all; --lanes {each}: {100 * then.idle:.0f} % idle, "
        f"{then.updates} updates an epoch instead of {now.updates}"
    )
    yield Remark(text, "docs/guide.md#how-many-lanes")


def rows_of(chunks: Sequence[int], lanes: int, seed: int) -> Rows:
    """Counts the rows of the first epoch, and those without a sequence.

    Args:
        chunks: how many each sequence has.
        lanes: B.
        seed: of the training.
    """
    updates = max(sum(chunks[one] for one in queue) for queue in deal(chunks, lanes, f"{seed}/0"))
    return Rows(updates, 1 - sum(chunks) / (lanes * updates))

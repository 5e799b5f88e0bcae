"""An epoch by gradients that end at chunk edges: the carry goes on, the gradient does not.

▶chunk 0◀ update ─carry─▶ ▶chunk 1◀ update ─carry─▶ ▶chunk 2◀ update
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from preprocessing.read_ahead import read_ahead
from trainer.batches.chunk_batch import ChunkBatches
from trainer.batches.sequence_set import READS_AHEAD, SequenceSet
from trainer.model.carry import Carry
from trainer.plan.lineup import Lineup
from trainer.step.totals import Totals
from trainer.step.train_step import TrainStep
from trainer.training.advance import Advance, Begin, timed


def truncated_updates(
    step: TrainStep,
    data: SequenceSet,
    plan: Iterable[Lineup],
    carry: Carry,
    allowed: Callable[[], int],
    begin: Begin,
) -> Iterator[Advance]:
    """Makes one update of each batch of a plan.

    Args:
        step: what computes.
        data: where the chunks come from.
        plan: the rest of an epoch.
        carry: before its first batch.
        allowed: asked how many updates may come before the next pause.
        begin: called before updates; see ``Begin``.

    Yields:
        What came of one call: as many updates as are allowed and were read together, at least one;
        or a pass through a batch that asks for no answer.
    """
    loaded_ahead = ((batches, step.load(batches)) for batches in data.read(plan))
    with closing(read_ahead(loaded_ahead, READS_AHEAD)) as reading:
        for (batches, loaded), waited in timed(reading):
            asked = [bool(batch.weights.any()) for batch in batches]
            first = 0
            while first < len(batches):
                if asked[first]:
                    stop = _end(asked, first, allowed())
                    rates = _placed(begin(stop - first), first, len(batches.reset))
                    sums, carry = step.update_many(loaded, first, stop, carry, rates)
                    rows = np.asarray(sums)[first:stop]
                else:
                    stop = first + 1
                    begin(1)
                    row, carry = step.forward_only(batches[first], carry)
                    rows = np.asarray(row)[None]
                totals = _totals(batches, first, rows)
                totals[0].waited = waited + step.take_waited()
                first, waited = stop, 0.0
                yield Advance(totals, len(rows), carry)


def _end(asked: list[bool], first: int, most: int) -> int:
    """Returns where updates from ``first`` on end: after ``most``, or where a batch needs none."""
    end = first + 1
    while end < min(len(asked), first + most) and asked[end]:
        end += 1
    return end


def _placed(
    rates: NDArray[np.float32] | None, first: int, count: int
) -> NDArray[np.float32] | None:
    """Returns the learning rates at the places of their batches, ``<float32>[K]``."""
    if rates is None:
        return None
    placed = np.zeros(count, "float32")
    placed[first : first + len(rates)] = rates
    return placed


def _totals(batches: ChunkBatches, first: int, rows: NDArray[np.float32]) -> list[Totals]:
    """Returns the totals of each batch from ``first`` on; ``rows`` are its sums."""
    totals = []
    for number, row in enumerate(rows, first):
        one = Totals()
        one.add(row, batches[number])
        totals.append(one)
    return totals


def accumulated_updates(
    step: TrainStep,
    data: SequenceSet,
    plan: Iterable[Lineup],
    carry: Carry,
    accumulate: int,
    begin: Begin,
) -> Iterator[Advance]:
    """Makes one update of every ``accumulate`` batches of a plan.

    Args:
        step: what computes.
        data: where the chunks come from.
        plan: the rest of an epoch.
        carry: before its first batch.
        accumulate: batches an update.
        begin: called before each update; see ``Begin``.

    Yields:
        What came of those batches; they make no update if none of their steps has a weight.
    """
    with closing(read_ahead(data.batches(plan), READS_AHEAD)) as reading:
        batches = timed(reading)
        while some := list(islice(batches, accumulate)):
            rates = begin(1)
            totals = Totals()
            for batch, waited in some:
                take = step.gather if batch.weights.any() else step.forward_only
                sums, carry = take(batch, carry)
                totals.add(sums, batch)
                totals.waited += waited + step.take_waited()
            if totals.sums[1]:
                step.apply(rates)
            yield Advance([totals], len(some), carry)

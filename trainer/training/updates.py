"""An epoch as a sequence of updates, by truncated or by full gradients.

truncated   forward and back through each chunk; the carry goes on, the gradient does not

            ▶chunk 0◀ update ─carry─▶ ▶chunk 1◀ update ─carry─▶ ▶chunk 2◀ update

full        forward through a group of whole sequences, keeping the carry at each edge; then chunks
            in reverse, each computed anew, the gradient by the carry handed back

            chunk 0 ─▶ carry 1 ─▶ chunk 1 ─▶ carry 2 ─▶ chunk 2
            ◀chunk 0 ◀─ gradient 1 ─ ◀chunk 1 ◀─ gradient 2 ─ ◀chunk 2     one update

Chen, Xu, Zhang and Guestrin 2016, "Training deep nets with sublinear memory cost", is the second
with the carry as what is kept.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from preprocessing.read_ahead import read_ahead
from trainer.batches.chunk_batch import ChunkBatch
from trainer.batches.sequence_set import READS_AHEAD, SequenceSet
from trainer.model.carry import Carry
from trainer.plan.lineup import Lineup
from trainer.step.totals import Totals
from trainer.step.train_step import TrainStep

# Called with a number of updates before they begin; gives the learning rate of each, or None to
# leave it as it is.
Begin = Callable[[int], "NDArray[np.float32] | None"]
Item = TypeVar("Item")


@dataclass
class Updates:
    """What some updates, or passes that needed none, went through.

    Attributes:
        totals: of each update.
        items: how many lineups, or groups of sequences, they took from the plan.
        carry: after them; none between groups.
    """

    totals: list[Totals]
    items: int
    carry: Carry = ()


def truncated_updates(
    step: TrainStep,
    data: SequenceSet,
    plan: Iterable[Lineup],
    carry: Carry,
    allowed: Callable[[], int],
    begin: Begin,
) -> Iterator[Updates]:
    """Updates by gradients that end at chunk edges, one for each batch.

    Args:
        step: what computes.
        data: where the chunks come from.
        plan: the rest of an epoch.
        carry: before its first batch.
        allowed: asked how many updates may come before the next pause.
        begin: called before updates; see ``Begin``.

    Yields:
        What came of one call: as many updates as are allowed and were read together, at least one.
    """
    loading = ((batches, step.load(batches)) for batches in data.read(plan))
    reading = read_ahead(loading, READS_AHEAD)
    try:
        for (batches, loaded), waited in _timed(reading):
            asked = [bool(batch.weights.any()) for batch in batches]
            first = 0
            while first < len(batches):
                stop = _end(asked, first, allowed()) if asked[first] else first + 1
                rates = _placed(begin(stop - first), first, len(batches.reset))
                if asked[first]:
                    sums, carry = step.updates(loaded, first, stop, carry, rates)
                    rows = np.asarray(sums)[first:stop]
                else:
                    row, carry = step.go_on(batches[first], carry)
                    rows = np.asarray(row)[None]
                updates = Updates([], stop - first, carry)
                for number, row in enumerate(rows, first):
                    totals = Totals(waited=0.0 if number else waited)
                    totals.add(row, batches[number])
                    updates.totals.append(totals)
                first = stop
                yield updates
    finally:
        reading.close()


def _end(asked: list[bool], first: int, most: int) -> int:
    """Where the updates that begin with ``first`` end: after ``most``, or where one needs none."""
    end = min(len(asked), first + max(1, most))
    return next((place for place in range(first, end) if not asked[place]), end)


def _placed(rates: NDArray[np.float32] | None, first: int, room: int) -> NDArray[np.float32] | None:
    """The learning rates at the places of their batches, ``<float32>[K]``."""
    if rates is None:
        return None
    placed = np.zeros(room, "float32")
    placed[first : first + len(rates)] = rates
    return placed


def accumulated_updates(
    step: TrainStep,
    data: SequenceSet,
    plan: Iterable[Lineup],
    carry: Carry,
    accumulate: int,
    begin: Begin,
) -> Iterator[Updates]:
    """Updates by gradients that end at chunk edges, one for ``accumulate`` batches.

    The rest is as for ``truncated_updates``.
    """
    reading = read_ahead(data.batches(plan), READS_AHEAD)
    batches = _timed(reading)
    try:
        while some := list(islice(batches, accumulate)):
            rates = begin(1)
            totals = Totals()
            for batch, waited in some:
                take = step.gather if batch.weights.any() else step.go_on
                sums, carry = take(batch, carry)
                totals.add(sums, batch)
                totals.waited += waited
            if totals.sums[1]:
                step.apply(rates)
            yield Updates([totals], len(some), carry)
    finally:
        reading.close()


def _timed(items: Iterable[Item]) -> Iterator[tuple[Item, float]]:
    """Items, and the seconds that each was waited for."""
    begun = time.perf_counter()
    for item in items:
        yield item, time.perf_counter() - begun
        begun = time.perf_counter()


def full_updates(
    step: TrainStep,
    data: SequenceSet,
    groups: Iterator[list[Lineup]],
    accumulate: int,
    begin: Begin,
    stop: Callable[[], bool],
) -> Iterator[Updates]:
    """Updates by gradients through whole sequences.

    Args:
        step: what computes.
        data: where the chunks come from.
        groups: the rest of an epoch, all lineups of some sequences at a time.
        accumulate: groups an update.
        begin: called before the weights change, once nothing can undo the update any more.
        stop: asked after each chunk; once it says so, the update under way is undone and no more
            come.
    """
    while some := list(islice(groups, accumulate)):
        before = step.state()
        totals = Totals()
        for lineups in some:
            totals = totals + _through(step, data, lineups, stop)
        if stop():
            step.forget()
            step.set_state(before)
            return
        rates = begin(1)
        if totals.sums[1]:
            step.apply(rates)
        yield Updates([totals], len(some))


def _through(
    step: TrainStep, data: SequenceSet, lineups: list[Lineup], stop: Callable[[], bool]
) -> Totals:
    """Gathers the whole gradient of some sequences."""
    lanes = len(lineups[0].chunks)
    edges: list[tuple[Carry, list[Any]]] = []
    totals = Totals()
    carry = step.initial(lanes)
    for batch, waited in _timed(_read(data, lineups, stop)):
        totals.waited += waited
        edges.append((carry, step.state()))
        sums, carry = step.go_on(batch, carry)
        totals.add(sums, batch)
    after = step.state()
    gradient = step.initial(lanes)
    for batch, waited in _timed(_read(data, lineups[::-1], stop)):
        totals.waited += waited
        carry, passing = edges.pop()
        step.set_state(passing)
        gradient = step.go_back(batch, carry, gradient)
    step.set_state(after)
    return totals


def _read(
    data: SequenceSet, lineups: list[Lineup], stop: Callable[[], bool]
) -> Iterator[ChunkBatch]:
    for batch in read_ahead(data.batches(lineups), READS_AHEAD):
        if stop():
            return
        yield batch

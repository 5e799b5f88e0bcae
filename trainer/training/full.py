"""An epoch by gradients through whole sequences, in the memory of one chunk.

Forward through a group of whole sequences, keeping the carry at each edge; then chunks in reverse,
each computed anew, the gradient by the carry handed back:

    chunk 0 ─▶ carry 1 ─▶ chunk 1 ─▶ carry 2 ─▶ chunk 2
    ◀chunk 0 ◀─ gradient 1 ─ ◀chunk 1 ◀─ gradient 2 ─ ◀chunk 2     one update

Chen, Xu, Zhang and Guestrin 2016, "Training deep nets with sublinear memory cost", with the carry
as what is kept.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from preprocessing.read_ahead import read_ahead
from trainer.batches.chunk_batch import ChunkBatch
from trainer.batches.sequence_set import READS_AHEAD, SequenceSet
from trainer.model.carry import Carry
from trainer.plan.lineup import Lineup
from trainer.step.totals import Totals
from trainer.step.train_step import TrainStep
from trainer.training.advance import Advance, Begin, timed


def full_updates(
    step: TrainStep,
    data: SequenceSet,
    groups: Iterator[list[Lineup]],
    accumulate: int,
    begin: Begin,
    stop: Callable[[], bool],
) -> Iterator[Advance]:
    """Makes one update of every ``accumulate`` groups of sequences.

    Args:
        step: what computes.
        data: where the chunks come from.
        groups: the rest of an epoch, all lineups of some sequences at a time.
        accumulate: groups an update.
        begin: called before the weights change, once nothing can undo the update any more.
        stop: asked after each chunk; once it says so, the update under way is undone and no more
            come.

    Yields:
        What came of one update.
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
        yield Advance([totals], len(some))


def _through(
    step: TrainStep, data: SequenceSet, lineups: list[Lineup], stop: Callable[[], bool]
) -> Totals:
    """Gathers the whole gradient of some sequences."""
    lanes = len(lineups[0].chunks)
    edges: list[tuple[Carry, list[Any]]] = []
    totals = Totals()
    carry = step.initial_carry(lanes)
    for batch, waited in timed(_read(data, lineups, stop)):
        totals.waited += waited
        edges.append((carry, step.state()))
        sums, carry = step.forward_only(batch, carry)
        totals.add(sums, batch)
    after = step.state()
    gradient = step.initial_carry(lanes)
    for batch, waited in timed(_read(data, lineups[::-1], stop)):
        totals.waited += waited
        carry, passing = edges.pop()
        step.set_state(passing)
        gradient = step.go_back(batch, carry, gradient)
    step.set_state(after)
    totals.waited += step.take_waited()
    return totals


def _read(
    data: SequenceSet, lineups: list[Lineup], stop: Callable[[], bool]
) -> Iterator[ChunkBatch]:
    for batch in read_ahead(data.batches(lineups), READS_AHEAD):
        if stop():
            return
        yield batch

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

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.read_ahead import read_ahead
from trainer.batches import BATCHES_AHEAD, ChunkBatch, SequenceSet
from trainer.carry import Carry
from trainer.lanes import Lineup
from trainer.step import TINY, TrainStep


@dataclass
class Totals:
    """Sums over batches; the values reported are means over labelled steps.

    Attributes:
        sums: ``<float64>[4]``; see ``TrainStep``.
        steps: real steps, labelled or not.
        places: steps that the batches had room for.
    """

    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(4))
    steps: int = 0
    places: int = 0

    def add(self, sums: Any, batch: ChunkBatch) -> None:
        """Adds a batch and its sums."""
        self.sums = self.sums + np.asarray(sums)
        self.steps += batch.steps
        self.places += batch.places

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(self.sums + other.sums, self.steps + other.steps, self.places + other.places)

    def logs(self, score_name: str) -> dict[str, float]:
        """Mean loss, mean score, share of the batches that was real steps."""
        return {
            "loss": float(self.sums[0] / max(self.sums[1], TINY)),
            score_name: float(self.sums[2] / max(self.sums[3], 1)),
            "utilisation": self.steps / max(self.places, 1),
        }


@dataclass
class Update:
    """What one update, or one that needed none, went through.

    Attributes:
        totals: of its batches.
        items: how many lineups, or groups of sequences, it took from the plan.
        carry: after it; none between groups.
    """

    totals: Totals
    items: int
    carry: Carry = ()


def truncated_updates(
    step: TrainStep,
    data: SequenceSet,
    plan: Iterable[Lineup],
    carry: Carry,
    accumulate: int,
    begin: Callable[[], None],
) -> Iterator[Update]:
    """Updates by gradients that end at chunk edges.

    Args:
        step: what computes.
        data: where the chunks come from.
        plan: the rest of an epoch.
        carry: before its first batch.
        accumulate: batches an update.
        begin: called before each update.
    """
    batches = read_ahead(data.batches(plan), BATCHES_AHEAD)
    try:
        while some := list(islice(batches, accumulate)):
            begin()
            update = Update(Totals(), len(some), carry)
            for batch in some:
                take = _way_forward(step, batch, accumulate)
                sums, update.carry = take(batch, update.carry)
                update.totals.add(sums, batch)
            if accumulate > 1 and update.totals.sums[1]:
                step.apply()
            carry = update.carry
            yield update
    finally:
        batches.close()


def _way_forward(step: TrainStep, batch: ChunkBatch, accumulate: int) -> Callable[..., Any]:
    """A batch in which nothing is asked for only moves the carry on."""
    if not batch.weights.any():
        return step.go_on
    return step.gather if accumulate > 1 else step.update


def full_updates(
    step: TrainStep,
    data: SequenceSet,
    groups: Iterator[list[Lineup]],
    accumulate: int,
    begin: Callable[[], None],
    stop: Callable[[], bool],
) -> Iterator[Update]:
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
        before = _values(step.passing)
        update = Update(Totals(), len(some))
        for lineups in some:
            update.totals = update.totals + _through(step, data, lineups, stop)
        if stop():
            step.forget()
            _assign(step.passing, before)
            return
        begin()
        if update.totals.sums[1]:
            step.apply()
        yield update


def _through(
    step: TrainStep, data: SequenceSet, lineups: list[Lineup], stop: Callable[[], bool]
) -> Totals:
    """Gathers the whole gradient of some sequences."""
    lanes = len(lineups[0].chunks)
    edges: list[tuple[Carry, list[Any]]] = []
    totals = Totals()
    carry = step.initial(lanes)
    for batch in _read(data, lineups, stop):
        edges.append((carry, _values(step.passing)))
        sums, carry = step.go_on(batch, carry)
        totals.add(sums, batch)
    after = _values(step.passing)
    gradient = step.initial(lanes)
    for batch in _read(data, lineups[::-1], stop):
        carry, passing = edges.pop()
        _assign(step.passing, passing)
        gradient = step.go_back(batch, carry, gradient)
    _assign(step.passing, after)
    return totals


def _read(
    data: SequenceSet, lineups: list[Lineup], stop: Callable[[], bool]
) -> Iterator[ChunkBatch]:
    for batch in read_ahead(data.batches(lineups), BATCHES_AHEAD):
        if stop():
            return
        yield batch


def _values(variables: list[Any]) -> list[Any]:
    return [variable.numpy() for variable in variables]


def _assign(variables: list[Any], values: list[Any]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)

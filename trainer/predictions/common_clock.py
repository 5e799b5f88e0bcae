"""Answers of several models at the steps of all of them, where their steps differ.

    steps of one       A     A     B     B     B        each answer, and each label, holds from
    steps of the other  a  a  a  b  b  b  b             its step to the next
    common clock      . .. . . ..  . ..  . . |          from the first step that both have answered
                                                        to where the first of them ends

A step of the common clock is one of a model's, and its true label is the one that was read there:
so a change of the label lies where the steps of all, taken together, show it. What a step counts
for is how long it lasts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from trainer.predictions.reader import BLOCK_STEPS, EVERY, Answers

TICKS = 1_000_000  # A second in microseconds: whole numbers add up exactly.
Ticks = NDArray[np.int64]


@dataclass(frozen=True)
class CommonSteps:
    """The common clock of one sequence, M steps.

    Attributes:
        times: ``<int64>[M]``, microseconds.
        durations: ``<int64>[M]``, microseconds, more than 0.
        rows: for each model ``<int64>[M]``, the step of its own that holds then.
        exact: for each model ``<bool>[M]``, whether that step begins then.
    """

    times: Ticks
    durations: Ticks
    rows: Sequence[NDArray[np.int64]]
    exact: Sequence[NDArray[np.bool_]]

    def __len__(self) -> int:
        return len(self.times)


def common_steps(clocks: Sequence[Ticks]) -> CommonSteps:
    """Joins the steps of several models.

    Args:
        clocks: for each model ``<int64>[N]``, when each step begins, in microseconds. How long the
            last one lasts is their median; one that is alone lasts a second.

    Returns:
        The common clock; without steps if there is no time that all have answered.
    """
    start = max(int(times[0]) for times in clocks)
    stop = min(int(times[-1]) + _usual_step(times) for times in clocks)
    times = np.unique(np.concatenate([*clocks, [start]]))
    times = times[(times >= start) & (times < stop)]
    rows = [np.searchsorted(own, times, "right") - 1 for own in clocks]
    exact = [own[row] == times for own, row in zip(clocks, rows, strict=True)]
    return CommonSteps(times, np.diff(times, append=stop), rows, exact)


def in_ticks(seconds: NDArray[np.float64]) -> Ticks:
    """Returns times in whole microseconds."""
    return np.round(TICKS * seconds).astype(np.int64)


def _usual_step(times: Ticks) -> int:
    return int(np.median(np.diff(times))) if len(times) > 1 else TICKS


@dataclass
class CommonClock:
    """The common clock of all sequences, made for one at a time.

    Args:
        files: the answers of all models.
    """

    files: Sequence[Answers]
    _last: tuple[str, CommonSteps] | None = field(default=None, init=False)

    def steps(self, sequence_id: str) -> CommonSteps:
        """Returns the clock of a sequence.

        Raises:
            InputError: there is no time that all have answered.
        """
        if self._last is None or self._last[0] != sequence_id:
            files = self.files
            found = common_steps([in_ticks(one.whole(sequence_id, "timestamps")) for one in files])
            if not len(found):
                raise InputError(
                    f"the answers of {sequence_id!r} have no time in common; "
                    "were its features made of the same recording?"
                )
            self._last = (sequence_id, found)
        return self._last[1]

    def answers(self) -> list["ClockedAnswers"]:
        """Returns the answers of each model at the steps of the common clock."""
        return [
            ClockedAnswers(
                **{one.name: getattr(file, one.name) for one in fields(Answers)},
                clock=self,
                number=number,
            )
            for number, file in enumerate(self.files)
        ]

    def true(self, sequence_id: str, rows: slice, columns: slice = EVERY) -> NDArray[Any]:
        """Reads the true labels, at each step from a model that has a step of its own there.

        Args:
            sequence_id: the sequence.
            rows: steps of the common clock.
            columns: the columns to read, of labels that have any.
        """
        steps = self.steps(sequence_id)
        labels = held(self.files[0], sequence_id, "true", steps.rows[0][rows], columns)
        unknown = ~steps.exact[0][rows]
        for file, own, exact in zip(self.files[1:], steps.rows[1:], steps.exact[1:], strict=True):
            if (taken := unknown & exact[rows]).any():
                labels[taken] = held(file, sequence_id, "true", own[rows], columns)[taken]
                unknown &= ~taken
        return labels


def held(
    answers: Answers,
    sequence_id: str,
    name: str,
    rows: NDArray[np.int64],
    columns: slice = EVERY,
) -> NDArray[Any]:
    """Reads what holds at each step of the common clock.

    Args:
        answers: the answers of a model.
        sequence_id: the sequence.
        name: the dataset.
        rows: ``<int64>[n]``, its steps, which never go down.
        columns: the columns to read, of a dataset that has any.
    """
    first, last = int(rows[0]), int(rows[-1])
    return answers.part(sequence_id, name, slice(first, last + 1), columns)[rows - first]


@dataclass(frozen=True)
class ClockedAnswers(Answers):
    """The answers of one model at the steps of a common clock; ``durations`` are microseconds.

    Attributes:
        clock: the clock.
        number: the model's place in it.
    """

    counted_by: ClassVar[tuple[str, ...]] = ("durations",)
    clock: CommonClock = field(kw_only=True)
    number: int = field(kw_only=True)

    def steps(self, sequence_id: str) -> int:
        """Returns the steps of the common clock."""
        return len(self.clock.steps(sequence_id))

    def seconds(self, sequence_id: str) -> float:
        """Returns the seconds from the first step to the last."""
        times = self.clock.steps(sequence_id).times
        return float(times[-1] - times[0]) / TICKS

    def whole(self, sequence_id: str, name: str) -> NDArray[Any]:
        """Reads one dataset of a sequence at once.

        Args:
            sequence_id: the sequence.
            name: the dataset, or ``durations``.
        """
        return self.part(sequence_id, name, slice(0, self.steps(sequence_id)))

    def blocks(
        self,
        sequence_id: str,
        *names: str,
        columns: slice = EVERY,
        block_steps: int = BLOCK_STEPS,
    ) -> Iterator[tuple[NDArray[Any], ...]]:
        """Reads datasets side by side.

        Args:
            sequence_id: the sequence.
            names: the names of the datasets, or ``durations``.
            columns: the columns to read of a dataset with two axes.
            block_steps: the number of steps to read at once.
        """
        for start in range(0, self.steps(sequence_id), block_steps):
            rows = slice(start, start + block_steps)
            yield tuple(self.part(sequence_id, name, rows, columns) for name in names)

    def part(
        self, sequence_id: str, name: str, rows: slice, columns: slice = EVERY
    ) -> NDArray[Any]:
        """Reads some steps of one dataset.

        Args:
            sequence_id: the sequence.
            name: the dataset, or ``durations``.
            rows: steps of the common clock.
            columns: the columns, of a dataset with two axes.
        """
        steps = self.clock.steps(sequence_id)
        if name == "timestamps":
            return steps.times[rows] / TICKS
        if name == "durations":
            return steps.durations[rows]
        if name == "true":
            return self.clock.true(sequence_id, rows, columns)
        own = self.clock.files[self.number]
        return held(own, sequence_id, name, steps.rows[self.number][rows], columns)

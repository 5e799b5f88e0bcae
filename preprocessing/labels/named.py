"""Labels that are names of classes: one a step, or any number of them.

names shown    classification          multilabel, of classes a and b
a              0                       1 0
a, b           refused                 1 1
none           UNLABELLED              0 0
an ignored     UNLABELLED              NaN NaN
nobody says    UNLABELLED              NaN NaN

With ``unlabelled`` "background", none and what nobody says are that class, or 0 0; with "ignore",
none is NaN NaN too.
"""

from abc import abstractmethod
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, shorten
from preprocessing.labels.base import (
    BACKGROUND,
    UNLABELLED,
    LabelOptions,
    Labels,
    lasting,
    rounding_seconds,
)
from preprocessing.labels.spans import Said, Spans
from preprocessing.store.sequence_info import SequenceInfo

UNKNOWN = -1


class NameSets(dict[frozenset[str], int]):
    """Numbers each new set of names, from 0 on."""

    def __missing__(self, names: frozenset[str]) -> int:
        self[names] = number = len(self)
        return number

    def number(self, names: Iterable[str]) -> int:
        """Returns the number of a set of names, in which the empty name does not count."""
        return self[frozenset(names) - {""}]


class NamedLabels(Labels):
    """Labels whose steps show one of a few sets of names; each set becomes a target once.

    Args:
        sets: all sets that occur, with their numbers.
        options: how the labels were read.

    Raises:
        InputError: no name is a class.
    """

    def __init__(self, sets: NameSets, options: LabelOptions):
        names, ignored = frozenset[str]().union(*sets), set(options.ignored)
        if not names - ignored:
            raise InputError(f"{options.path} holds no label; expected at least one")
        self._many = options.task == "multilabel"
        self._filled = options.unlabelled == BACKGROUND and not self._many
        if self._filled:
            names |= {BACKGROUND}
        super().__init__(names, sorted(names - ignored), options)
        self._sets = sets
        self._sayings = self._say()
        self._targets = self._encode()

    @property
    def sayings(self) -> Sequence[Said]:
        return self._sayings

    @abstractmethod
    def shown(self, info: SequenceInfo, start: int, times: NDArray[np.float64]) -> NDArray[Any]:
        """Returns the number of each step's set, ``<int>[n]``, ``UNKNOWN`` where nothing is said.

        Args:
            info: the sequence.
            start: the number of the first step.
            times: ``<float64>[n]``, timestamps of the steps in seconds.
        """

    def at(self, info: SequenceInfo, start: int, times: NDArray[np.float64]) -> NDArray[Any]:
        targets: NDArray[Any] = self._targets[self.shown(info, start, times)]
        return targets

    def use_classes(self, classes: Iterable[str]) -> None:
        known = tuple(classes)
        if extra := sorted(set(self.classes) - set(known)):
            raise InputError(
                f"{self.options.path} has the label {shorten(extra[0])!r}, which the model was "
                f"not trained on; it knows {', '.join(known)} (--ignore-label leaves a label out)"
            )
        self.classes = known
        self._sayings = self._say()
        self._targets = self._encode()

    def _say(self) -> list[Said]:
        """Returns what each set says, and at last what is where nobody says anything."""
        index = {name: number for number, name in enumerate(self.classes)}
        choice = self.options.unlabelled
        # Of several labels, none is an answer; what nobody has looked at is not.
        nothing = Said((), self._many and choice == BACKGROUND)
        empty = Said((), self._many and choice != "ignore")
        if self._filled:
            ignored = BACKGROUND in self.options.ignored
            nothing = empty = Said(() if ignored else (index[BACKGROUND],), False, ignored)

        def said(names: frozenset[str]) -> Said:
            if not names.isdisjoint(self.options.ignored):
                return Said((), True, True)
            return Said(tuple(index[name] for name in names), True) if names else empty

        return [*map(said, self._sets), nothing]

    def _encode(self) -> NDArray[Any]:
        """Returns the target of each set; the last is that of ``UNKNOWN``, whose index is -1."""
        shape = (len(self._sayings), len(self.classes)) if self._many else len(self._sayings)
        unknown, kind = (np.nan, np.float32) if self._many else (UNLABELLED, np.int32)
        targets = np.full(shape, unknown, kind)
        for number, said in enumerate(self._sayings):
            if said.counted and self._many:
                targets[number] = 0
                targets[number, said.classes] = 1
            elif said.counted:
                targets[number] = said.classes[0]
        return targets


class SequenceLabels(NamedLabels):
    """One label for each sequence, or several of them in as many rows."""

    def __init__(self, rows: Iterable[tuple[str, str]], options: LabelOptions):
        given: dict[str, dict[str, None]] = {}
        for sequence_id, label in rows:
            given.setdefault(sequence_id, {})[label] = None
        if options.task != "multilabel":
            for sequence_id, labels in given.items():
                _require_one(sequence_id, list(labels), options)
        sets = NameSets()
        self._numbers = {name: sets.number(labels) for name, labels in given.items()}
        super().__init__(sets, options)

    def ids(self) -> Collection[str]:
        return self._numbers.keys()

    def leave_out(self, sequence_id: str) -> None:
        del self._numbers[sequence_id]

    def check(self, info: SequenceInfo) -> None:
        """Accepts every length, since the label holds for the whole sequence."""

    def shown(self, info: SequenceInfo, start: int, times: NDArray[np.float64]) -> NDArray[Any]:
        return np.full(len(times), self._numbers[info.sequence_id])

    def spans(self, info: SequenceInfo) -> Spans:
        begin, end = lasting(info)
        return Spans(np.array([end - begin]), np.array([self._numbers[info.sequence_id]], np.int32))

    def end(self, sequence_id: str) -> float:
        return 0.0


def _require_one(sequence_id: str, labels: list[str], options: LabelOptions) -> None:
    if len(labels) > 1:
        raise InputError(
            f"{options.path}: {shorten(sequence_id)} is both {shorten(labels[0])!r} and "
            f"{shorten(labels[1])!r}; expected one "
            "label a sequence (--task multilabel takes several)"
        )


def seconds_read(info: SequenceInfo, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the seconds since the start, a little later to make up for rounding.

    Args:
        info: the sequence.
        times: ``<float64>[n]``, timestamps of the steps in seconds.
    """
    return times - info.start_time + rounding_seconds(info.step_seconds)

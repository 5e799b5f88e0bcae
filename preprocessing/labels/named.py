"""Labels that are names of classes: one a step, or any number of them.

names shown    classification          multilabel, of classes a and b
a              0                       1 0
a, b           refused                 1 1
none           UNLABELLED              0 0
an ignored     UNLABELLED              NaN NaN
nobody says    UNLABELLED              NaN NaN
"""

from abc import abstractmethod
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, shorten
from preprocessing.labels.base import UNLABELLED, LabelOptions, Labels, rounding_seconds
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
        names = frozenset[str]().union(*sets)
        super().__init__(names, sorted(names - set(options.ignored)), options)
        if not self.classes:
            raise InputError(f"{options.path} holds no label; expected at least one")
        self._sets = sets
        self._targets = self._encode()

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
        self._targets = self._encode()

    def _encode(self) -> NDArray[Any]:
        """Returns the target of each set; the last is that of ``UNKNOWN``, whose index is -1."""
        index = {name: number for number, name in enumerate(self.classes)}
        many = self.options.task == "multilabel"
        targets = (
            np.full((len(self._sets) + 1, len(index)), np.nan, np.float32)
            if many
            else np.full(len(self._sets) + 1, UNLABELLED, np.int32)
        )
        for names, number in self._sets.items():
            if names.isdisjoint(self.options.ignored):
                indices = [index[name] for name in names]
                if many:
                    targets[number] = 0
                    targets[number, indices] = 1
                elif indices:
                    targets[number] = indices[0]
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

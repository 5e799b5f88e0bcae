"""A table of classes and parts: how long, how often, and in how many sequences each class is shown.

It is counted of labels and of the lengths of sequences, one after the other; no feature is read.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.base import Labels, rounding_seconds
from preprocessing.store.sequence_info import SequenceInfo


@dataclass
class PartCounts:
    """The counts of one part.

    Attributes:
        class_seconds: ``<float64>[C]``, how long each class is shown.
        stretches: ``<int64>[C]``, how often it begins.
        class_sequences: ``<int64>[C]``, in how many sequences it is shown.
        class_short: ``<int64>[C]``, how many of its stretches are shorter than a step of their
            sequence; 0 where a step may have several classes.
        class_short_seconds: ``<float64>[C]``, how long these last together.
        sequences: how many there are.
        seconds: how long they last together.
        labelled: seconds of which labels say something, ignored names too.
        ignored: seconds with a name that counts as no label.
        none: seconds that are known to show none of the classes.
        counted: seconds that are trained on, or measured.
        labels: spans that have names.
        short: how many of them are shorter than a step of their sequence.
        step_seconds: the step of the first sequence.
    """

    class_seconds: NDArray[np.float64]
    stretches: NDArray[np.int64]
    class_sequences: NDArray[np.int64]
    class_short: NDArray[np.int64]
    class_short_seconds: NDArray[np.float64]
    sequences: int = 0
    seconds: float = 0.0
    labelled: float = 0.0
    ignored: float = 0.0
    none: float = 0.0
    counted: float = 0.0
    labels: int = 0
    short: int = 0
    step_seconds: float = 0.0

    @classmethod
    def of(cls, classes: int) -> "PartCounts":
        """Returns the counts of no sequence, for C classes."""
        begins, sequences, short = np.zeros((3, classes), np.int64)
        return cls(np.zeros(classes), begins, sequences, short, np.zeros(classes))

    @property
    def unlabelled(self) -> float:
        """Seconds of which labels say nothing, also where they count as background."""
        return max(self.seconds - self.labelled, 0.0)

    @property
    def counted_share(self) -> float | None:
        """The share of the time that is trained on, or measured; None if there is no time."""
        return min(self.counted / self.seconds, 1.0) if self.seconds > 0 else None

    def add(self, other: "PartCounts") -> None:
        """Adds the counts of another part."""
        for name, value in vars(other).items():
            if name != "step_seconds":
                setattr(self, name, getattr(self, name) + value)
        self.step_seconds = self.step_seconds or other.step_seconds


@dataclass(frozen=True)
class ClassTable:
    """The counts of all parts.

    Attributes:
        classes: the names of the C rows.
        parts: the counts of each part, by its name.
    """

    classes: tuple[str, ...]
    parts: Mapping[str, PartCounts]

    @property
    def total(self) -> PartCounts:
        """The counts of all parts together."""
        total = PartCounts.of(len(self.classes))
        for part in self.parts.values():
            total.add(part)
        return total

    def to_json(self) -> dict[str, Any]:
        """Returns the table as values for a JSON file: the figures of each class in each part."""
        return {
            "classes": list(self.classes),
            "parts": {name: _plain(counts) for name, counts in self.parts.items()},
        }


def class_table(labels: Labels, parts: Mapping[str, Iterable[SequenceInfo]]) -> ClassTable:
    """Counts the classes of sequences.

    Args:
        labels: of all of the sequences.
        parts: the sequences of each part.
    """
    counted = {}
    for part, infos in parts.items():
        counter = _Counter(labels)
        for info in infos:
            counter.add(info)
        counted[part] = counter.result()
    return ClassTable(labels.rows, counted)


class _Counter:
    """Counts sequences of one part, and keeps sums only.

    Args:
        labels: of the sequences.
    """

    def __init__(self, labels: Labels):
        self._labels, self._sayings = labels, labels.sayings
        self._named = np.array([said.labelled and not said.is_none for said in self._sayings])
        self._seconds = np.zeros(len(self._sayings))
        self._short, self._short_seconds = np.zeros((2, len(self._sayings)))
        self._counts = PartCounts.of(len(labels.rows))
        self._begins: Counter[int] = Counter()
        self._changes: Counter[tuple[int, int]] = Counter()

    def add(self, info: SequenceInfo) -> None:
        """Counts a sequence."""
        seconds, said = self._labels.spans(info)
        counts, named, step = self._counts, self._named[said], info.step_seconds
        counts.sequences += 1
        counts.seconds += float(seconds.sum())
        counts.labels += int(named.sum())
        short = named & (seconds < step - rounding_seconds(step))
        counts.short += int(short.sum())
        counts.step_seconds = counts.step_seconds or step
        np.add.at(self._seconds, said, seconds)
        np.add.at(self._short, said[short], 1)
        np.add.at(self._short_seconds, said[short], seconds[short])
        numbers: list[int] = said.tolist()
        self._begins.update(numbers[:1])
        self._changes.update(pairwise(numbers))
        shown = {place for number in set(numbers) for place in self._sayings[number].classes}
        counts.class_sequences[list(shown)] += 1

    def result(self) -> PartCounts:
        """Returns the counts of all sequences that were added; it can be asked once."""
        counts = self._counts
        for said, seconds in zip(self._sayings, self._seconds.tolist(), strict=True):
            counts.class_seconds[list(said.classes)] += seconds
            counts.labelled += seconds * said.labelled
            counts.ignored += seconds * said.ignored * said.labelled
            counts.none += seconds * (said.is_none and said.counted)
            counts.counted += seconds * said.counted
        if self._labels.options.task == "classification":
            for said, short, seconds in zip(
                self._sayings, self._short.tolist(), self._short_seconds.tolist(), strict=True
            ):
                counts.class_short[list(said.classes)] += int(short)
                counts.class_short_seconds[list(said.classes)] += seconds
        for number, times in self._begins.items():
            counts.stretches[list(self._sayings[number].classes)] += times
        for (before, now), times in self._changes.items():
            new = set(self._sayings[now].classes) - set(self._sayings[before].classes)
            counts.stretches[list(new)] += times
        return counts


def _plain(counts: PartCounts) -> dict[str, Any]:
    values = {name: getattr(counts, name) for name in vars(counts)}
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in values.items()
    }

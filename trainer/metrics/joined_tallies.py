"""Tallies made of tallies: the mean over several models, and sequences that are drawn as groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.spread import mean
from trainer.metrics.tallies import Figures, Floats, Tallies, ratio


@dataclass(frozen=True)
class MeanTallies:
    """The mean over models of the figures of each selection.

    Attributes:
        models: tallies of the same sequences, of each model.
    """

    models: Sequence[Tallies]

    def __len__(self) -> int:
        return len(self.models[0])

    def figures(self, weights: Floats) -> Figures:
        found = [model.figures(weights) for model in self.models]
        return {name: _known_mean([figures[name] for figures in found]) for name in found[0]}


@dataclass(frozen=True)
class GroupTallies:
    """The tallies of sequences of which whole groups are selected: those of a person, an animal.

    Sequences of a group are alike, so that to draw them one by one would promise too much: the
    cluster bootstrap (Davison and Hinkley 1997, "Bootstrap methods and their application", section
    3.8).

    Attributes:
        sequences: the tallies of S sequences.
        numbers: ``<int>[S]``, the group of each, counted from 0.
    """

    sequences: Tallies
    numbers: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.numbers.max()) + 1

    def figures(self, weights: Floats) -> Figures:
        return self.sequences.figures(weights[:, self.numbers])


def group_tallies(
    tallies: Tallies, metrics: Mapping[str, Any], groups: Mapping[str, str]
) -> GroupTallies:
    """Puts sequences into groups.

    Args:
        tallies: the counts of each labelled sequence.
        metrics: what belongs to them; ``per_sequence`` names the sequences.
        groups: the group of each sequence.
    """
    labelled = [row["sequence_id"] for row in metrics["per_sequence"] if row["steps"]]
    _, numbers = np.unique([groups[name] for name in labelled], return_inverse=True)
    return GroupTallies(tallies, numbers)


def averaged(values: Sequence[Any]) -> Any:
    """Returns the mean of several results of one form, number by number.

    What is no number stays if it is the same in all, and is None otherwise.

    Examples:
        >>> averaged([{"f1": 0.5, "rows": [1, None]}, {"f1": 1.0, "rows": [3, None]}])
        {'f1': 0.75, 'rows': [2.0, None]}
    """
    first = values[0]
    if all(value == first for value in values):
        return first
    if all(isinstance(value, dict) for value in values):
        names = [name for name in first if all(name in value for value in values)]
        return {name: averaged([value[name] for value in values]) for name in names}
    if all(isinstance(value, list) and len(value) == len(first) for value in values):
        return [averaged(items) for items in zip(*values, strict=True)]
    numbers = all(value is None or isinstance(value, int | float) for value in values)
    return mean(values) if numbers else None


def _known_mean(values: Sequence[Floats]) -> Floats:
    """Averages arrays, ``<float64>[R]`` each, over what is known; NaN where nothing is."""
    stacked = np.stack(values)
    known = ~np.isnan(stacked)
    return ratio(np.where(known, stacked, 0).sum(0), known.sum(0))

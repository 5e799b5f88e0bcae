"""The labels of a sequence as a contact sheet draws them: what is shown from when to when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.base import Labels, lasting
from preprocessing.store.feature_store import FeatureStore

Classes = tuple[int, ...]


@dataclass(frozen=True)
class LabelledTime:
    """The time of a sequence, cut where another class is shown.

    Attributes:
        edges: ``<float64>[m + 1]`` seconds, as players show them.
        shown: the numbers of the classes between two edges; none where there is no label.
    """

    edges: NDArray[np.float64]
    shown: tuple[Classes, ...]

    @property
    def seconds(self) -> dict[int, float]:
        """Seconds that each class is shown, by its number, those that are shown longest first."""
        found: dict[int, float] = {}
        for classes, lasts in zip(self.shown, np.diff(self.edges).tolist(), strict=True):
            for number in classes:
                found[number] = found.get(number, 0.0) + lasts
        return dict(sorted(found.items(), key=lambda one: -one[1]))

    @property
    def share(self) -> float:
        """The share of the time in which a class is shown."""
        lasts, labelled = np.diff(self.edges), [bool(classes) for classes in self.shown]
        if not lasts.any():  # Of one step, and nothing says how long it is shown.
            lasts = np.ones(len(lasts))
        return float(lasts[labelled].sum() / lasts.sum())

    @property
    def overlaps(self) -> bool:
        """True if several classes are shown at once."""
        return any(len(classes) > 1 for classes in self.shown)

    def at(self, times: NDArray[np.float64]) -> list[Classes]:
        """Returns the classes that are shown at some times.

        Args:
            times: ``<float64>[n]`` seconds; those before the first edge, or after the last, count
                as the nearest.
        """
        places = np.searchsorted(self.edges, times, side="right") - 1
        return [self.shown[place] for place in places.clip(0, len(self.shown) - 1).tolist()]


def labelled_times(
    labels: Labels, store: FeatureStore, ids: Iterable[str]
) -> Mapping[str, LabelledTime]:
    """Returns the labels of sequences, of those that have some and can be read.

    Args:
        labels: of classes.
        store: has the sequences.
        ids: the sequences.

    Raises:
        InputError: labels and sequence differ in length.
    """
    known, found = set(labels.ids()), {}
    for sequence_id in ids:
        if sequence_id in known:
            try:
                info = store.info(sequence_id)
            except (OSError, RuntimeError, ValueError):  # Its place on the sheet says so.
                continue
            labels.check(info)
            seconds, said = labels.spans(info)
            if not len(said):
                continue
            begin, _ = lasting(info)
            edges = begin + np.concatenate([[0.0], np.cumsum(seconds)])
            shown = tuple(tuple(sorted(labels.sayings[one].classes)) for one in said.tolist())
            found[sequence_id] = LabelledTime(edges, shown)
    return found

"""The steps that an export and the run's own model are compared on: features, past labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.labels.splits import PARTS
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo
from trainer.export.graph import FEATURES
from trainer.layout import Layout
from trainer.run.folder import Run
from trainer.task import Classification, Multilabel, Regression

TRIED_SEQUENCES = 20
SEED = 0


@dataclass(frozen=True)
class Tried:
    """Consecutive steps of one sequence.

    Attributes:
        seen: as the run's own model sees them, ``<float32>[n, F + P]``.
        given: as the exported one gets them, by the names of its inputs, ``[n, ...]`` each.
        origin: where they come from, in words.
    """

    seen: NDArray[np.float32]
    given: dict[str, NDArray[Any]]
    origin: str


def tried_features(run: Run, steps: int) -> Tried:
    """Returns steps of features, from the run's store if that is still there, else random ones.

    Past labels are drawn at random.

    Args:
        run: the run.
        steps: n.
    """
    layout, chance = run.layout, np.random.default_rng(SEED)
    found = _stored(run, steps) if layout.sees_features else None
    size = layout.feature_size(run.facts.dimension)
    features, origin = found or (_drawn(run, size, steps, chance), "random features")
    if layout.past_size:
        origin = f"{origin} and random labels" if size else "random labels"
    rows = np.concatenate([features, _drawn_labels(layout, steps, chance)], -1).astype("float32")
    return Tried(rows, {FEATURES: rows}, origin)


def sequences(run: Run) -> Iterator[tuple[FeatureStore, SequenceInfo]]:
    """Yields sequences of the run's splits that its store still has, those of test first.

    Args:
        run: the run.

    Raises:
        InputError: there is no such store, or a sequence of it cannot be read.
        OSError: the same.
    """
    store, splits = FeatureStore(run.config.store), run.splits
    ids = [sequence_id for part in reversed(PARTS) for sequence_id in splits[part]]
    for sequence_id in islice((name for name in ids if name in store), TRIED_SEQUENCES):
        info = store.info(sequence_id)
        run.facts.require(info)
        yield store, info


def _stored(run: Run, steps: int) -> tuple[NDArray[Any], str] | None:
    """Returns the first steps of a sequence of the run's splits, if its store still has one.

    The steps of a shorter sequence are repeated.
    """
    try:
        for store, info in sequences(run):
            features = store.features(info.sequence_id, 0, min(steps, info.steps))
            return np.resize(features, (steps, info.dimension)), f"sequence {info.sequence_id}"
    except (InputError, OSError):
        return None
    return None


def _drawn(run: Run, size: int, steps: int, chance: np.random.Generator) -> NDArray[Any]:
    """Draws random features ``[n, F]`` with the training's mean and deviation, if known."""
    drawn: NDArray[Any] = chance.normal(size=(steps, size))
    if size and run.facts.feature_moments:
        mean, variance = np.array(run.facts.feature_moments)
        drawn = drawn * np.sqrt(variance) + mean
    return drawn


def _drawn_labels(layout: Layout, steps: int, chance: np.random.Generator) -> NDArray[Any]:
    """Draws random past labels as the model sees them, ``[n, P]``."""
    task = layout.task
    if not layout.past_size:
        return np.zeros((steps, 0))
    if isinstance(task, Classification):
        return task.encode(chance.integers(0, task.size, steps))
    if isinstance(task, Multilabel):
        return chance.integers(0, 2, (steps, task.size))
    drawn: NDArray[Any] = chance.normal(size=(steps, task.size))
    if isinstance(task, Regression):
        drawn = drawn * np.sqrt(task.variance) + task.mean
    return drawn

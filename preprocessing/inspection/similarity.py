"""The similarity of a sequence's moments by their features."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.store.decoded_frames import decoded_frames
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo

STRETCHES = 256
BLOCK_BYTES = 1 << 22
NO_DIFFERENCE = 1e-9


def duration(info: SequenceInfo) -> float:
    """Returns the seconds from the first step to the end of the last; never 0, for an axis."""
    return info.last - info.first + info.step_seconds or 1.0


def stretch_means(
    store: FeatureStore, info: SequenceInfo, stretches: int = STRETCHES, block_steps: int = 0
) -> NDArray[np.float64]:
    """Computes means of the features over equal stretches of time, read a block at a time.

    A step counts for as long as it is shown: until the next one begins. Of frames, the pixels of an
    eighth of their size stand for features.

    Args:
        store: the store.
        info: the sequence.
        stretches: the largest number of stretches; there are never more than steps.
        block_steps: steps that are read at once; 0 takes as many as fit ``BLOCK_BYTES``.

    Returns:
        ``<float64>[min(stretches, N), F]``.

    Raises:
        InputError: a feature is not finite, or a frame is damaged.
    """
    count = min(stretches, info.steps)
    width = _rows(store, info, 0, 1).shape[1]
    edges = np.linspace(info.first, info.first + duration(info), count + 1)
    block_steps = block_steps or max(1, BLOCK_BYTES // (8 * max(width, count)))
    sums = np.zeros((count, width))
    for start in range(0, info.steps, block_steps):
        stop = min(start + block_steps, info.steps)
        changes = store.timestamps(info.sequence_id, start, stop + 1)
        if stop == info.steps:
            changes = np.append(changes, edges[-1])
        seconds = _overlap(edges, changes)
        touched = seconds.any(axis=1)
        sums[touched] += seconds[touched] @ _rows(store, info, start, stop)
    means: NDArray[np.float64] = sums / np.diff(edges)[:, None]
    return means


def _rows(store: FeatureStore, info: SequenceInfo, start: int, stop: int) -> NDArray[Any]:
    """Returns what tells steps apart: features, or the pixels of small frames, ``[n, F]``."""
    if info.frame_size is None:
        return store.features(info.sequence_id, start, stop)
    small = decoded_frames(store, info, start, stop, small=True)
    return small.reshape(len(small), -1).astype(np.float32)


def similarity(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the cosine similarity of rows after their mean has been subtracted.

    Without the subtraction, all moments of a video have a similarity of nearly 1, since networks
    see much the same everywhere in it. Rows equal to the mean are similar only to each other.

    Args:
        features: ``<float64>[n, F]``.

    Returns:
        ``<float64>[n, n]``, symmetric, between -1 and 1, with a diagonal of 1.
    """
    differences = features - features.mean(axis=0)
    lengths = np.linalg.norm(differences, axis=1, keepdims=True)
    same = lengths <= NO_DIFFERENCE * np.linalg.norm(features, axis=1, keepdims=True)
    directions = np.where(same, 0.0, differences / np.where(same, 1.0, lengths))
    directions = np.hstack([directions, same])
    alike: NDArray[np.float64] = np.clip(directions @ directions.T, -1.0, 1.0)
    np.fill_diagonal(alike, 1.0)
    return alike


def _overlap(edges: NDArray[np.float64], changes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Returns the seconds each stretch shares with each step, from n + 1 edges: ``[n, steps]``."""
    begin = np.maximum(edges[:-1, None], changes[None, :-1])
    end = np.minimum(edges[1:, None], changes[None, 1:])
    seconds: NDArray[np.float64] = np.clip(end - begin, 0.0, None)
    return seconds

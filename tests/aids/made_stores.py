"""Stores of made features."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, sequence_path, settings_text

FPS = 4.0
MadeStore = Callable[..., FeatureStore]


def write_sequence(
    root: Path,
    sequence_id: str,
    features: np.ndarray,
    fps: float = FPS,
    backbone: str = "test",
    fingerprint: str = "",
) -> None:
    origin = Origin(sequence_id, fingerprint, str(fps), backbone, "0", settings_text())
    with SequenceWriter(
        sequence_path(root, sequence_id), features.shape[1], origin, "float32"
    ) as writer:
        writer.append(np.arange(len(features)) / fps, features.astype("float32"))

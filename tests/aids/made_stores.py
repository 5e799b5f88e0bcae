"""Stores of made features."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from preprocessing.labels.writing import write_intervals
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


def write_memory_task(folder: Path) -> tuple[Path, Path]:
    """Makes a store and labels: the sign of the first step's feature is the label of all steps."""
    generator = np.random.default_rng(1)
    rows = []
    for number in range(16):
        length = 20 + number
        features = generator.normal(scale=0.1, size=(length, 2))
        sign = number % 2
        features[0, 0] = 4 * sign - 2
        write_sequence(folder / "task", f"s{number:02d}", features)
        rows.append((f"s{number:02d}", 0.0, length / FPS, ("minus", "plus")[sign]))
    write_intervals(folder / "task.csv", rows)
    return folder / "task", folder / "task.csv"


def copy_with_its_run(folder: Path, to: Path) -> None:
    """Copies a folder of a store, labels and runs, where they then are to their runs."""
    shutil.copytree(folder, to, dirs_exist_ok=True)
    for path in (*to.rglob("*.yaml"), *to.rglob("*.json")):
        path.write_text(path.read_text().replace(str(folder), str(to)))

"""Small stores and label files for tests of labels."""

import itertools
from pathlib import Path

import numpy as np

from preprocessing.labels.base import LabelOptions, Labels
from preprocessing.labels.reading import read_labels
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, SequenceInfo, sequence_path


def write(root: Path, sequence_id: str, times: np.ndarray, start_time: float = 0.0) -> None:
    origin = Origin(sequence_id, "", "4.0", "test", "", "{}")
    path = sequence_path(root, sequence_id)
    with SequenceWriter(path, 1, origin, start_time=start_time) as writer:
        writer.append(np.asarray(times, "float64"), np.zeros((len(times), 1)))


def small_store(root: Path) -> FeatureStore:
    """Sequences of 8 steps, 4 a second."""
    for sequence_id in ("a", "b", "day/c", "night/d"):
        write(root, sequence_id, np.arange(8) / 4)
    return FeatureStore(root)


def read(path: Path, store: FeatureStore, content: str | bytes, **options) -> Labels:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_labels(LabelOptions(path, **options), store)


def text_folder(tmp_path: Path, **files: str) -> Path:
    for name, content in files.items():
        path = tmp_path / "labels" / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, "utf-8")
    return tmp_path / "labels"


def targets_of(labels: Labels, store: FeatureStore, sequence_id: str, *cuts: int) -> np.ndarray:
    """Targets of all steps, asked for in parts that begin and end at the cuts."""
    info = store.info(sequence_id)
    edges = [0, *sorted(cuts), info.steps]
    parts = [
        labels.at(info, start, store.timestamps(sequence_id, start, stop))
        for start, stop in itertools.pairwise(edges)
    ]
    return np.concatenate(parts)


def info_of(sequence_id: str, steps: int, fps: float = 4.0) -> SequenceInfo:
    """A stored sequence of which only the times matter."""
    return SequenceInfo(
        sequence_id=sequence_id,
        steps=steps,
        dimension=1,
        dtype="float16",
        first=0.0,
        last=(steps - 1) / fps,
        start_time=0.0,
        frames_decoded=steps,
        damage="",
        decoded_share=1.0,
        bytes=0,
        origin=Origin(sequence_id, "", str(fps), "test", "", "{}"),
        median_step=1 / fps,
    )

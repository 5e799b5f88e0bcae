"""Stores of noise, for measuring how fast they are trained on."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from preprocessing.store.sequence_file import SequenceWriter
from preprocessing.store.sequence_info import Origin, settings_text

CLASSES = 7
FPS = 4.0
BLOCK_STEPS = 4096


def make(folder: Path, lengths: Sequence[int], dimension: int) -> None:
    """Writes sequences of noise, labels (each class once in each) and splits, once.

    Args:
        folder: gets ``store/``, ``labels.csv`` and ``splits.json``; nothing happens if it is whole.
        lengths: steps of each sequence; all are trained on.
        dimension: F.
    """
    if (folder / "whole").exists():
        return
    chance = np.random.default_rng(0)
    rows, names = ["sequence,start,end,label"], [f"s{n:02d}" for n in range(len(lengths))]
    for name, steps in zip(names, lengths, strict=True):
        write_sequence(folder / "store" / f"{name}.h5", steps, dimension, chance)
        seconds = steps / FPS / CLASSES
        rows += [f"{name},{c * seconds},{(c + 1) * seconds},c{c}" for c in range(CLASSES)]
    (folder / "labels.csv").write_text("\n".join([*rows, ""]))
    (folder / "splits.json").write_text(json.dumps({"train": names, "test": []}))
    (folder / "whole").touch()


def write_sequence(path: Path, steps: int, dimension: int, chance: np.random.Generator) -> None:
    """Writes one sequence, block by block."""
    origin = Origin(path.stem, "", str(FPS), "noise", "", settings_text())
    with SequenceWriter(path, dimension, origin) as writer:
        for start in range(0, steps, BLOCK_STEPS):
            times = np.arange(start, min(start + BLOCK_STEPS, steps)) / FPS
            features = chance.standard_normal((len(times), dimension), dtype="float32")
            writer.append(times, features.astype("float16"))

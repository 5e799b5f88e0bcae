"""Small trainings of a backbone: frames whose colour is their class, and networks to begin from."""

from pathlib import Path
from typing import Any

import numpy as np
from made_frames import FPS, frames_of, write_frames

from preprocessing.labels.writing import write_intervals
from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import TrainConfig

import_tensorflow()
import keras  # noqa: E402

FRAME = (24, 24)
STRETCH = 4  # Steps that a class lasts.
SPLITS = '{"train": ["s0", "s1", "s2"], "validation": ["s3"], "test": ["s4"]}'
LENGTHS = (40, 28, 33, 24, 36)
layers = keras.layers


def write_frame_task(folder: Path) -> tuple[Path, Path]:
    """Writes a store of frames, labels and splits.

    Returns:
        The store, and the labels.
    """
    chance, rows = np.random.default_rng(0), []
    for number, steps in enumerate(LENGTHS):
        classes = np.repeat(chance.integers(0, 3, steps // STRETCH + 1), STRETCH)[:steps]
        write_frames(folder / "store", f"s{number}", frames_of(steps, number, FRAME, classes))
        rows += [
            (f"s{number}", step / FPS, (step + 1) / FPS, "rgb"[one])
            for step, one in enumerate(classes)
        ]
    write_intervals(folder / "labels.csv", rows)
    (folder / "splits.json").write_text(SPLITS)
    return folder / "store", folder / "labels.csv"


def save_network(path: Path, norm: keras.Layer | None = None, seed: int = 0) -> Path:
    """Saves a small convolutional network with a branch past its layer ``two``.

    Args:
        path: a ``.keras`` file.
        norm: a layer behind the layer ``three``.
        seed: of its weights.
    """
    keras.utils.set_random_seed(seed)
    images = keras.Input((*FRAME, 3), name="images")
    x = layers.Rescaling(1 / 128, offset=-1)(images)
    x = layers.Conv2D(4, 3, 2, padding="same", activation="tanh", name="one")(x)
    y = layers.Conv2D(4, 3, padding="same", activation="tanh", name="two")(x)
    x = layers.Add(name="sum")([x, y])
    x = layers.Conv2D(6, 3, 2, activation="tanh", name="three")(x)
    x = norm(x) if norm else x
    x = layers.GlobalAveragePooling2D(name="means")(x)
    keras.Model(images, layers.Dense(5, name="four")(x), name="small").save(path)
    return path


def finetuning(folder: Path, run: str = "run", **options: Any) -> TrainConfig:
    """Returns options of a training on the task of ``write_frame_task`` in a folder.

    Args:
        folder: the folder, where ``net.keras`` is the backbone to begin from.
        run: the name of the run's folder.
        **options: other options than the small ones.
    """
    small: dict[str, Any] = {"units": 6, "layers": 1, "chunk_length": 8, "lanes": 2, "epochs": 2}
    small |= {"tensorboard": False, "learning_rate": 0.02, "backbone_rate": 0.005}
    small |= {"decoder": "none", "splits": folder / "splits.json", "frames_at_once": 10}
    small |= {"finetune": str(folder / "net.keras"), "trainable_from": "two", "dropout": 0.2}
    labels = (folder / "labels.csv",)
    return TrainConfig(folder / "store", labels, folder / run, **{**small, **options})

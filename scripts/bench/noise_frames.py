"""Stores of frames of noise, and a network that begins with chance, for measuring training."""

import json
from pathlib import Path

import cv2
import numpy as np

from preprocessing.files.jpeg import encoded
from preprocessing.store.frame_file import FrameWriter
from preprocessing.store.sequence_info import Origin, settings_text
from preprocessing.terminal.quiet import import_tensorflow

CLASSES, FPS, SIDE, QUALITY, COARSE = 7, 4.0, 112, 90, 14


def make(folder: Path, count: int, steps: int) -> None:
    """Writes sequences, labels (each class once in each), splits and ``net.keras``, once.

    Args:
        folder: gets them; nothing happens if it is whole.
        count: of sequences; all are trained on.
        steps: of each.
    """
    if (folder / "whole").exists():
        return
    names = [f"s{number}" for number in range(count)]
    rows, seconds = ["sequence,start,end,label"], steps / FPS / CLASSES
    for number, name in enumerate(names):
        _write(folder / "store" / f"{name}.h5", steps, np.random.default_rng(number))
        rows += [f"{name},{one * seconds},{(one + 1) * seconds},c{one}" for one in range(CLASSES)]
    (folder / "labels.csv").write_text("\n".join([*rows, ""]))
    (folder / "splits.json").write_text(json.dumps({"train": names, "test": []}))
    _write_network(folder / "net.keras")
    (folder / "whole").touch()


def _write(path: Path, steps: int, chance: np.random.Generator) -> None:
    settings = settings_text(color="rgb", resize="area", quality=QUALITY, size=[SIDE, SIDE])
    origin = Origin(path.stem, "", str(FPS), f"frames:{SIDE}", "", settings)
    with FrameWriter(path, (SIDE, SIDE), origin) as writer:
        for step in range(steps):
            small = chance.integers(0, 255, (COARSE, COARSE, 3), np.uint8)
            contents = np.empty((1, 1), object)
            contents[0, 0] = encoded(cv2.resize(small, (SIDE, SIDE)), QUALITY)
            writer.append(np.array([step / FPS]), contents)


def _write_network(path: Path) -> None:
    import_tensorflow()
    import keras

    shape = (SIDE, SIDE, 3)
    made = keras.applications.EfficientNetB0(False, None, input_shape=shape, pooling="avg")
    for layer in made.layers:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
    made.save(path)

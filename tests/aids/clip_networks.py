"""Films without loss, and small networks of random weights that see clips of them."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import onnx
from onnx_models import Shape, model, node

SIZE = (8, 12)
RATE = 10


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """Noise, ``<uint8>[count, 8, 12, 3]``."""
    return np.random.default_rng(seed).integers(0, 256, (count, *SIZE, 3), np.uint8)


def lossless(path: Path, images: np.ndarray, times: list[int] | None = None) -> Path:
    """Writes a film of ten frames a second, or of frames at the given tenths of a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=RATE)
        stream.height, stream.width = images.shape[1:3]
        stream.pix_fmt = "bgr0"
        for time, image in zip(times or range(len(images)), images, strict=True):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def onnx_network(path: Path, shape: Shape = ("n", 3, "t", *SIZE)) -> Path:
    """Saves a convolution over time and space, whose map is averaged."""
    kernel = np.random.default_rng(1).normal(size=(5, 3, 2, 3, 3)).astype("float32") / 100
    order = {axis: [0, axis, *(n for n in range(1, 5) if n != axis)] for axis in (1, 2, 4)}
    (axis,) = (axis for axis in order if shape[axis] == 3)
    back = [order[axis].index(n) for n in range(5)]
    nodes = [
        node("Transpose", "images", output="first", perm=order[axis]),
        node("Conv", "first", "kernel", output="mapped"),
        node("Relu", "mapped", output="bent"),
        node("Transpose", "bent", perm=back),
    ]
    onnx.save(model(nodes, shape, kernel=kernel), path)
    return path


def keras_network(path: Path, length: int | None = None) -> Path:
    """Saves a convolution over time and space, pooled."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(2)
    parts = [
        layers.Rescaling(1 / 255),
        layers.Conv3D(4, (2, 3, 3), activation="relu"),
        layers.GlobalAveragePooling3D(),
        layers.Dense(3),
    ]
    keras.Sequential([keras.Input((length, *SIZE, 3)), *parts]).save(path)
    return path

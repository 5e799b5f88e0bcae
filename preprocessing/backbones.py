"""Backbones: what turns frames into feature vectors, by name."""

import functools
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from preprocessing import efficientnet_lite
from preprocessing.errors import InputError
from preprocessing.quiet import import_tensorflow, silenced


class Backbone(Protocol):
    """Turns frames into features.

    Attributes:
        name: as given to ``--backbone``.
        digest: of the weights; another digest means other features.
        size: (height, width) of the frames it takes.
        dimension: F.
        settings: its preprocessing, for the record.
    """

    name: str
    digest: str
    size: tuple[int, int]
    dimension: int
    settings: dict[str, Any]

    def __call__(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """From ``<uint8>[N, H, W, 3]``, RGB, to ``<float32>[N, F]``."""
        ...


class EfficientNetLite0:
    """EfficientNet-Lite0 after average pooling; see ``efficientnet_lite``."""

    name = "efficientnet-lite0"
    size = (efficientnet_lite.IMAGE_SIZE, efficientnet_lite.IMAGE_SIZE)
    dimension = efficientnet_lite.FEATURES

    def __init__(self) -> None:
        self.settings = {"color": "rgb", "resize": "area", "scale": "(x - 127) / 128"}
        self.digest = efficientnet_lite.digest(efficientnet_lite.weights_path())
        self._apply: Callable[[Any], Any] | None = None

    def __call__(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self._apply is None:
            self._apply = _compiled()
        features: NDArray[np.float32] = self._apply(frames).numpy()
        return features


def _compiled() -> Callable[[Any], Any]:
    """Compiles the network once, for batches of any length."""
    tensorflow = import_tensorflow()
    with silenced():
        network = efficientnet_lite.build()
        pixels = tensorflow.TensorSpec((None, *EfficientNetLite0.size, 3), tensorflow.uint8)

        def apply(frames: Any) -> Any:
            return network(tensorflow.cast(frames, tensorflow.float32), training=False)

        compiled: Callable[[Any], Any] = tensorflow.function(apply, input_signature=[pixels])
        compiled(np.zeros((1, *EfficientNetLite0.size, 3), "uint8"))
    return compiled


BACKBONES: dict[str, type[Backbone]] = {EfficientNetLite0.name: EfficientNetLite0}


@functools.lru_cache
def load_backbone(name: str) -> Backbone:
    """Makes the backbone of that name, once in a process.

    Raises:
        InputError: there is none; the message lists those there are.
    """
    if name not in BACKBONES:
        raise InputError(f"unknown backbone {name!r}: expected one of {', '.join(BACKBONES)}")
    return BACKBONES[name]()

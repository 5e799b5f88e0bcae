"""The backbone that a training changes, from where it begins to the file that it leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones import load_backbone, takes_pixels
from preprocessing.backbones.network import Network, compiled
from preprocessing.errors import InputError
from preprocessing.files.jpeg_header import Size
from preprocessing.terminal.quiet import import_tensorflow
from trainer.backbone.parts import Parts, cut
from trainer.config import TrainConfig
from trainer.model.model_file import load_model, save_model

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)


@dataclass(frozen=True)
class TrainedBackbone:
    """A network of Keras that a training changes.

    Attributes:
        network: from ``<float32>[N, H, W, 3]``, RGB in 0 to 255, to ``[N, F]``.
        parts: what stays of it and what is trained.
        size: (height, width) of its frames.
        begun_from: name and digest of the backbone as it was before.
    """

    network: keras.Model
    parts: Parts
    size: Size
    begun_from: tuple[str, str]
    _apply: Network

    @property
    def dimension(self) -> int:
        """F."""
        return int(self.network.output_shape[-1])

    def __call__(self, frames: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Makes features by its weights of now, as ``Joined`` does.

        Args:
            frames: ``<uint8>[N, H, W, 3]``, one array.

        Returns:
            ``<float32>[N, F]``.
        """
        return self._apply(frames[0])

    def save(self, path: Path) -> None:
        """Writes it as a backbone like any other.

        Args:
            path: the ``.keras`` file.
        """
        save_model(self.network, path)

    def restore(self, path: Path) -> None:
        """Takes the weights that ``save`` has written.

        Args:
            path: the ``.keras`` file.
        """
        self.network.set_weights(load_model(path).get_weights())

    def described(self) -> str:
        """Says in a line what of it is trained."""
        trained, every = (
            sum(int(np.prod(one.shape)) for one in variables)
            for variables in (self.parts.variables, self.network.weights)
        )
        return (
            f"fine-tuning {self.begun_from[0]} from {self.parts.begins} on: {trained:,} of its "
            f"{every:,} weights, frames of {self.size[0]} x {self.size[1]}"
        )


def open_backbone(config: TrainConfig, size: Size) -> TrainedBackbone:
    """Opens the backbone that is to be trained.

    Args:
        config: names it, and where what is trained begins.
        size: (height, width) of the frames in the store.

    Raises:
        InputError: it is none of Keras, does not take such frames, or cannot be cut so.
    """
    name = str(config.finetune)
    known = load_backbone(name, config.pixels)
    if len(known.parts) > 1:
        raise InputError(f"--finetune {name}: expected one backbone, not several joined by +")
    network = known.parts[0].network(size)
    parts = cut(network, config.trainable_from, freeze_norms=not takes_pixels(name))
    return TrainedBackbone(
        network, parts, size, (known.name, known.digest), compiled(network, size)
    )

"""A backbone that is a network in a ``.keras`` file."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones import digests
from preprocessing.backbones.base import ANY_SIZE, Backbone, require_reasonable
from preprocessing.backbones.network import Network, compiled
from preprocessing.backbones.pixel_layer import from_pixels
from preprocessing.backbones.pixel_scale import AS_THEY_ARE, PixelScale, affine
from preprocessing.errors import InputError
from preprocessing.files.keras_archive import open_keras
from preprocessing.terminal.quiet import import_tensorflow

TAKEN = "[None, H, W, 3] to [None, F] or [None, h, w, F]"


class KerasFile(Backbone):
    """A Keras model from pictures to one output; a map of features is averaged over its places.

    Args:
        path: the file; it is opened in safe mode, so that nothing in it is executed.
        pixels: the scale of the pixels that the model was trained with.

    Raises:
        InputError: the file cannot be opened or does not take pictures; the message has the shapes.
    """

    def __init__(self, path: Path, pixels: PixelScale):
        model = _load(path)
        shape, outputs = _shapes(path, model)
        self.name = path.name
        self.size = (shape[1] or ANY_SIZE, shape[2] or ANY_SIZE)
        require_reasonable(path, self.size)
        self.dimension = outputs[-1]
        self.digest = digests.of_file(path)
        self.settings = {"color": "rgb", "resize": "area", "pixels": pixels}
        if "float" not in model.inputs[0].dtype and pixels != AS_THEY_ARE:
            raise InputError(
                f"{path} takes {model.inputs[0].dtype}, which --pixels {pixels} does not give; "
                f"leave --pixels out"
            )
        self._path, self._sides, self._scale = path, shape[1:3], pixels
        self._apply = _compiled(path, model, self.size, pixels)

    def __call__(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._apply(frames)

    def network(self, size: tuple[int, int]) -> Any:
        model = _load(self._path)
        fixed = [(side, given) for side, given in zip(self._sides, size, strict=True) if side]
        if any(side != given for side, given in fixed):
            raise InputError(
                f"{self._path} takes frames of {self.size[0]} x {self.size[1]}, not of {size[0]} x "
                f"{size[1]}; extract frames:{self.size[0]}x{self.size[1]}"
            )
        if "float" not in model.inputs[0].dtype:
            raise InputError(
                f"{self._path} takes {model.inputs[0].dtype}; save it with an input of float32 to "
                "train it"
            )
        factor, offset = affine(self._scale)
        return from_pixels(model, size, lambda pixels: pixels * factor + offset)


def _load(path: Path) -> Any:
    if not path.is_file():
        raise InputError(f"there is no file {path}")
    try:
        return open_keras(path)
    except InputError:
        raise
    # What a damaged or unsafe file raises differs from part to part of Keras.
    except Exception as error:
        raise InputError(
            f"{path} cannot be opened as a Keras model: {_reason(error)}; expected one of "
            "Keras' own layers, without Lambda"
        ) from None


def _reason(error: Exception) -> str:
    """Returns the first sentence of the innermost error, since Keras adds the whole model."""
    return str(error).split("Exception encountered: ")[-1].split(". ")[0]


def _shapes(path: Path, model: Any) -> tuple[Any, Any]:
    """Returns the shapes of the model's one input and one output.

    Raises:
        InputError: the model has several, or they have another form.
    """
    inputs, outputs = (
        [tuple(tensor.shape) for tensor in getattr(model, part, None) or []]
        for part in ("inputs", "outputs")
    )
    if len(inputs) == len(outputs) == 1:
        taken, given = inputs[0], outputs[0]
        pictures = len(taken) == 4 and taken[0] is None and taken[3] == 3
        if pictures and len(given) in (2, 4) and given[0] is None and given[-1]:
            return taken, given
    raise InputError(f"{path} goes from {_text(inputs)} to {_text(outputs)}, expected {TAKEN}")


def _compiled(path: Path, model: Any, size: tuple[int, int], pixels: PixelScale) -> Network:
    tensorflow = import_tensorflow()
    factor, offset = affine(pixels)
    dtype = model.inputs[0].dtype
    try:
        return compiled(model, size, lambda x: tensorflow.cast(x * factor + offset, dtype))
    except Exception as error:
        raise InputError(
            f"{path} cannot take frames of {size[0]} x {size[1]}; save it with an input "
            "of a known size"
        ) from error


def _text(shapes: list[tuple[Any, ...]]) -> str:
    return " and ".join(str(list(shape)) for shape in shapes) or "nothing known"

"""A backbone that is a network in a ``.keras`` file."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones import digests
from preprocessing.backbones.base import Backbone, InGraph
from preprocessing.backbones.layout import CLIPS, Layout, layout_of, told
from preprocessing.backbones.network import Network, compiled
from preprocessing.backbones.pixel_layer import from_pixels
from preprocessing.backbones.pixel_scale import AS_THEY_ARE, PixelScale, affine
from preprocessing.errors import InputError
from preprocessing.files.keras_archive import open_keras
from preprocessing.terminal.quiet import import_tensorflow
from preprocessing.videos.clip import NOT_ASKED, AskedClip, Clip

TAKEN = f"pictures, [None, H, W, 3], or clips, {CLIPS}, to [None, F] or a map of features"


class KerasFile(Backbone):
    """A Keras model of pictures, or of clips, with one output; a map of features is averaged.

    Args:
        path: the file; it is opened in safe mode, so that nothing in it is executed.
        pixels: the scale of the pixels that the model was trained with.
        asked: the clips that it is to see, if it takes clips.

    Raises:
        InputError: the file cannot be opened or takes neither pictures nor clips; the message has
            the shapes.
    """

    def __init__(self, path: Path, pixels: PixelScale, asked: AskedClip = NOT_ASKED):
        model = _load(path)
        layout, self.dimension = _shapes(path, model)
        self.name = path.name
        self.size = layout.size
        self.clip = layout.clip(path, asked)
        self.digest = digests.of_file(path)
        self.settings = {"color": "rgb", "resize": "area", "pixels": pixels}
        if "float" not in model.inputs[0].dtype and pixels != AS_THEY_ARE:
            raise InputError(
                f"{path} takes {model.inputs[0].dtype}, which --pixels {pixels} does not give; "
                f"leave --pixels out"
            )
        self._path, self._scale = path, pixels
        self._apply = _compiled(path, model, layout, self.clip, pixels)

    def __call__(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._apply(frames)

    @property
    def in_graph(self) -> InGraph:
        return self._apply.in_graph

    def network(self, size: tuple[int, int]) -> Any:
        model = _load(self._path)
        shape = tuple(model.inputs[0].shape)
        if len(shape) != 4 or shape[-1] != 3:
            raise InputError(
                f"{self._path} takes {list(shape)}, expected [None, H, W, 3], of single frames, to "
                "train it"
            )
        fixed = [(side, given) for side, given in zip(shape[1:3], size, strict=True) if side]
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


def _shapes(path: Path, model: Any) -> tuple[Layout, int]:
    """Returns the layout of the model's one input, and F of its one output.

    Raises:
        InputError: the model has several, or they have another form.
    """
    inputs, outputs = (
        [tuple(tensor.shape) for tensor in getattr(model, part, None) or []]
        for part in ("inputs", "outputs")
    )
    if len(inputs) == len(outputs) == 1:
        layout, given = layout_of(inputs[0]), outputs[0]
        if layout and layout.batch is None and (layout.axes, layout.channels) != (4, 1):
            axis = {2: 1, layout.axes: layout.channels}.get(len(given))
            if axis and given[0] is None and given[axis]:
                return layout, given[axis]
    raise InputError(f"{path} goes from {_text(inputs)} to {_text(outputs)}, expected {TAKEN}")


def _compiled(
    path: Path, model: Any, layout: Layout, clip: Clip | None, pixels: PixelScale
) -> Network:
    tensorflow = import_tensorflow()
    factor, offset = affine(pixels)
    dtype = model.inputs[0].dtype
    try:
        return compiled(
            model, layout.size, lambda x: tensorflow.cast(x * factor + offset, dtype), layout, clip
        )
    except Exception as error:
        raise InputError(
            f"{path} cannot take {told(layout.size, clip)}; save it with an input of a known size"
        ) from error


def _text(shapes: list[tuple[Any, ...]]) -> str:
    return " and ".join(str(list(shape)) for shape in shapes) or "nothing known"

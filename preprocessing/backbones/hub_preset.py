"""Image and video backbones of keras-hub (the extra ``keras-hub``), by the names of its presets.

A preset is one that keras-hub knows, which it downloads, the handle of one such as
``hf://USER/MODEL``, or a folder that ``save_to_preset`` wrote.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones import digests
from preprocessing.backbones.base import Backbone, InGraph
from preprocessing.backbones.layout import Layout, layout_of
from preprocessing.backbones.names import PREFIX, is_place
from preprocessing.backbones.network import compiled
from preprocessing.errors import InputError, shorten
from preprocessing.terminal.quiet import import_tensorflow, silenced
from preprocessing.videos.clip import NOT_ASKED, AskedClip

EXPECTED = "pictures, [None, H, W, 3], or clips, [None, T, H, W, 3], and one output"


class HubPreset(Backbone):
    """A backbone of keras-hub with its own preprocessing; of a pair with text, its vision encoder.

    What it makes of a frame, or of a clip, is averaged over places and tokens.

    Args:
        preset: what comes after ``keras-hub:``.
        asked: the clips that it is to see, if it takes clips.

    Raises:
        InputError: keras-hub is not installed, the preset cannot be loaded, or it is no backbone
            of pictures or clips.
    """

    def __init__(self, preset: str, asked: AskedClip = NOT_ASKED):
        network, converter = _loaded(preset)
        layout, key = _input(preset, network, converter)
        self.name = PREFIX + (preset if "://" in preset else _without_folder(preset))
        self.size = converter.image_size = layout.size
        self.clip = layout.clip(self.name, asked)
        scale = [np.asarray(part) for part in (converter.scale or 1, converter.offset or 0)]
        self.digest = digests.of_arrays([*network.get_weights(), *scale])
        self.settings = {"color": "rgb", "resize": "area", "scale": "keras-hub"}
        with silenced():
            self._apply = compiled(
                _pooled(network, key), self.size, _prepare(converter), clip=self.clip
            )
        self.dimension = int(network.outputs[0].shape[-1])

    def __call__(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._apply(frames)

    @property
    def in_graph(self) -> InGraph:
        return self._apply.in_graph


def _without_folder(preset: str) -> str:
    return f"./{Path(preset).name}" if is_place(preset) else preset


def _loaded(preset: str) -> tuple[Any, Any]:
    """Returns the network and the layer that prepares its pixels."""
    import_tensorflow()
    try:
        with silenced():
            import keras_hub
    except ImportError as error:
        missing = getattr(error, "name", None) in (None, "keras_hub")
        raise InputError(
            f"{PREFIX}{preset} needs keras-hub, which {'is not installed' if missing else error}: "
            'pip install "longtake[keras-hub]"'
        ) from None
    if not is_place(preset) and Path(preset).is_dir():
        raise InputError(f"{PREFIX}{preset} is a folder; write {PREFIX}./{preset}")
    try:
        with silenced():
            network = keras_hub.models.Backbone.from_preset(preset, dtype="float32")
            converter = keras_hub.layers.ImageConverter.from_preset(preset)
    # What a missing, damaged or unreachable preset raises differs from part to part of keras-hub.
    except Exception as error:
        raise InputError(
            f"{PREFIX}{preset} cannot be loaded: {shorten(_reason(error))}; expected the name of a "
            "preset with pictures, its handle, or a folder that save_to_preset wrote"
        ) from None
    return getattr(network, "vision_encoder", None) or network, converter


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _input(preset: str, network: Any, converter: Any) -> tuple[Layout, str | None]:
    """Returns the layout of a network's one input, and its name where it wants a dictionary.

    Args:
        preset: for the message.
        network: the backbone, or its vision encoder.
        converter: the layer that prepares its pixels; it says their size where it is open.

    Raises:
        InputError: the network has another form.
    """
    inputs, outputs = (
        [tuple(tensor.shape) for tensor in getattr(network, part, None) or []]
        for part in ("inputs", "outputs")
    )
    layout = layout_of(inputs[0]) if len(inputs) == len(outputs) == 1 else None
    if layout is None or layout.channels != layout.axes - 1 or len(outputs[0]) < 2:
        found = " and ".join(str(list(shape)) for shape in inputs) or "nothing known"
        raise InputError(
            f"{PREFIX}{preset} takes {found} and gives {len(outputs)} outputs, expected {EXPECTED}"
        )
    if None in inputs[0][-3:] and converter.image_size:
        layout = layout._replace(size=tuple(converter.image_size))
    structure = network.input
    return layout, next(iter(structure)) if isinstance(structure, dict) else None


def _pooled(network: Any, key: str | None) -> Callable[..., Any]:
    """Returns a network from pictures to the mean of what it makes of them, ``[N, F]``."""
    tensorflow = import_tensorflow()

    def call(pixels: Any, training: bool) -> Any:
        outputs = network(pixels if key is None else {key: pixels}, training=training)
        return tensorflow.reduce_mean(outputs, list(range(1, len(outputs.shape) - 1)))

    return call


def _prepare(converter: Any) -> Callable[[Any], Any]:
    """Returns what prepares pictures, or the pictures of clips."""
    tensorflow = import_tensorflow()

    def prepare(pixels: Any) -> Any:
        pictures = converter(tensorflow.reshape(pixels, (-1, *pixels.shape[-3:])))
        return tensorflow.reshape(pictures, tensorflow.shape(pixels))

    return prepare

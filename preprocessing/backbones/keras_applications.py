"""The networks of ``keras.applications``, by the names that Keras gives them.

Keras downloads their ImageNet weights into its cache (``~/.keras/models``, or
``$KERAS_HOME/models``) the first time.
"""

import contextlib
import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones import digests
from preprocessing.backbones.base import ANY_SIZE, Backbone, InGraph
from preprocessing.backbones.network import compiled
from preprocessing.backbones.pixel_layer import from_pixels
from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow


class KerasApplication(Backbone):
    """A network without its head, after average pooling, with its own preprocessing of pixels.

    Args:
        name: as Keras spells it.

    Raises:
        InputError: its weights can be neither found nor downloaded.
    """

    settings: Mapping[str, Any] = {"color": "rgb", "resize": "area", "scale": "preprocess_input"}

    def __init__(self, name: str):
        builder = applications()[name]
        self.name = name
        self._builder = builder
        self.size = default_size(builder)
        network = _with_weights(name, builder, self.size)
        self.dimension = network.output_shape[-1]
        self.digest = digests.of_arrays(network.get_weights())
        self._apply = compiled(network, self.size, preprocessing(builder))

    def __call__(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._apply(frames)

    @property
    def in_graph(self) -> InGraph:
        return self._apply.in_graph

    def network(self, size: tuple[int, int]) -> Any:
        made = _with_weights(self.name, self._builder, size)
        return from_pixels(made, size, preprocessing(self._builder))


def applications() -> dict[str, Callable[..., Any]]:
    """Returns all networks: the function that builds each, by name."""
    import_tensorflow()
    import keras

    return dict(inspect.getmembers(keras.applications, inspect.isfunction))


def spelled(name: str) -> str | None:
    """Returns a name as Keras spells it, whatever its case; None if there is no such network."""
    return {known.lower(): known for known in applications()}.get(name.lower())


def preprocessing(builder: Callable[..., Any]) -> Callable[[Any], Any]:
    """Returns the function with which a network's own module prepares pixels."""
    prepare: Callable[[Any], Any] = inspect.getmodule(builder).preprocess_input  # type: ignore[union-attr]
    return prepare


def default_size(builder: Callable[..., Any]) -> tuple[int, int]:
    """Returns the (height, width) of a network, which it has only with its head."""
    height, width = builder(weights=None).input_shape[1:3]
    return height or ANY_SIZE, width or ANY_SIZE


def _with_weights(name: str, builder: Callable[..., Any], size: tuple[int, int]) -> Any:
    try:
        # Keras shows its downloads on standard output, which is for results.
        with contextlib.redirect_stdout(sys.stderr):
            return builder(include_top=False, pooling="avg", input_shape=(*size, 3))
    # Keras raises a bare Exception where a download fails.
    except Exception as error:
        raise InputError(
            f"the ImageNet weights of {name} cannot be loaded: {error}; copy ~/.keras/models from "
            "a machine that has a network and has run the same command, or give a .keras file"
        ) from None

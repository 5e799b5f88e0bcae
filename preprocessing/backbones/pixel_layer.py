"""The preprocessing of pixels as a layer of a network, which then takes them as they are."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow

COLOURS = 3
# Colours at which a preprocessing is looked at: each alone, and together.
PROBES = np.vstack([np.zeros(3), np.eye(3), np.ones(3), [[0.2, 0.5, 0.9]]]) * 255
TOLERANCE = 1e-3
NAME = "pixels"


def from_pixels(network: Any, size: tuple[int, int], prepare: Callable[[Any], Any]) -> Any:
    """Returns a network with its preprocessing in it, and means of its map of features, if any.

    Args:
        network: a ``keras.Model`` from ``[N, H, W, 3]`` to ``[N, F]`` or ``[N, h, w, F]``.
        size: (height, width) of the frames.
        prepare: turns ``<float32>[N, H, W, 3]`` in 0 to 255 into the network's input, each pixel by
            itself.

    Returns:
        A ``keras.Model`` from ``<float32>[N, H, W, 3]``, RGB in 0 to 255, to ``[N, F]``, with
        copies of the network's layers and their weights.

    Raises:
        InputError: the preprocessing is no affine map of the three colours of a pixel.
    """
    import_tensorflow()
    import keras

    kernel, bias = _affine_map(prepare)
    images = keras.Input((*size, COLOURS), name="images")
    prepared = images
    if not (np.array_equal(kernel, np.eye(COLOURS)) and not bias.any()):
        layer = keras.layers.Conv2D(COLOURS, 1, name=NAME, trainable=False)
        prepared = layer(images)
        layer.set_weights([kernel[None, None], bias])

    def applied(layer: Any, *tensors: Any, **options: Any) -> Any:
        """Calls a layer; what it takes of the frames, it takes prepared."""
        return layer(*(prepared if tensor is images else tensor for tensor in tensors), **options)

    entering = keras.tree.map_structure(lambda _: images, network.input)
    copied = keras.models.clone_model(network, input_tensors=entering, call_function=applied)
    for layer in filter(lambda layer: layer.weights, network.layers):
        copied.get_layer(layer.name).set_weights(layer.get_weights())
    (x,) = copied.outputs
    if len(x.shape) == 4:
        x = keras.layers.GlobalAveragePooling2D(name="means")(x)
    return keras.Model(images, x, name=network.name)


def _affine_map(
    prepare: Callable[[Any], Any],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Returns kernel ``[3, 3]`` and bias ``[3]`` of a preprocessing, found at a few colours."""
    pixels = PROBES.astype("float32")[None, None]
    # Some preprocessings write into what they get.
    found = np.asarray(prepare(pixels.copy()), "float64")[0, 0]
    bias = found[0]
    kernel = (found[1:4] - bias) / 255
    if not np.allclose(PROBES @ kernel + bias, found, atol=TOLERANCE):
        raise InputError("this network prepares its pixels in a way that cannot be made a layer")
    return kernel.astype("float32"), bias.astype("float32")

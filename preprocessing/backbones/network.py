"""A Keras network as a function of frames."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.terminal.quiet import import_tensorflow, silenced

Network = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def compiled(
    network: Any, size: tuple[int, int], prepare: Callable[[Any], Any] = lambda pixels: pixels
) -> Network:
    """Compiles a network once, for batches of any length.

    Args:
        network: a ``keras.Model`` from ``[N, H, W, 3]`` to ``[N, F]``, or to ``[N, h, w, F]``,
            which is averaged over its places.
        size: (height, width) of the frames.
        prepare: turns ``<float32>[N, H, W, 3]`` in 0 to 255 into the network's input.

    Returns:
        From ``<uint8>[N, H, W, 3]`` to ``<float32>[N, F]``.
    """
    tensorflow = import_tensorflow()
    frames = tensorflow.TensorSpec((None, *size, 3), tensorflow.uint8)

    def apply(frames: Any) -> Any:
        outputs = network(prepare(tensorflow.cast(frames, tensorflow.float32)), training=False)
        outputs = tensorflow.cast(outputs, tensorflow.float32)
        return tensorflow.reduce_mean(outputs, (1, 2)) if len(outputs.shape) == 4 else outputs

    function = tensorflow.function(apply, input_signature=[frames], autograph=False)
    with silenced():
        function(np.zeros((1, *size, 3), np.uint8))

    def call(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        features: NDArray[np.float32] = function(frames).numpy()
        return features

    return call

"""A Keras network as a function of frames."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones.base import InGraph
from preprocessing.backbones.layout import Layout
from preprocessing.terminal.quiet import import_tensorflow, silenced
from preprocessing.videos.clip import Clip


@dataclass(frozen=True)
class Network:
    """A network from ``<uint8>[N, H, W, 3]``, or ``[N, T, H, W, 3]``, to ``<float32>[N, F]``.

    Attributes:
        in_graph: the same of tensors, for a graph that has the network in it.
    """

    in_graph: InGraph
    _program: Callable[[Any], Any]

    def __call__(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Makes features of frames."""
        features: NDArray[np.float32] = self._program(frames).numpy()
        return features


def compiled(
    network: Any,
    size: tuple[int, int],
    prepare: Callable[[Any], Any] = lambda pixels: pixels,
    layout: Layout | None = None,
    clip: Clip | None = None,
) -> Network:
    """Compiles a network once, for batches of any length.

    Args:
        network: a ``keras.Model`` from ``[N, H, W, 3]`` to ``[N, F]``, or to ``[N, h, w, F]``,
            which is averaged over its places.
        size: (height, width) of the frames.
        prepare: turns ``<float32>[N, H, W, 3]`` in 0 to 255 into what the network wants.
        layout: the order of the network's axes, and of those of its map, where it is another.
        clip: the clips that it takes, ``[N, T, H, W, 3]``; None where it takes single frames.
    """
    tensorflow = import_tensorflow()
    shape = (*((clip.length,) if clip else ()), *size, 3)
    layout = layout or Layout(len(shape), len(shape) + 1, None, None, size)
    spec = tensorflow.TensorSpec((None, *shape), tensorflow.uint8)

    def apply(frames: Any) -> Any:
        pixels = prepare(tensorflow.cast(frames, tensorflow.float32))
        if layout.order != tuple(range(layout.axes)):
            pixels = tensorflow.transpose(pixels, layout.order)
        outputs = tensorflow.cast(network(pixels, training=False), tensorflow.float32)
        if len(outputs.shape) > 2:
            outputs = tensorflow.reduce_mean(outputs, layout.places)
        return outputs

    program = tensorflow.function(apply, input_signature=[spec], autograph=False)
    with silenced():
        program(np.zeros((1, *shape), np.uint8))
    return Network(InGraph(apply, tuple(getattr(network, "variables", ()))), program)

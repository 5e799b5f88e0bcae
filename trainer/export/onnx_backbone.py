"""A backbone in an ONNX graph, put before the model that takes its features.

    frames ─ [-1, H, W, 3] ─ network ─┐
                                      ├─ side by side ─ rounded ─ [B, T, F] ─ the model's own graph
    frames ─ [-1, H, W, 3] ─ network ─┘                as in a store

The networks are converted each by itself, or are ONNX models already. What rounds is added at last:
the converter would take casts to fewer bits and back for nothing.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import onnx
from onnx import compose, helper, numpy_helper, version_converter

from preprocessing.backbones import Backbone
from preprocessing.backbones.onnx_file import OnnxFile
from preprocessing.backbones.onnx_graph import FEATURES, FRAMES
from preprocessing.terminal.quiet import import_tensorflow
from trainer.export.backbone import FrameInput, GraphBackbone
from trainer.export.onnx_conversion import converted

tf = import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

OWN_DOMAIN = ("", "ai.onnx")
JOINED = "backbone"


def with_backbone(model: Any, backbone: GraphBackbone, frames: Sequence[Any]) -> Any:
    """Returns a model that takes frames where it took features, and gives these too.

    Args:
        model: an ``onnx.ModelProto`` whose first input is features ``<float32>[B, T, F]``.
        backbone: makes the features.
        frames: names and shapes of the inputs of frames.
    """
    parts = [(part, backbone.input_of(part)) for part in backbone.joined.parts]
    networks = [
        compose.add_prefix(_network(part, one), f"{JOINED}_{number}/")
        for number, (part, one) in enumerate(parts)
    ]
    version = max(map(_version, (model, *networks)))
    made, *networks = (_at_version(one, version) for one in (model, *networks))
    features, *carry = made.graph.input
    seen = [one.name for _, one in parts]
    before = [_flat(number, one) for number, (_, one) in enumerate(parts)]
    after = _features(len(parts), seen[0], backbone, features.name)
    nodes = [*chain(*before, *(one.graph.node for one in networks)), *after, *made.graph.node]
    del made.graph.node[:], made.graph.input[:]
    made.graph.node.extend(nodes)
    for network in networks:
        _take_weights(made, network)
    entering = [
        helper.make_tensor_value_info(one.name, onnx.TensorProto.UINT8, one.shape.as_list())
        for one in frames
    ]
    made.graph.input.extend([*entering, *carry])
    made.graph.output.append(features)
    return made


def _network(part: Backbone, seen: FrameInput) -> Any:
    """Returns a part from ``frames`` to ``features``.

    Large weights pass the converter by, which would copy them some forty times.
    """
    if isinstance(part, OnnxFile):
        return part.model()
    made, spec = part.in_graph, tf.TensorSpec((None, *seen.one), tf.uint8, FRAMES)
    large = {
        f"weight_{number}": variable
        for number, variable in enumerate(made.variables)
        if len(variable.shape) > 1
    }
    specs = [spec, *(tf.TensorSpec(v.shape, v.dtype, name) for name, v in large.items())]

    def call(frames: Any, *weights: Any) -> Any:
        with keras.StatelessScope(list(zip(large.values(), weights, strict=True))):
            return made.call(frames)

    program = tf.function(call, input_signature=specs, autograph=False)
    model = converted(program.get_concrete_function(), specs, [FEATURES], JOINED)
    _set_weights(model, large)
    return model


def _set_weights(model: Any, weights: dict[str, Any]) -> None:
    """Puts weights in the place of inputs."""
    for name, variable in weights.items():
        array = np.asarray(variable.numpy())
        model.graph.initializer.append(numpy_helper.from_array(array, name))
    inputs = [one for one in model.graph.input if one.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(inputs)


def _flat(number: int, seen: FrameInput) -> list[Any]:
    """Returns the nodes that take frames of all steps for one batch of a network."""
    name = f"{JOINED}_{number}/{FRAMES}"
    shape = _constant(f"{name}/shape", [-1, *seen.one])
    return [shape, helper.make_node("Reshape", [seen.name, *shape.output], [name])]


def _features(count: int, seen: str, backbone: GraphBackbone, name: str) -> list[Any]:
    """Returns the nodes that make of each network's features what the model takes."""
    make, kinds = helper.make_node, onnx.TensorProto
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(backbone.dtype))
    made = [f"{JOINED}_{number}/{FEATURES}" for number in range(count)]
    return [
        make("Concat", made, [f"{JOINED}/joined"], axis=1),
        make("Cast", [f"{JOINED}/joined"], [f"{JOINED}/stored"], to=kind),
        make("Cast", [f"{JOINED}/stored"], [f"{JOINED}/read"], to=kinds.FLOAT),
        _constant(f"{JOINED}/size", [backbone.joined.dimension]),
        make("Shape", [seen], [f"{JOINED}/steps"], start=0, end=2),
        make("Concat", [f"{JOINED}/steps", f"{JOINED}/size"], [f"{JOINED}/shape"], axis=0),
        make("Reshape", [f"{JOINED}/read", f"{JOINED}/shape"], [name]),
    ]


def _take_weights(model: Any, network: Any) -> None:
    """Adds all of a network to a model but its nodes."""
    model.graph.initializer.extend(network.graph.initializer)
    model.graph.sparse_initializer.extend(network.graph.sparse_initializer)
    model.functions.extend(network.functions)
    known = {one.domain: one for one in model.opset_import}
    for one in network.opset_import:
        if one.domain in known:
            known[one.domain].version = max(known[one.domain].version, one.version)
        elif one.domain not in OWN_DOMAIN:
            model.opset_import.append(one)
    model.ir_version = max(model.ir_version, network.ir_version)


def _constant(name: str, numbers: list[int]) -> Any:
    value = numpy_helper.from_array(np.array(numbers, np.int64), name)
    return helper.make_node("Constant", [], [name], value=value)


def _version(model: Any) -> int:
    """Returns the version of ONNX's own operations that a model has."""
    return next((int(one.version) for one in model.opset_import if one.domain in OWN_DOMAIN), 1)


def _at_version(model: Any, version: int) -> Any:
    if _version(model) == version:
        return model
    return version_converter.convert_version(model, version)

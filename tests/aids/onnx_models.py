"""Small ONNX models."""

from collections.abc import Sequence

import numpy as np
from onnx import TensorProto, helper, numpy_helper

Shape = Sequence[int | str | None]


OPSET, IR_VERSION = 17, 8


def model(nodes: list, shape: Shape, kind: int = TensorProto.FLOAT, **weights: np.ndarray):
    """An ONNX model from ``images`` to ``features``."""
    graph = helper.make_graph(
        nodes,
        "encoder",
        [helper.make_tensor_value_info("images", kind, shape)],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", OPSET)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)


def node(kind: str, *inputs: str, output: str = "features", **attributes):
    return helper.make_node(kind, list(inputs), [output], **attributes)

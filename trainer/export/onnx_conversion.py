"""Programs of TensorFlow as ONNX models."""

import logging
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from preprocessing.terminal.quiet import import_tensorflow, silenced

import_tensorflow()
from tensorflow.python.framework.convert_to_constants import (  # noqa: E402
    convert_variables_to_constants_v2,
)

OPSET = 17
convert: Any = import_module("tf2onnx.convert")


def converted(program: Any, specs: Sequence[Any], outputs: Sequence[str], name: str) -> Any:
    """Converts a program.

    Args:
        program: a concrete function, to one array or to arrays by name.
        specs: the names and shapes of its inputs.
        outputs: the names of its outputs, in the order that they get.
        name: of the graph.

    Returns:
        An ``onnx.ModelProto``.
    """
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    # Only loops as TensorFlow 2 has them are recognised as layers that ONNX has.
    frozen = convert_variables_to_constants_v2(
        program, lower_control_flow=False, aggressive_inlining=True
    )
    inputs = {f"{spec.name}:0": spec.name for spec in specs}
    pairs = zip(frozen.outputs, sorted(outputs), strict=True)
    made = {array.name: name for array, name in pairs}
    with silenced():
        model, _ = convert.from_graph_def(
            frozen.graph.as_graph_def(),
            name=name,
            input_names=list(inputs),
            output_names=sorted(made, key=lambda array: outputs.index(made[array])),
            opset=OPSET,
            tensors_to_rename={**inputs, **made},
        )
    return model

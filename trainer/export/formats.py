"""The formats of ``export``: how each is written, and opened again as its clients would."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow, silenced
from trainer.export.graph import FEATURES, OUTPUTS, Graph, named
from trainer.export.options import FormatName

tf = import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

Arrays = Mapping[str, NDArray[Any]]
Call = Callable[[Arrays], Arrays]
METADATA_KEY = "longtake"
SIGNATURE = "serving_default"


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        write: writes a graph and its description to a path.
        open: opens a written model as a function from arrays by name to arrays by name.
        float32: True if all layers compute in float32, even if they did not in training.
        tolerance: the largest difference of its answers from the run's; see ``difference``.
    """

    write: Callable[[Graph, Path, str], None]
    open: Callable[[Path], Call]
    float32: bool
    tolerance: float


def _write_keras(graph: Graph, partial: Path, _: str) -> None:
    named(graph.model).save(partial)


def _open_keras(path: Path) -> Call:
    model = keras.saving.load_model(path, compile=False, safe_mode=True)

    def call(arrays: Arrays) -> Arrays:
        made = model({name: keras.ops.convert_to_tensor(array) for name, array in arrays.items()})
        return {name: np.asarray(tf.cast(array, tf.float32)) for name, array in made.items()}

    return call


def _write_saved_model(graph: Graph, partial: Path, _: str) -> None:
    owner = tf.Module()
    owner.weights = list(graph.function.variables)
    with silenced():
        tf.saved_model.save(owner, str(partial), signatures={SIGNATURE: graph.function})


def _open_saved_model(path: Path) -> Call:
    loaded = tf.saved_model.load(str(path))
    signature = loaded.signatures[SIGNATURE]

    def call(arrays: Arrays) -> Arrays:
        _ = loaded  # Its variables live as long as it does.
        made = signature(**{name: tf.constant(array) for name, array in arrays.items()})
        return {name: array.numpy() for name, array in made.items()}

    return call


def _write_onnx(graph: Graph, partial: Path, facts: str) -> None:
    onnx, *_ = (_extra(name, "onnx") for name in ("onnx", "tf2onnx", "onnxruntime"))
    from trainer.export.onnx_backbone import with_backbone
    from trainer.export.onnx_conversion import converted

    inner = graph.of_features
    model = converted(inner.function, inner.specs, inner.outputs, graph.model.name)
    if graph.backbone:
        model = with_backbone(model, graph.backbone, graph.step_specs)
    onnx.helper.set_model_props(model, {METADATA_KEY: facts})
    for value in (*model.graph.input, *model.graph.output):
        _name_sizes(graph, value)
    onnx.checker.check_model(model, full_check=True)
    partial.write_bytes(model.SerializeToString())


def _name_sizes(graph: Graph, value: Any) -> None:
    """Names the free sizes of an ONNX graph."""
    batch, *sizes = value.type.tensor_type.shape.dim
    if graph.shape.batch is None:
        batch.dim_param = "batch"
    if value.name in (*(spec.name for spec in graph.step_specs), OUTPUTS, FEATURES):
        if graph.shape.steps is None:
            sizes[0].dim_param = "steps"
        else:
            sizes[0].dim_value = graph.shape.steps
    states = graph.specs[len(graph.step_specs) :]
    for name, state in zip(graph.outputs[1:], states, strict=True):
        if value.name == name:
            for size, known in zip(sizes, state.shape[1:], strict=True):
                size.dim_value = known


def _open_onnx(path: Path) -> Call:
    runtime = _extra("onnxruntime", "onnx")
    session = runtime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda arrays: dict(zip(names, session.run(names, dict(arrays)), strict=True))


def _write_tflite(graph: Graph, partial: Path, _: str) -> None:
    lite = _lite()
    with TemporaryDirectory() as folder, silenced():
        _write_saved_model(graph, Path(folder), "")
        converter = lite.TFLiteConverter.from_saved_model(folder, signature_keys=[SIGNATURE])
        converter.target_spec.supported_ops = [lite.OpsSet.TFLITE_BUILTINS]
        partial.write_bytes(converter.convert())


def _open_tflite(path: Path) -> Call:
    with warnings.catch_warnings(), silenced():
        # It names another package as its successor, which reads the same files.
        warnings.filterwarnings("ignore", ".*tf.lite.Interpreter is deprecated.*")
        interpreter = _lite().Interpreter(model_content=path.read_bytes())
        runner = interpreter.get_signature_runner(SIGNATURE)

    def call(arrays: Arrays) -> Arrays:
        with silenced():
            return {name: array.copy() for name, array in runner(**arrays).items()}

    return call


def _lite() -> Any:
    lite = getattr(tf, "lite", None)
    if lite is None:
        raise InputError(
            f"--format tflite: TensorFlow {tf.__version__} has no converter for it any more; give "
            "another --format, or use TensorFlow 2.21"
        )
    return lite


def _extra(module: str, format_name: FormatName) -> Any:
    """Imports a package that only some formats need.

    Raises:
        InputError: the package is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise InputError(
            f"--format {format_name} needs the package {module}, which is not installed; "
            "pip install 'longtake[export]', or pip install onnx onnxruntime tf2onnx"
        ) from None


FORMATS: dict[FormatName, Format] = {
    "keras": Format(_write_keras, _open_keras, float32=False, tolerance=1e-5),
    "saved_model": Format(_write_saved_model, _open_saved_model, float32=False, tolerance=1e-5),
    "onnx": Format(_write_onnx, _open_onnx, float32=True, tolerance=1e-4),
    "tflite": Format(_write_tflite, _open_tflite, float32=True, tolerance=1e-4),
}

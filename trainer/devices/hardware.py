"""The hardware that computes a model: devices, threads, and cuDNN for recurrent layers."""

import os
from pathlib import Path
from typing import Any

from preprocessing.terminal.console import note
from preprocessing.terminal.quiet import import_tensorflow
from trainer.devices.replicas import Devices
from trainer.kernels.layers import layers_of
from trainer.threads import usual_threads

tf = import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

DRIVER = Path("/dev/nvidiactl")  # There wherever NVIDIA's driver is.
KERNELS = ("CudnnRNN", "CudnnRNNV2", "CudnnRNNV3")
MOST_THREADS = 1024  # A checkpoint may come from anywhere.


def threads() -> int:
    """Returns how many threads share an operation of TensorFlow here: as set, or one a core."""
    return int(tf.config.threading.get_intra_op_parallelism_threads()) or usual_threads()


def use_threads(count: int) -> None:
    """Makes TensorFlow share operations among as many threads as before, on whatever machine.

    How a product is cut up, and so the last bits of a sum, may depend on their number.

    Args:
        count: of threads; 0 for any.
    """
    if not 0 < count <= MOST_THREADS or count == (own := threads()):
        return
    try:
        tf.config.threading.set_intra_op_parallelism_threads(count)
    except RuntimeError:  # TensorFlow has begun.
        note(
            f"the run computed in {count} threads so far, and this process does in {own}: its "
            "weights may differ in the last bits from those of a run that was never interrupted"
        )
    else:
        note(f"computing in {count} threads, as the run did so far, where {own} would be usual")


def name_hardware(model: keras.Model, devices: Devices) -> str:
    """Says what computes a model here, and why not in cuDNN if it does not.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        devices: that share each batch.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        hint = f" although {DRIVER} is there: is longtake[cuda] installed?"
        return (
            f"computing on {_share(devices)}the CPU, {len(os.sched_getaffinity(0))} cores; "
            f"no cuDNN, for TensorFlow finds no GPU{hint if DRIVER.exists() else ''}"
        )
    names = {tf.config.experimental.get_device_details(gpu).get("device_name") for gpu in gpus}
    said = f"{len(devices.own)} x {', '.join(sorted(map(str, names)))}"
    return f"computing on {said}; {recurrent(model)}"


def recurrent(model: keras.Model) -> str:
    """Says which recurrent layers of a model run in cuDNN, and why the others do not."""
    layers = [layer for layer in layers_of(model) if isinstance(layer, keras.layers.RNN)]
    count = cudnn_kernels(model)
    said = f"recurrent layers in cuDNN: {count} of {len(layers)}"
    reasons = [f"{layer.name}: {', '.join(found)}" for layer in layers if (found := why_not(layer))]
    return f"{said} ({'; '.join(reasons)})" if reasons else said


def cudnn_kernels(model: keras.Model) -> int:
    """Counts the kernels of cuDNN in the graph that TensorFlow makes of a model."""
    sizes = [(2, *[size or 3 for size in x.shape[1:]]) for x in model.inputs]
    specs = [tf.TensorSpec(size, x.dtype) for size, x in zip(sizes, model.inputs, strict=True)]
    graph = tf.function(lambda *x: model(list(x), training=True)).get_concrete_function(*specs)
    return sum(operation.type in KERNELS for operation in graph.graph.get_operations())


def why_not(layer: Any) -> list[str]:
    """Returns what keeps a recurrent layer from cuDNN, by Keras' conditions."""
    if not isinstance(layer, keras.layers.LSTM | keras.layers.GRU):
        return ["neither LSTM nor GRU"]
    conditions = {
        "its activation is not tanh": layer.activation is not keras.activations.tanh,
        "its gates are not sigmoid": layer.recurrent_activation is not keras.activations.sigmoid,
        "it has no bias": not layer.use_bias,
        "it is unrolled": layer.unroll,
        "it has recurrent dropout": bool(layer.recurrent_dropout),
        "it resets before its product": not getattr(layer, "reset_after", True),
        "use_cudnn is off": layer.use_cudnn is False,
    }
    return [reason for reason, holds in conditions.items() if holds]


def _share(devices: Devices) -> str:
    """Says of parts of one CPU that count as devices how many they are."""
    return f"{len(devices.own)} parts of " if len(devices.own) > 1 else ""

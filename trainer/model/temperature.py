"""The temperature of a model: what its logits are divided by before they become probabilities.

    trained        logits ─────────────────────────▶ probabilities
    calibrated     logits ─▶ temperature, 1/T ─────▶ probabilities
    a model of     answers ─▶ uncalibrated ─▶ log ─▶ temperature, 1/T ─▶ probabilities
    one's own

Guo, Pleiss, Sun and Weinberger 2017, "On Calibration of Modern Neural Networks", section 4.2. The
temperature is a ``Rescaling`` layer, so that a saved model stays one of stock layers. It changes
how sure answers are, and not which class is named.
"""

from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.task import Classification, Task

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)
from keras import ops  # noqa: E402

TEMPERATURE, UNCALIBRATED = "temperature", "uncalibrated"
LOGITS, PROBABILITIES = "logits", "probabilities"  # The names of the layers of ``Task.head``.
TINY = 1e-30  # The least probability of a class, and the least distance of one from 0 and 1.
EDGE = 1e-7


def temperature_of(model: keras.Model) -> float:
    """Returns T of a model; 1 for one without."""
    layer = _layer(model, TEMPERATURE)
    return 1.0 / float(layer.scale) if isinstance(layer, keras.layers.Rescaling) else 1.0


def calibrated(model: keras.Model, task: Task, temperature: float) -> keras.Model:
    """Returns a model of the same layers and weights whose logits are divided by T.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``, without a temperature.
        task: what its outputs are; no regression.
        temperature: T.
    """
    outputs, *carry = model.outputs
    head, logits = _layer(model, PROBABILITIES), _layer(model, LOGITS)
    scale = keras.layers.Rescaling(1.0 / temperature, dtype="float32", name=TEMPERATURE)
    if head is not None and logits is not None:
        made = _again(head)(scale(head.input))
    else:
        made = _headed(task, scale(_log_odds(task, outputs)))
    return keras.Model(model.inputs, [made, *carry], name=model.name)


def uncalibrated(model: keras.Model) -> keras.Model:
    """Returns a model as it was before it got a temperature; one without stays as it is."""
    scale, kept = _layer(model, TEMPERATURE), _layer(model, UNCALIBRATED)
    if not isinstance(scale, keras.layers.Rescaling):
        return model
    _, *carry = model.outputs
    answers = kept.input if kept is not None else _again(_layer(model, PROBABILITIES))(scale.input)
    return keras.Model(model.inputs, [answers, *carry], name=model.name)


def _layer(model: keras.Model, name: str) -> Any:
    return next((layer for layer in model.layers if layer.name == name), None)


def _again(layer: Any) -> Any:
    """Returns a new layer without weights like another; one that is called twice has two inputs."""
    return type(layer).from_config(layer.get_config())


def _log_odds(task: Task, outputs: Any) -> Any:
    """Returns logits that make the outputs of a head that is not ours."""
    answers = keras.layers.Activation("linear", dtype="float32", name=UNCALIBRATED)(outputs)
    if isinstance(task, Classification):
        return ops.log(ops.maximum(answers, TINY))
    answers = ops.clip(answers, EDGE, 1.0 - EDGE)
    return ops.log(answers) - ops.log(1.0 - answers)


def _headed(task: Task, logits: Any) -> Any:
    if isinstance(task, Classification):
        return keras.layers.Softmax(dtype="float32", name=PROBABILITIES)(logits)
    return keras.layers.Activation("sigmoid", dtype="float32", name=PROBABILITIES)(logits)

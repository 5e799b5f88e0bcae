"""Several models as one graph, whose outputs are the mean of theirs.

    features ─┬─ model 1 ─┐                    the carry of each beside that of the others
              └─ model 2 ─┴─ mean ─ outputs

It is made of stock Keras layers and operations only, like each of them.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from trainer.model.carry import call_model
from trainer.task import Classification, Regression, Task

# As in ``trainer.predictions.together``.
SMALLEST = float(np.finfo("float32").tiny)
NEAREST = float(np.finfo("float32").epsneg)


def joined_model(models: Sequence[keras.Model], task: Task) -> keras.Model:
    """Makes one model of several that see the same features; one alone stays as it is.

    Args:
        models: each from ``(features, *carry)`` to ``(outputs, *carry)``.
        task: what the outputs are.

    Returns:
        A model of the same form, whose carry is that of all, one after the other; its parts are
        named by the number of the model: ``model_1_h_0``.
    """
    if len(models) == 1:
        return models[0]
    features = keras.Input(models[0].inputs[0].shape[1:], name="features")
    every: list[Any] = []
    carry_in: list[Any] = []
    carry_out: list[Any] = []
    for number, model in enumerate(models, start=1):
        model.name = f"model_{number}"
        carry = [
            keras.Input(state.shape[1:], name=f"{model.name}_{state.name}")
            for state in model.inputs[1:]
        ]
        outputs, after = call_model(model, features, carry)
        every.append(ops.cast(outputs, "float32"))
        carry_in += carry
        carry_out += after
    return keras.Model([features, *carry_in], [_mean(every, task), *carry_out], name="ensemble")


def _mean(every: Sequence[Any], task: Task) -> Any:
    """Returns the mean as ``trainer.predictions.together`` has it, up to rounding."""
    if isinstance(task, Regression):
        return sum(every[1:], every[0]) / len(every)
    if isinstance(task, Classification):
        logs = [ops.log(ops.maximum(one, SMALLEST)) for one in every]
        return ops.softmax(sum(logs[1:], logs[0]) / len(logs))
    inside = [ops.clip(one, NEAREST, 1 - NEAREST) for one in every]
    odds = [ops.log(one) - ops.log(1 - one) for one in inside]
    return ops.sigmoid(sum(odds[1:], odds[0]) / len(odds))

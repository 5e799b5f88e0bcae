"""The answers of several models as one: their mean.

    classification  the mean of log-probabilities, made to sum to 1 again
    multilabel      the mean of log-odds, for each class
    regression      the mean

That is the geometric mean of what the models say, by which one model that is sure that a class is
not there outweighs several that doubt it (Hinton 2002, "Training products of experts by minimizing
contrastive divergence", with the weights of all experts 1 / their number). An answer of one model
alone is left as it is, bit for bit.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.terminal.quiet import import_tensorflow
from trainer.model.carry import call_model
from trainer.task import Classification, Regression, Task

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)
from keras import ops  # noqa: E402

# What is surely not there for one model may still be there for the others: log-probabilities end
# at that of the smallest normal float32, log-odds at the float32 next to 1.
SMALLEST = float(np.finfo("float32").tiny)
NEAREST = float(np.finfo("float32").epsneg)


def mean_answer(task: Task, outputs: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Returns the mean of the answers of several models, ``<float32>[..., C]``.

    Args:
        task: what the answers are.
        outputs: of each model, ``<float32>[..., C]``; see ``trainer.task``.
    """
    if len(outputs) == 1:
        return outputs[0]
    every = [np.asarray(one, "float64") for one in outputs]
    if isinstance(task, Regression):
        joined = _mean(every)
    elif isinstance(task, Classification):
        joined = _mean([np.log(np.maximum(one, SMALLEST)) for one in every])
        joined = np.exp(joined - joined.max(-1, keepdims=True))
        joined = joined / joined.sum(-1, keepdims=True)
    else:
        inside = [np.clip(one, NEAREST, 1 - NEAREST) for one in every]
        joined = 1 / (1 + np.exp(-_mean([np.log(one) - np.log1p(-one) for one in inside])))
    return np.asarray(joined, "float32")


def _mean(every: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Adds up in the order of the models, so that it is the same for one step and for many."""
    total = every[0]
    for one in every[1:]:
        total = total + one
    return total / len(every)


def joined_model(models: Sequence[keras.Model], task: Task) -> keras.Model:
    """Makes one model of several that see the same features; one alone stays as it is.

        features ─┬─ model 1 ─┐                the carry of each beside that of the others
                  └─ model 2 ─┴─ mean ─ outputs

    It is made of stock Keras layers and operations only, like each of them.

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
    outputs = [_mean_in_graph(every, task), *carry_out]
    return keras.Model([features, *carry_in], outputs, name="ensemble")


def _mean_in_graph(every: Sequence[Any], task: Task) -> Any:
    """Returns what ``mean_answer`` does, in float32."""
    if isinstance(task, Regression):
        return sum(every[1:], every[0]) / len(every)
    if isinstance(task, Classification):
        logs = [ops.log(ops.maximum(one, SMALLEST)) for one in every]
        return ops.softmax(sum(logs[1:], logs[0]) / len(logs))
    inside = [ops.clip(one, NEAREST, 1 - NEAREST) for one in every]
    odds = [ops.log(one) - ops.log(1 - one) for one in inside]
    return ops.sigmoid(sum(odds[1:], odds[0]) / len(odds))

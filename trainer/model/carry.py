"""The carry: recurrent state that is handed from one chunk to the next, never hidden in layers.

outputs, carry = model(features, carry)        # chunk k
carry = reset_rows(carry, reset)               # rows whose sequence ended start anew
outputs, carry = model(features, carry)        # chunk k + 1
"""

from typing import Any

from preprocessing.terminal.quiet import import_tensorflow

import_tensorflow()
from keras import ops, tree  # noqa: E402  (after TensorFlow, whose messages are held back)

Tensor = Any  # Of TensorFlow; with several devices, one on each of them.
Carry = tuple[Tensor, ...]


def zero_carry(model: Any, lanes: int) -> Carry:
    """The initial state.

    Args:
        model: a Keras model from ``(features, *carry)`` to ``(outputs, *carry)``.
        lanes: B.

    Returns:
        A ``<float32>[B, ...]`` of zeros for each of the model's carry inputs.
    """
    return tuple(ops.zeros((lanes, *state.shape[1:]), "float32") for state in model.inputs[1:])


def call_model(model: Any, features: Any, carry: Any, **options: Any) -> tuple[Any, Carry]:
    """Outputs and the carry after; also of a model that has none."""
    outputs, *after = tree.flatten(model([features, *carry], **options))
    return outputs, tuple(after)


def reset_rows(carry: Carry, reset: Any) -> Carry:
    """Replaces rows by the initial state.

    Args:
        carry: ``<float32>[B, ...]`` each.
        reset: ``<bool>[B]``.
    """

    def one(state: Any) -> Any:
        rows = ops.reshape(reset, (-1, *[1] * (len(state.shape) - 1)))
        return ops.where(rows, ops.zeros_like(state), state)

    return tuple(one(state) for state in carry)

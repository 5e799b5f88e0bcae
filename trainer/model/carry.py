"""The carry: recurrent state that is handed from one chunk to the next, never hidden in layers.

A model that counts steps shows a carry and a reset to the eye. Its outputs are how many steps it
has seen, its carry is the last of them:

>>> import keras
>>> steps, seen = keras.Input((None, 1)), keras.Input((1,))
>>> counted = seen[:, None] + ops.cumsum(ops.ones_like(steps), axis=1)
>>> model = keras.Model([steps, seen], [counted, counted[:, -1]])
>>> def chunk(carry):
...     outputs, carry = call_model(model, ops.zeros((2, 3, 1)), carry)
...     print(ops.cast(outputs, "int32")[..., 0].numpy())
...     return carry

Two lanes, chunks of three steps. The sequence in lane 1 ends with the second chunk, so that row,
and no other, is reset before the third:

>>> carry = chunk(zero_carry(model, lanes=2))
[[1 2 3]
 [1 2 3]]
>>> carry = chunk(carry)
[[4 5 6]
 [4 5 6]]
>>> carry = chunk(reset_rows(carry, ops.convert_to_tensor([False, True])))
[[7 8 9]
 [1 2 3]]

The counterexample: where state is hidden in layers and can only be reset as a whole, as in a
stateful layer of Keras, the end of one lane's sequence makes all lanes forget.

>>> carry = chunk(zero_carry(model, lanes=2))
[[1 2 3]
 [1 2 3]]

And without a reset lane 1 would go on counting, so that the first steps of a sequence would be
answered from the end of another one. The idea of a core that counts is that of dm-haiku's tests.
"""

from typing import Any

from preprocessing.terminal.quiet import import_tensorflow

import_tensorflow()
from keras import ops, tree  # noqa: E402  (after TensorFlow, whose messages are held back)

Tensor = Any  # Of TensorFlow; with several devices, one on each of them.
Carry = tuple[Tensor, ...]


def zero_carry(model: Any, lanes: int) -> Carry:
    """Returns the state in which a sequence begins.

    Args:
        model: a Keras model from ``(features, *carry)`` to ``(outputs, *carry)``.
        lanes: B.

    Returns:
        A ``<float32>[B, ...]`` of zeros for each of the model's carry inputs.
    """
    return tuple(ops.zeros((lanes, *state.shape[1:]), "float32") for state in model.inputs[1:])


def call_model(model: Any, features: Any, carry: Any, **options: Any) -> tuple[Any, Carry]:
    """Passes a chunk through a model.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``; its carry may be empty.
        features: ``<float32>[B, T, F]``.
        carry: the state before the chunk, ``<float32>[B, ...]`` each.
        **options: of the call, such as ``training``.

    Returns:
        Outputs ``<float32>[B, T, C]``, and the carry after the chunk.
    """
    outputs, *after = tree.flatten(model([features, *carry], **options))
    return outputs, tuple(after)


def reset_rows(carry: Carry, reset: Any) -> Carry:
    """Returns a carry in which some rows are the initial state and the others are as they were.

    Args:
        carry: ``<float32>[B, ...]`` each.
        reset: ``<bool>[B]``, True for rows whose sequence begins with the next chunk.
    """

    def one(state: Any) -> Any:
        rows = ops.reshape(reset, (-1, *[1] * (len(state.shape) - 1)))
        return ops.where(rows, ops.zeros_like(state), state)

    return tuple(one(state) for state in carry)

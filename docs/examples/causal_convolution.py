"""Dilated causal convolutions, for ``longtake train --model causal_convolution.py:build``.

Each layer sees the last steps of the chunk before, which are its carry:

    chunk k      ... x x x x|
    carry                x x|          the last (KERNEL - 1) * dilation inputs of the layer
    chunk k + 1          c c|x x x x   in front of the next chunk: no padding, no edge

Only stock Keras layers and operations, so the saved model opens without this file.
"""

import keras
from keras import ops

KERNEL = 3
LEVELS = 4


def build(size, classes, config):
    """From F, C and the configuration to a model from (features, *carry) to (outputs, *carry)."""
    features = keras.Input((None, size))
    x = keras.layers.Dense(config.units)(features)
    carry_in, carry_out = [], []
    for level in range(LEVELS):
        dilation = 2**level
        reach = (KERNEL - 1) * dilation
        before = keras.Input((reach, config.units))
        seen = ops.concatenate([before, x], axis=1)
        carry_in.append(before)
        carry_out.append(seen[:, -reach:])
        y = keras.layers.Conv1D(config.units, KERNEL, dilation_rate=dilation, activation="relu")(
            seen
        )
        x = x + keras.layers.Dense(config.units)(keras.layers.SpatialDropout1D(config.dropout)(y))
    outputs = keras.layers.Dense(classes, activation="softmax")(x)
    return keras.Model([features, *carry_in], [outputs, *carry_out])

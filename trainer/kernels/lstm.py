"""One step of an LSTM and its derivative, without the matrix products.

Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000; gates
in the order of ``keras.layers.LSTM``:

    i, f, o = sigmoid(...)    g = tanh(...)    c' = f c + i g    h' = o tanh(c')
"""

from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.kernels.recurrence import sigmoid

tf = import_tensorflow()


class LSTMGates:
    """See ``recurrence.Gates``; states are h and c."""

    kept_arrays, slope_arrays = 5, 1

    def forward(self, inputs: Any, recurrent: Any, states: Any) -> tuple[Any, Any]:
        i, f, g, o = tf.split(inputs + recurrent, 4, -1)
        i, f, g, o = sigmoid(i), sigmoid(f), tf.tanh(g), sigmoid(o)
        c = f * states[1] + i * g
        squashed = tf.tanh(c)
        return (o * squashed, c), (i, f, g, o, squashed)

    def backward(self, kept: Any, states: Any, slopes: Any) -> tuple[Any, Any]:
        i, f, g, o, squashed = kept
        by_h, by_c = slopes
        by_c = by_c + by_h * o * (1 - squashed * squashed)
        by_gates = tf.concat(
            [
                by_c * g * i * (1 - i),
                by_c * states[1] * f * (1 - f),
                by_c * i * (1 - g * g),
                by_h * squashed * o * (1 - o),
            ],
            -1,
        )
        return (by_gates,), (0.0, by_c * f)

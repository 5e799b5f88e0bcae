"""One step of a GRU and its derivative, without the matrix products.

Cho et al. 2014, in the form that cuDNN and ``keras.layers.GRU(reset_after=True)`` compute: the
reset gate comes after the recurrent product, whose third part is written R here; gates in Keras'
order:

    z, r = sigmoid(...)    g = tanh(x + r R)    h' = z h + (1 - z) g
"""

from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.kernels.recurrence import sigmoid

tf = import_tensorflow()


class GRUGates:
    """See ``recurrence.Gates``; the state is h."""

    kept_arrays, slope_arrays = 4, 2

    def forward(self, inputs: Any, recurrent: Any, states: Any) -> tuple[Any, Any]:
        (h,) = states
        x_z, x_r, x_g = tf.split(inputs, 3, -1)
        r_z, r_r, r_g = tf.split(recurrent, 3, -1)
        z, r = sigmoid(x_z + r_z), sigmoid(x_r + r_r)
        g = tf.tanh(x_g + r * r_g)
        return (z * h + (1 - z) * g,), (z, r, g, r_g)

    def backward(self, kept: Any, states: Any, slopes: Any) -> tuple[Any, Any]:
        z, r, g, r_g = kept
        (h,), (by_h,) = states, slopes
        by_g = by_h * (1 - z) * (1 - g * g)
        by_z = by_h * (h - g) * z * (1 - z)
        by_r = by_g * r_g * r * (1 - r)
        by_inputs = tf.concat([by_z, by_r, by_g], -1)
        by_recurrent = tf.concat([by_z, by_r, by_g * r], -1)
        return (by_inputs, by_recurrent), (by_h * z,)

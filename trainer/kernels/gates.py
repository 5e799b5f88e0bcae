"""One step of a recurrent cell and its derivative, without the matrix products."""

from typing import Any, Protocol

from preprocessing.terminal.quiet import import_tensorflow

tf = import_tensorflow()

States = tuple[Any, ...]


class Gates(Protocol):
    """One step of a cell and its derivative, without the matrix products.

    States are ``<float32>[B, U]``, of which the first is ``h``. ``inputs`` is ``x_t @ kernel +
    bias`` and ``recurrent`` is ``h @ recurrent_kernel + recurrent_bias``, ``<float32>[B, G U]``
    each for G gates.

    Attributes:
        kept_arrays: how many arrays ``backward`` needs of a step.
        gradient_arrays: 1 if the gradients by ``inputs`` and ``recurrent`` are the same, else 2.
    """

    kept_arrays: int
    gradient_arrays: int

    def forward(self, inputs: Any, recurrent: Any, states: States) -> tuple[States, States]:
        """Computes the step.

        Args:
            inputs: ``<float32>[B, G U]``, the product of the inputs.
            recurrent: ``<float32>[B, G U]``, the product of ``h``.
            states: before the step, ``<float32>[B, U]`` each.

        Returns:
            The states after it, and what ``backward`` needs of it, ``<float32>[B, U]`` each.
        """

    def backward(
        self, kept: States, states: States, gradients: States
    ) -> tuple[tuple[Any, ...], States]:
        """Takes gradients after the step to gradients before it.

        Args:
            kept: what ``forward`` kept.
            states: before the step.
            gradients: by the states after it, ``<float32>[B, U]`` each.

        Returns:
            The gradient by ``inputs`` and, if it is another, by ``recurrent``; that by the states
            before, but for what goes through ``recurrent``.
        """


def sigmoid(x: Any) -> Any:
    """Computes the logistic function by the hyperbolic tangent, which XLA does twice as fast."""
    return 0.5 * tf.tanh(0.5 * x) + 0.5


class LSTMGates:
    """One step of an LSTM; its states are h and c.

    Hochreiter and Schmidhuber 1997, with the forget gate of Gers, Schmidhuber and Cummins 2000;
    gates in the order of ``keras.layers.LSTM``:

        i, f, o = sigmoid(...)    g = tanh(...)    c' = f c + i g    h' = o tanh(c')
    """

    kept_arrays, gradient_arrays = 5, 1

    def forward(self, inputs: Any, recurrent: Any, states: Any) -> tuple[Any, Any]:
        i, f, g, o = tf.split(inputs + recurrent, 4, -1)
        i, f, g, o = sigmoid(i), sigmoid(f), tf.tanh(g), sigmoid(o)
        c = f * states[1] + i * g
        squashed = tf.tanh(c)
        return (o * squashed, c), (i, f, g, o, squashed)

    def backward(self, kept: Any, states: Any, gradients: Any) -> tuple[Any, Any]:
        i, f, g, o, squashed = kept
        by_h, by_c = gradients
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


class GRUGates:
    """See ``recurrence.Gates``; the state is h."""

    kept_arrays, gradient_arrays = 4, 2

    def forward(self, inputs: Any, recurrent: Any, states: Any) -> tuple[Any, Any]:
        (h,) = states
        x_z, x_r, x_g = tf.split(inputs, 3, -1)
        r_z, r_r, r_g = tf.split(recurrent, 3, -1)
        z, r = sigmoid(x_z + r_z), sigmoid(x_r + r_r)
        g = tf.tanh(x_g + r * r_g)
        return (z * h + (1 - z) * g,), (z, r, g, r_g)

    def backward(self, kept: Any, states: Any, gradients: Any) -> tuple[Any, Any]:
        z, r, g, r_g = kept
        (h,), (by_h,) = states, gradients
        by_g = by_h * (1 - z) * (1 - g * g)
        by_z = by_h * (h - g) * z * (1 - z)
        by_r = by_g * r_g * r * (1 - r)
        by_inputs = tf.concat([by_z, by_r, by_g], -1)
        by_recurrent = tf.concat([by_z, by_r, by_g * r], -1)
        return (by_inputs, by_recurrent), (by_h * z,)

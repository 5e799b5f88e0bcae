"""Layers of Keras, computed faster by a CPU.

A layer keeps its class, its weights and its configuration, so a model is saved as if nothing had
happened; only the method that computes is replaced, in that one object. On a GPU nothing is
replaced, since Keras calls cuDNN there.
"""

from types import MethodType
from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.kernels.gates import Gates, GRUGates, LSTMGates
from trainer.kernels.layers import layers_of
from trainer.kernels.recurrence import recur
from trainer.kernels.xla import by_xla_now

tf = import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

GATES: dict[type, Gates] = {keras.layers.LSTM: LSTMGates(), keras.layers.GRU: GRUGates()}
DROPOUTS = (keras.layers.Dropout, keras.layers.SpatialDropout1D)


def accelerate(model: keras.Model) -> None:
    """Replaces the methods of layers that can be faster, in a model and in models within it.

    LSTM and GRU with the activations that Keras gives them, in float32, without recurrent dropout:
    their loop over time. Dropout: its random numbers, in ``compiled_by_xla``.
    """
    if tf.config.list_physical_devices("GPU"):
        return
    for layer in layers_of(model):
        if type(layer) in GATES and _is_usual(layer) and "inner_loop" not in vars(layer):
            loop = _inner_loop(GATES[type(layer)], layer.inner_loop)
            layer.inner_loop = MethodType(loop, layer)
        elif type(layer) in DROPOUTS and "call" not in vars(layer):
            layer.call = MethodType(_dropout(layer.call), layer)


def _is_usual(layer: Any) -> bool:
    return bool(
        layer.activation is keras.activations.tanh
        and layer.recurrent_activation is keras.activations.sigmoid
        and layer.compute_dtype == "float32"
        and not (layer.recurrent_dropout or layer.go_backwards or layer.unroll)
        and getattr(layer, "reset_after", True)
    )


def _inner_loop(gates: Gates, slow: Any) -> Any:
    """Makes what takes the place of ``inner_loop``, a method that Keras' LSTM and GRU share."""

    def inner_loop(
        layer: Any, sequences: Any, initial_state: Any, mask: Any, training: bool = False
    ) -> Any:
        if mask is not None:
            return slow(sequences, initial_state, mask, training)
        cell = layer.cell
        if training and layer.dropout:
            sequences = sequences * cell.get_dropout_mask(sequences[:, 0])[:, None]
        bias, recurrent_bias = _biases(cell)
        outputs, states = recur(
            gates,
            tf.convert_to_tensor(sequences),
            tuple(initial_state),
            tf.convert_to_tensor(cell.kernel),
            tf.convert_to_tensor(cell.recurrent_kernel),
            bias,
            recurrent_bias,
        )
        return states[0], outputs, list(states)

    return inner_loop


def _biases(cell: Any) -> tuple[Any, Any]:
    """Returns the bias of the inputs and that of the recurrent product.

    A GRU of Keras has both. The one of an LSTM may be either, and costs nothing step by step.
    """
    if not cell.use_bias:
        return None, None
    bias = tf.convert_to_tensor(cell.bias)
    return (bias[0], bias[1]) if len(bias.shape) == 2 else (None, bias)


def _dropout(slow: Any) -> Any:
    """Makes what takes the place of ``Dropout.call``: the same, from other random numbers.

    By Philox, as TensorFlow would, they cost XLA more than the layer after them; by ThreeFry, with
    which JAX draws too, a fraction of that. And XLA would draw a number anew for each step that it
    is used in; it does not look into a loop whose turns it cannot count.
    """

    def call(layer: Any, inputs: Any, training: bool = False) -> Any:
        if not (training and layer.rate > 0 and by_xla_now.get()):
            return slow(inputs, training=training)
        whole = [size or tf.shape(inputs)[axis] for axis, size in enumerate(inputs.shape)]
        noise_shape = _noise_shape(layer) or (None,) * len(whole)
        shape = [size or whole[axis] for axis, size in enumerate(noise_shape)]
        seed = tf.cast(layer.seed_generator.next(), tf.int32)
        one = tf.maximum(1, tf.minimum(1, seed[0]))

        def draw(turn: Any, _: Any) -> Any:
            return turn + 1, tf.random.stateless_uniform(shape, seed, alg="threefry")

        begin = (tf.constant(0), tf.zeros(shape))
        _, drawn = tf.while_loop(lambda turn, _: turn < one, draw, begin)
        return inputs * (tf.cast(drawn >= layer.rate, inputs.dtype) / (1 - layer.rate))

    return call


def _noise_shape(layer: Any) -> tuple[int | None, ...]:
    """Returns 1 for each axis along which all is dropped or nothing, None for the others.

    Nothing stands for the shape of the inputs. As Keras reads it, a shape of fewer axes is that of
    the last axes of the inputs.
    """
    if isinstance(layer, keras.layers.SpatialDropout1D):
        return None, 1, None
    return tuple(layer.noise_shape or ())

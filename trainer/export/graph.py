"""The model of a run as one graph, from named arrays to named arrays.

features ─┐             ┌─ outputs
h_0       ├─ one call ──┤  h_0_out    goes in as h_0 at the next call
c_0      ─┘             └─ c_0_out
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.export.options import Shape
from trainer.kernels.layers import layers_of
from trainer.model.carry import call_model

tf = import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

OUTPUTS, AFTER = "outputs", "_out"
FLOAT32 = "float32"


@dataclass(frozen=True)
class Graph:
    """A model for export.

    Attributes:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``; used by nothing else.
        shape: the B and T of a call.
    """

    model: keras.Model
    shape: Shape

    @property
    def carry(self) -> list[str]:
        """The names of the parts of the carry."""
        return [state.name for state in self.model.inputs[1:]]

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs, in the order of the model."""
        return [OUTPUTS, *(name + AFTER for name in self.carry)]

    @property
    def specs(self) -> list[Any]:
        """The names and shapes of the inputs, in the order of the model."""
        features, *carry = self.model.inputs
        batch, steps = self.shape.batch, self.shape.steps
        return [
            tf.TensorSpec((batch, steps, features.shape[-1]), tf.float32, features.name),
            *(tf.TensorSpec((batch, *state.shape[1:]), tf.float32, state.name) for state in carry),
        ]

    @cached_property
    def function(self) -> Any:
        """The graph as a concrete function from arrays by name to arrays by name.

        Recurrent layers loop as in Keras, whatever a machine would do faster; for one step there is
        no loop.
        """
        _make_plain(self.model, loops=self.shape.steps != 1)

        def call(*arrays: Any) -> dict[str, Any]:
            outputs, after = call_model(self.model, arrays[0], arrays[1:], training=False)
            return {
                name: tf.identity(tf.cast(array, tf.float32), name)
                for name, array in zip(self.outputs, (outputs, *after), strict=True)
            }

        traced = tf.function(call, input_signature=self.specs, autograph=False)
        return traced.get_concrete_function()


def in_float32(model: keras.Model) -> keras.Model:
    """Returns the model with all layers computing in float32; itself if they do so already."""
    config = model.get_config()
    changed = _with_policy(config)
    if changed == config:
        return model
    made = type(model).from_config(changed)
    made.set_weights(model.get_weights())
    return made


def named(model: keras.Model) -> keras.Model:
    """Returns the model with a dictionary for its inputs and one for its outputs."""
    names = [OUTPUTS, *(state.name + AFTER for state in model.inputs[1:])]
    inputs = {array.name: array for array in model.inputs}
    return keras.Model(inputs, dict(zip(names, model.outputs, strict=True)), name=model.name)


def _make_plain(model: keras.Model, loops: bool) -> None:
    """Disables kernels of one kind of machine, and unrolls loops over time if asked to."""
    for layer in layers_of(model):
        if isinstance(layer, keras.layers.RNN):
            layer.unroll = not loops
            if hasattr(layer, "use_cudnn"):
                layer.use_cudnn = False


def _with_policy(config: Any) -> Any:
    """Returns a model's configuration in which each layer computes in float32."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":
            return {**config, "config": {"name": FLOAT32}}
        return {name: _with_policy(value) for name, value in config.items()}
    if isinstance(config, list | tuple):
        return type(config)(_with_policy(value) for value in config)
    return config

"""The model of a run as one graph, from named arrays to named arrays.

features ─┐             ┌─ outputs
h_0       ├─ one call ──┤  h_0_out    goes in as h_0 at the next call
c_0      ─┘             └─ c_0_out

With its backbone, frames take the place of features, and features come out too.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.export.backbone import GraphBackbone
from trainer.export.options import Shape
from trainer.kernels.layers import layers_of
from trainer.model.carry import call_model

tf = import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

OUTPUTS, AFTER, FEATURES = "outputs", "_out", "features"
FLOAT32 = "float32"


@dataclass(frozen=True)
class Graph:
    """A model for export.

    Attributes:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``; used by nothing else.
        shape: the B and T of a call.
        backbone: makes the features, if frames go in.
    """

    model: keras.Model
    shape: Shape
    backbone: GraphBackbone | None = None

    @property
    def carry(self) -> list[str]:
        """The names of the parts of the carry."""
        return [state.name for state in self.model.inputs[1:]]

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs and of the carry after, in the order of the model."""
        return [OUTPUTS, *(name + AFTER for name in self.carry)]

    @property
    def step_specs(self) -> list[Any]:
        """The names and shapes of the inputs that have steps: features, or frames."""
        return self.backbone.specs(self.shape) if self.backbone else [self._features]

    @property
    def specs(self) -> list[Any]:
        """The names and shapes of all inputs: those that have steps, then the carry."""
        return [*self.step_specs, *self._carry_specs]

    @property
    def of_features(self) -> "Graph":
        """The same without the backbone."""
        return replace(self, backbone=None)

    @property
    def _features(self) -> Any:
        features = self.model.inputs[0]
        size = (self.shape.batch, self.shape.steps, features.shape[-1])
        return tf.TensorSpec(size, tf.float32, features.name)

    @property
    def _carry_specs(self) -> list[Any]:
        return [
            tf.TensorSpec((self.shape.batch, *state.shape[1:]), tf.float32, state.name)
            for state in self.model.inputs[1:]
        ]

    @cached_property
    def function(self) -> Any:
        """The graph as a concrete function from arrays by name to arrays by name.

        Recurrent layers loop as in Keras, whatever a machine would do faster; for one step there is
        no loop.
        """
        _make_plain(self.model, loops=self.shape.steps != 1)
        stepped = len(self.step_specs)

        def call(*arrays: Any) -> dict[str, Any]:
            features = self._features_of(arrays[:stepped])
            outputs, after = call_model(self.model, features, arrays[stepped:], training=False)
            made = dict(zip(self.outputs, (outputs, *after), strict=True))
            if self.backbone:
                made[FEATURES] = features
            return {
                name: tf.identity(tf.cast(array, tf.float32), name) for name, array in made.items()
            }

        traced = tf.function(call, input_signature=self.specs, autograph=False)
        return traced.get_concrete_function()

    def _features_of(self, given: tuple[Any, ...]) -> Any:
        """Returns features ``<float32>[B, T, F]`` of the inputs that have steps."""
        return self.backbone.features(given, self.shape) if self.backbone else given[0]


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

from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.kernels.layers import all_layers, layers_of

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)


@keras.saving.register_keras_serializable("tests")
class Composed(keras.layers.Layer):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.parts = [keras.layers.BatchNormalization(name="in_a_list")]
        self.named = {"last": keras.layers.Dense(3, name="in_a_dictionary"), 1: None}

    def call(self, x: Any) -> Any:
        return self.named["last"](self.parts[0](x))


def a_model() -> keras.Model:
    x = keras.Input((None, 3), name="x")
    inner = keras.Sequential([keras.layers.Dense(3, name="inner")], name="nested")
    wrapped = keras.layers.TimeDistributed(keras.layers.Dense(3, name="wrapped"), name="over_time")
    cells = [keras.layers.LSTMCell(2, name="cell")]
    y = keras.layers.RNN(cells, name="rnn")(wrapped(Composed(name="composed")(inner(x))))
    return keras.Model(x, y, name="model")


def test_models_in_a_model_are_walked_through() -> None:
    assert [layer.name for layer in layers_of(a_model())] == [
        *("x", "inner", "composed", "over_time", "rnn")
    ]


def test_all_that_layers_are_made_of_is_found_once() -> None:
    found = [layer.name for layer in all_layers(a_model())]
    assert len(found) == len(set(found))
    assert {"nested", "inner", "in_a_list", "in_a_dictionary", "wrapped", "cell"} < set(found)

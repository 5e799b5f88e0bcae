"""Walks through the layers of a model."""

from collections.abc import Iterator
from typing import Any

from preprocessing.terminal.quiet import import_tensorflow

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)


def layers_of(model: keras.Model) -> Iterator[keras.Layer]:
    """Yields the layers of a model and of models in it, but not what layers are made of."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from layers_of(layer)
        else:
            yield layer


def all_layers(model: keras.Layer) -> Iterator[keras.Layer]:
    """Yields a model, its layers, and all that they are made of, however deep, each once.

    What a layer is made of lies in its attributes, or in lists and dictionaries there.
    """
    waiting, seen = [model], {id(model)}
    while waiting:
        layer = waiting.pop()
        yield layer
        for part in _held(list(vars(layer).values())):
            if id(part) not in seen:
                seen.add(id(part))
                waiting.append(part)


def _held(value: Any) -> Iterator[keras.Layer]:
    """Yields a value that is a layer, or the layers in a collection, however deep."""
    if isinstance(value, keras.Layer):
        yield value
    elif isinstance(value, dict):
        yield from _held(list(value.values()))
    elif isinstance(value, list | tuple | set):
        for part in value:
            yield from _held(part)

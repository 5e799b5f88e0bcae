"""The recurrent layers between normalised inputs and the last layer; stock Keras layers only."""

from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import TrainConfig

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)
from keras import ops  # noqa: E402

CELLS = {"lstm": (keras.layers.LSTM, "hc"), "gru": (keras.layers.GRU, "h")}


def recurrent_layers(config: TrainConfig, x: Any) -> tuple[Any, list[Any], list[Any]]:
    """Stacks recurrent layers.

    Args:
        config: cell, layers, units, dropout and so on.
        x: ``<float32>[B, T, F]``.

    Returns:
        ``[B, T, U]`` after dropout, ready for the last layer; the carry in: for each layer ``h``
        and, of an LSTM, ``c``, ``<float32>[B, U]``, then ``started <float32>[B, 1]`` if the initial
        state is learned; the carry out.
    """
    cell, states = CELLS[config.cell]
    carry = [
        keras.Input((config.units,), name=f"{state}_{layer}", dtype="float32")
        for layer in range(config.layers)
        for state in states
    ]
    begun = list(carry)
    started = None
    if config.learn_initial_state:
        started = keras.Input((1,), name="started", dtype="float32")
        begun = [_or_learned(state, started) for state in carry]
    after = []
    for layer in range(config.layers):
        x = _prepared(config, x, layer)
        recurrent = cell(
            config.units,
            return_sequences=True,
            return_state=True,
            dtype=config.precision,
            name=f"{config.cell}_{layer}",
        )
        place = slice(layer * len(states), (layer + 1) * len(states))
        x, *state_after = recurrent(x, initial_state=begun[place])
        after += state_after
    if started is not None:
        carry, after = [*carry, started], [*after, ops.ones_like(started)]
    return _prepared(config, x, config.layers), carry, after


def _or_learned(state: Any, started: Any) -> Any:
    """Returns a carried state, or the learned one where the sequence has not started.

    A reset leaves zeros in both, so the state is then the row of this kernel; later it gets nothing
    added.
    """
    learned = keras.layers.Dense(
        state.shape[-1],
        use_bias=False,
        kernel_initializer="zeros",
        dtype="float32",
        name=f"initial_{state.name}",
    )
    return state + learned(1.0 - started)


def _prepared(config: TrainConfig, x: Any, number: int) -> Any:
    """Adds layer normalisation and dropout before layer ``number``.

    Dropout takes away the same features at every step of a chunk (Gal and Ghahramani 2016, section
    4.2). One random number for a feature, not for a feature and a step: on a CPU the step is
    several times as fast.
    """
    if config.layer_norm:
        x = keras.layers.LayerNormalization(dtype=config.precision, name=f"layer_norm_{number}")(x)
    if config.dropout:
        x = keras.layers.SpatialDropout1D(
            config.dropout, seed=config.seed + number, dtype=config.precision, name=f"drop_{number}"
        )(x)
    return x

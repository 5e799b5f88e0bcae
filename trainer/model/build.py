"""The model: an ordinary functional Keras model from (features, *carry) to (outputs, *carry).

    features [B, T, F + P] ─ normalize ─ recurrent layers, or a model of one's own ─ outputs
    carry of the layers, carry of running moments ──────────────────────────────▶ carry

It is made of stock Keras layers only, so ``keras.saving.load_model`` opens a saved one anywhere;
unless it holds layers of one's own, whose file must be imported first.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import TrainConfig
from trainer.layout import Layout
from trainer.model.normalization import scale, scale_by_sequence
from trainer.model.own_model import OwnModel
from trainer.model.recurrent import recurrent_layers
from trainer.task import Regression

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)


def build_model(
    config: TrainConfig,
    layout: Layout,
    dimension: int,
    moments: Sequence[Sequence[float]],
    own: OwnModel | None = None,
) -> keras.Model:
    """Builds a model with its normalisation in it.

    Args:
        config: cell, layers, units and so on.
        layout: the task, and what the model sees.
        dimension: F of the store.
        moments: mean and variance of each training feature, to normalise by; empty leaves
            features as they are.
        own: what to build between normalisation and answer instead of recurrent layers.

    Returns:
        A model from ``features <float>[B, T, F + P]`` (features beside past labels) and the carry,
        ``<float32>[B, ...]`` each, to outputs (see ``trainer.task``) and the carry after the last
        step; B and T are free.

    Raises:
        InputError: ``own`` does not build such a model.
    """
    size = layout.feature_size(dimension)
    features = keras.Input((None, size + layout.past_size), name="features")
    x, running_in, running_out = _normalized(config, layout, size, features, moments)
    if own is None:
        x, carry_in, carry_out = recurrent_layers(config, x)
        outputs = layout.task.head(x, config.precision)
    else:
        outputs, carry_in, carry_out = own.applied(x, layout.task, config)
    return keras.Model(
        [features, *carry_in, *running_in], [outputs, *carry_out, *running_out], name="longtake"
    )


def _normalized(
    config: TrainConfig,
    layout: Layout,
    size: int,
    features: Any,
    moments: Sequence[Sequence[float]],
) -> tuple[Any, list[Any], list[Any]]:
    """Normalises features by their moments, past numbers by those of the labels."""
    mean, variance = np.zeros(size), np.ones(size)
    if moments and size:
        mean, variance = np.array(moments[0]), np.array(moments[1])
    past_mean, past_variance = np.zeros(layout.past_size), np.ones(layout.past_size)
    if isinstance(layout.task, Regression) and layout.past_size:
        past_mean, past_variance = np.array(layout.task.mean), np.array(layout.task.variance)
    mean, variance = np.append(mean, past_mean), np.append(variance, past_variance)
    x = features
    if mean.any() or (variance != 1).any():
        x = scale(x, mean, variance)
    if config.normalize != "running":
        return x, [], []
    if config.shrinkage is None:
        raise ValueError("Expected steps as config.shrinkage. Received: None")
    z, carry_in, carry_out = scale_by_sequence(x[..., :size], config.shrinkage)
    if layout.past_size:
        z = ops.concatenate([z, x[..., size:]], -1)
    return z, carry_in, carry_out

"""The model: an ordinary functional Keras model from (features, *carry) to (outputs, *carry).

It is made of stock Keras layers only, so ``keras.saving.load_model`` opens a saved one anywhere.
"""

from pathlib import Path
from typing import Any

from preprocessing.errors import InputError
from preprocessing.quiet import import_tensorflow
from preprocessing.whole_file import whole_file
from trainer.config import TrainConfig
from trainer.normalization import Moments

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)


def build_model(
    config: TrainConfig, dimension: int, classes: int, moments: Moments | None
) -> keras.Model:
    """Builds a recurrent classifier.

    Args:
        config: layers, units and dropout.
        dimension: F.
        classes: C.
        moments: of the training features, to normalise by; None leaves features as they are.

    Returns:
        A model from ``features <float>[B, T, F]`` and, for each layer, ``h`` and ``c``
        ``<float32>[B, U]`` to ``probabilities <float32>[B, T, C]`` and the carry after the last
        step; B and T are free.
    """
    features = keras.Input((None, dimension), name="features")
    x = features
    if moments is not None:
        normalize = keras.layers.Normalization(
            mean=moments.mean.astype("float32").tolist(),
            variance=moments.variance.astype("float32").tolist(),
            name="normalize",
        )
        x = normalize(x)
    carry_in, carry_out = [], []
    for layer in range(config.layers):
        h, c = (keras.Input((config.units,), name=f"{name}_{layer}") for name in "hc")
        lstm = keras.layers.LSTM(
            config.units, return_sequences=True, return_state=True, name=f"lstm_{layer}"
        )
        x, *state = lstm(_dropout(config, x, layer), initial_state=[h, c])
        carry_in += [h, c]
        carry_out += state
    x = keras.layers.Dense(classes, name="logits")(_dropout(config, x, config.layers))
    outputs = keras.layers.Softmax(dtype="float32", name="probabilities")(x)
    return keras.Model([features, *carry_in], [outputs, *carry_out], name="longtake")


def load_model(path: Path) -> keras.Model:
    """Opens a saved model, without running code from the file.

    Raises:
        InputError: it cannot be opened.
    """
    if not path.is_file():
        raise InputError(f"there is no model {path}: train the run first")
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, OSError, KeyError, TypeError) as error:
        raise InputError(f"{path} cannot be opened as a Keras model: {error}") from None


def save_model(model: keras.Model, path: Path) -> None:
    """Writes a ``.keras`` file that has its name only when it is whole."""
    with whole_file(path) as partial:
        model.save(partial)


def _dropout(config: TrainConfig, x: Any, number: int) -> Any:
    """Drops the same features at every step of a chunk (Gal and Ghahramani 2016, section 4.2).

    One random number for a feature, not for a feature and a step: on a CPU the step is several
    times as fast.
    """
    if config.dropout == 0:
        return x
    return keras.layers.SpatialDropout1D(
        config.dropout, seed=config.seed + number, name=f"drop_{number}"
    )(x)

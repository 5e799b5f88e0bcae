"""Keras' optimizers, and a learning rate over time, by the names that options give them."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import TrainConfig

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

MOMENTUM = 0.9
LAST_SHARE = 0.01  # Of the learning rate, at the end of an exponential schedule.
KINDS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}


def make_optimizer(config: TrainConfig) -> Any:
    """Makes the optimizer of a run; what is not asked for is as Keras has it."""
    options: dict[str, Any] = {"momentum": MOMENTUM} if config.optimizer == "sgd" else {}
    if config.weight_decay is not None:
        options["weight_decay"] = config.weight_decay
    made = KINDS[config.optimizer](
        learning_rate=config.learning_rate, global_clipnorm=config.clip_norm, **options
    )
    if config.precision == "mixed_float16":
        return keras.optimizers.LossScaleOptimizer(made)
    return made


def optimizer_variables(optimizer: Any) -> list[Any]:
    """Returns all that an optimizer remembers, with that of one inside it."""
    inner = getattr(optimizer, "inner_optimizer", None)
    known = [*optimizer.variables, *(inner.variables if inner is not None else [])]
    return list({id(variable): variable for variable in known}.values())


def is_scheduled(config: TrainConfig) -> bool:
    """Says whether the learning rate changes from update to update."""
    return config.schedule != "constant" or config.warmup > 0


def learning_rate(config: TrainConfig, update: int, total: int) -> float:
    """Returns the learning rate of an update: it rises over the warm-up, then falls to the end.

    Cosine: Loshchilov and Hutter 2017, "SGDR", equation 5, without restarts.

    Args:
        config: the schedule, the highest rate and the warm-up.
        update: counted from 0.
        total: updates of the whole run.
    """
    if update < config.warmup:
        return config.learning_rate * (update + 1) / config.warmup
    done = min(1.0, (update - config.warmup) / max(1, total - config.warmup))
    share: float = {
        "constant": 1.0,
        "cosine": 0.5 * (1 + math.cos(math.pi * done)),
        "exponential": LAST_SHARE**done,
    }[config.schedule]
    return config.learning_rate * share


def learning_rates(
    config: TrainConfig, first: int, count: int, total: int
) -> NDArray[np.float32] | None:
    """Returns the learning rates of some updates; None where it never changes.

    Args:
        config: the schedule, the highest rate and the warm-up.
        first: the first update, counted from 0.
        count: of updates.
        total: updates of the whole run.
    """
    if not is_scheduled(config):
        return None
    rates = [learning_rate(config, update, total) for update in range(first, first + count)]
    return np.array(rates, "float32")

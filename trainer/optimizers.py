"""Keras' optimizers, and a learning rate over time, by the names that options give them."""

import math
from typing import Any

from preprocessing.quiet import import_tensorflow
from trainer.config import TrainConfig

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)
from keras import ops  # noqa: E402

MOMENTUM = 0.9
LAST_SHARE = 0.01  # Of the learning rate, at the end of an exponential schedule.


def make_optimizer(config: TrainConfig, updates_an_epoch: int) -> Any:
    """The optimizer of a run.

    Args:
        config: its name, learning rate and so on.
        updates_an_epoch: how far the schedule has to reach.
    """
    made = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "sgd": keras.optimizers.SGD,
        "rmsprop": keras.optimizers.RMSprop,
    }[config.optimizer](
        learning_rate=_learning_rate(config, updates_an_epoch),
        weight_decay=config.weight_decay or None,
        global_clipnorm=config.clip_norm,
        **({"momentum": MOMENTUM} if config.optimizer == "sgd" else {}),
    )
    if config.precision == "mixed_float16":
        return keras.optimizers.LossScaleOptimizer(made)
    return made


def optimizer_variables(optimizer: Any) -> list[Any]:
    """All that an optimizer remembers, with that of one inside it."""
    inner = getattr(optimizer, "inner_optimizer", None)
    known = [*optimizer.variables, *(inner.variables if inner is not None else [])]
    return list({id(variable): variable for variable in known}.values())


def _learning_rate(config: TrainConfig, updates_an_epoch: int) -> Any:
    if config.schedule == "constant" and not config.warmup:
        return config.learning_rate
    falling = max(1, config.epochs * updates_an_epoch - config.warmup)
    return WarmedUp(config.schedule, config.learning_rate, config.warmup, falling)


class WarmedUp(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A learning rate that rises over ``warmup`` updates and falls over ``falling`` more.

    Keras' schedules with a warm-up make their first update with a learning rate of 0; here it is
    the first of ``warmup`` equal steps. Cosine: Loshchilov and Hutter 2017, "SGDR", equation 5.
    """

    def __init__(self, kind: str, highest: float, warmup: int, falling: int):
        self.kind, self.highest, self.warmup, self.falling = kind, highest, warmup, falling

    def __call__(self, step: Any) -> Any:
        step = ops.cast(step, "float32")
        rising = ops.minimum(1.0, (step + 1.0) / max(1, self.warmup))
        done = ops.clip((step - self.warmup) / self.falling, 0.0, 1.0)
        falling = {
            "constant": 1.0,
            "cosine": 0.5 * (1.0 + ops.cos(math.pi * done)),
            "exponential": ops.power(LAST_SHARE, done),
        }[self.kind]
        return self.highest * rising * falling

    def get_config(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "highest": self.highest,
            "warmup": self.warmup,
            "falling": self.falling,
        }

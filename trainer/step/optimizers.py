"""Keras' optimizers, and a learning rate over time, by the names that options give them."""

import math
from collections.abc import Sequence
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


def make_optimizer(config: TrainConfig, own_rate: Sequence[Any] = ()) -> Any:
    """Makes the optimizer of a run; what is not asked for is as Keras has it.

    Args:
        config: says which, and how fast.
        own_rate: the variables that are trained at the rate of the backbone, which must be the last
            of all that it is built for.
    """
    options: dict[str, Any] = {"momentum": MOMENTUM} if config.optimizer == "sgd" else {}
    if config.weight_decay is not None:
        options["weight_decay"] = config.weight_decay
    kind = KINDS[config.optimizer]
    if own_rate:
        kind = _of_two_rates(kind, own_rate, config.backbone_rate / config.learning_rate)
    made = kind(learning_rate=config.learning_rate, global_clipnorm=config.clip_norm, **options)
    if own_rate:
        made.exclude_from_weight_decay(var_list=list(own_rate))
    if config.precision == "mixed_float16":
        return keras.optimizers.LossScaleOptimizer(made)
    return made


def _of_two_rates(kind: Any, own_rate: Sequence[Any], share: float) -> Any:
    """Returns a kind of optimizer that trains its last variables at another rate.

    It is one optimizer, so that the norm of all gradients is clipped together, and what it
    remembers is one state. Keras asks for ``update_step`` variable by variable; only the rate
    that it is given differs. Weight decay follows the rate, too.

    Args:
        kind: of Keras.
        own_rate: these variables.
        share: of the learning rate, that is theirs.
    """

    class TwoRates(kind):  # type: ignore[misc]
        """An optimizer of Keras with a learning rate for some variables."""

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            """Updates one variable; see Keras."""
            if self._get_variable_index(variable) >= len(self._trainable_variables) - len(own_rate):
                learning_rate = learning_rate * share
                if self.weight_decay:
                    rate = keras.ops.cast(learning_rate, variable.dtype)
                    self.assign_sub(variable, variable * rate * self.weight_decay)
            super().update_step(gradient, variable, learning_rate)

    return TwoRates


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

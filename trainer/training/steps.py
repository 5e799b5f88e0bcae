"""The two steps of a training, one that learns and one that validates, on the same devices."""

from typing import NamedTuple

from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import TrainConfig
from trainer.devices.replicas import Devices
from trainer.step.forward import EvaluationStep, forward_step
from trainer.step.optimizers import make_optimizer
from trainer.step.train_step import TrainStep
from trainer.task import Task

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)


class Steps(NamedTuple):
    """The steps of one training.

    Attributes:
        learning: makes updates.
        validating: sums losses, with a carry of its own.
        devices: of both.
    """

    learning: TrainStep
    validating: EvaluationStep
    devices: Devices


def make_steps(config: TrainConfig, model: keras.Model, task: Task, devices: Devices) -> Steps:
    """Makes the optimizer of a model, and what computes with both.

    Args:
        config: says which optimizer, and what stands for labels as inputs in validation.
        model: from ``(features, *carry)`` to ``(outputs, *carry)``, made in the devices' scope.
        task: what the loss is.
        devices: that share each batch.
    """
    with devices.scope():
        optimizer = make_optimizer(config)
    learning = TrainStep(model, optimizer, task, devices, config.smooth)
    validating = EvaluationStep(forward_step(model, config, task, devices), task)
    return Steps(learning, validating, devices)

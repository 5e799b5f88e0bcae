"""The two steps of a training, one that learns and one that validates, on the same devices."""

from typing import NamedTuple

from preprocessing.terminal.quiet import import_tensorflow
from trainer.backbone.passes import FramePasses
from trainer.backbone.trained import TrainedBackbone
from trainer.config import TrainConfig
from trainer.devices.replicas import Devices
from trainer.step.finetune_step import FinetuneStep
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


def make_steps(
    config: TrainConfig,
    model: keras.Model,
    task: Task,
    devices: Devices,
    backbone: TrainedBackbone | None = None,
) -> Steps:
    """Makes the optimizer of a model, and what computes with both.

    Args:
        config: says which optimizer, and what stands for labels as inputs in validation.
        model: from ``(features, *carry)`` to ``(outputs, *carry)``, made in the devices' scope.
        task: what the loss is.
        devices: that share each batch.
        backbone: that is trained with the model, if one is.
    """
    passes = FramePasses(backbone, devices, config.frames_at_once) if backbone else None
    with devices.scope():
        optimizer = make_optimizer(config, passes.variables if passes else ())
    if passes:
        learning: TrainStep = FinetuneStep(model, optimizer, task, passes, config.smooth)
    else:
        learning = TrainStep(model, optimizer, task, devices, config.smooth)
    validating = EvaluationStep(forward_step(model, config, task, devices), task)
    return Steps(learning, validating, devices)

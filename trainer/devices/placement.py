"""Where a training is computed: which rows of a batch are whose, and what makes the steps."""

from typing import Any

from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches.sequence_set import SequenceSet
from trainer.config import TrainConfig
from trainer.devices.replicas import Replicas
from trainer.devices.replicated_step import ReplicatedEvaluationStep, ReplicatedStep
from trainer.model.carry import Carry
from trainer.step.forward import EvaluationStep, forward_step
from trainer.step.optimizers import make_optimizer
from trainer.step.train_step import TrainStep
from trainer.task import Task

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

import_tensorflow()


class Placement:
    """One device, which has all lanes.

    Args:
        config: what was asked for.
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        task: what the loss is.
        lanes: of all devices together.

    Attributes:
        room: rows of a batch: the lanes, and idle ones where they do not divide evenly.
        optimizer: of the model.
        step: for training.
        evaluation: for validation.
        several: whether there are several devices.
    """

    several = False
    step: TrainStep
    evaluation: EvaluationStep

    def __init__(self, config: TrainConfig, model: keras.Model, task: Task, lanes: int):
        self.room = lanes
        self.optimizer: Any = make_optimizer(config)
        self.step = TrainStep(model, self.optimizer, task)
        self.evaluation = EvaluationStep(forward_step(model, config, task), task)

    def own(self, data: SequenceSet) -> SequenceSet:
        """Data of which only the rows of this process are read."""
        return data

    def placed(self, carry: Carry) -> Carry:
        """The carry of all lanes, brought to where it is computed with."""
        return carry

    def joined(self, carry: Carry) -> Carry:
        """What ``placed`` brought there, of all lanes and without idle rows."""
        return carry


class SharedPlacement(Placement):
    """Several devices, perhaps of several processes; see ``Replicas``.

    Args:
        config: what was asked for.
        model: made in the replicas' scope.
        task: what the loss is.
        lanes: of all devices together.
        replicas: the devices.
    """

    several = True

    def __init__(
        self, config: TrainConfig, model: keras.Model, task: Task, lanes: int, replicas: Replicas
    ):
        self.lanes, self.replicas = lanes, replicas
        self.room = replicas.room(lanes)
        with replicas.scope():
            self.optimizer = make_optimizer(config)
        self.step = ReplicatedStep(model, self.optimizer, task, replicas)
        forward = forward_step(model, config, task, plain=True)
        self.evaluation = ReplicatedEvaluationStep(forward, task, replicas)

    def own(self, data: SequenceSet) -> SequenceSet:
        return data.only(self.replicas.own_rows(self.room))

    def placed(self, carry: Carry) -> Carry:
        return self.replicas.place(carry)

    def joined(self, carry: Carry) -> Carry:
        return tuple(rows[: self.lanes] for rows in self.replicas.join(carry))

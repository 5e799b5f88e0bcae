"""Updates of a model and its backbone, by frames: what ``TrainStep`` does, for both together.

    frames ▶ features ▶ model ▶ loss            see ``trainer/backbone/passes.py``
    frames ◀ slope    ◀ model ◀ loss            one update of both

Every method has the meaning that it has in ``TrainStep``; batches hold places of frames.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.terminal.quiet import import_tensorflow
from trainer.backbone.passes import FramePasses, Looked
from trainer.batches.chunk_batch import ChunkBatch, ChunkBatches
from trainer.model.carry import Carry, Tensor
from trainer.step.batch_tensors import BatchTensors, arrays_of
from trainer.step.train_step import TrainStep
from trainer.task import Task

tf = import_tensorflow()


class FinetuneStep(TrainStep):
    """Gradients and updates of a model and of its backbone.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``, made in the devices' scope.
        optimizer: a Keras optimizer, likewise.
        task: what the loss is.
        passes: of frames through the backbone.
        smooth: weight of a loss against flicker.
    """

    def __init__(
        self, model: Any, optimizer: Any, task: Task, passes: FramePasses, smooth: float = 0.0
    ):
        devices = passes.devices
        super().__init__(model, optimizer, task, devices, smooth, passes.variables)
        self.passes = passes
        self._own_by_features = devices.own_program(self.gradients.of_share_by_features)
        self._own_back_by_features = devices.own_program(
            self.gradients.of_share_and_later_by_features
        )
        self._programs |= {
            "gather": devices.program(self._gather_by_features),
            "go_back": devices.program(self._go_back_by_features),
            "frames_back": devices.program(self._frames_back, plain=True),
            "entered_back": devices.program(self._entered_back, plain=True),
        }

    def load(self, batches: ChunkBatches) -> Any:
        """Leaves batches as they are: frames are brought to the devices a group at a time."""
        return batches

    def update_many(
        self,
        loaded: Any,
        first: int,
        stop: int,
        carry: Carry,
        rates: NDArray[np.float32] | None = None,
    ) -> tuple[Tensor, Carry]:
        sums = np.zeros((stop, 4), "float32")
        for number in range(first, stop):
            sums[number], carry = self.gather(loaded[number], carry)
            self.apply(None if rates is None else rates[number : number + 1])
        return sums, carry

    def update(self, batch: ChunkBatch, carry: Carry) -> tuple[Tensor, Carry]:
        sums, carry = self.gather(batch, carry)
        self.apply()
        return sums, carry

    def gather(self, batch: ChunkBatch, carry: Carry) -> tuple[Tensor, Carry]:
        self._gathered.prepare()
        looked = self._look(batch)
        sums, (slope, *after) = self._programs["gather"](self._described(batch, looked), carry)
        self._back(looked, slope)
        return sums, tuple(after)

    def forward_only(self, batch: ChunkBatch, carry: Carry) -> tuple[Tensor, Carry]:
        described = self._described(batch, self._look(batch))
        sums, carry = self._programs["forward_only"](described, carry)
        return sums, carry

    def go_back(self, batch: ChunkBatch, carry: Carry, gradient: Carry) -> Carry:
        self._gathered.prepare()
        looked = self._look(batch)
        described = self._described(batch, looked)
        slope, *before = self._programs["go_back"](described, carry, gradient)
        self._back(looked, slope)
        return tuple(before)

    def take_waited(self) -> float:
        waited, self.passes.waited = self.passes.waited, 0.0
        return waited

    def _look(self, batch: ChunkBatch) -> Looked:
        return self.passes.look(batch.features[..., 0])

    def _described(self, batch: ChunkBatch, looked: Looked) -> BatchTensors:
        """Gives each device its lanes of a batch, with features for frames."""
        arrays = arrays_of(batch)._replace(features=np.zeros((len(batch.reset), 0)))
        brought = BatchTensors(*self.devices.split_all(arrays))
        return brought._replace(features=looked.features)

    def _back(self, looked: Looked, slope: Tensor) -> None:
        """Passes the slope by each feature back through the backbone, group by group."""
        for number, entering, there, whole in self.passes.again(looked):
            program = self._programs["frames_back" if whole else "entered_back"]
            program(entering, there, slope, np.array(number, "int32"))

    def _gather_by_features(self, batch: BatchTensors, carry: Carry) -> tuple[Tensor, Carry]:
        (sums, gradients), kept = self.devices.add_up(self._own_by_features, batch, carry)
        self._gathered.add(gradients, sums[1])
        return sums, kept

    def _go_back_by_features(self, batch: BatchTensors, carry: Carry, gradient: Carry) -> Carry:
        (weight, gradients), kept = self.devices.add_up(
            self._own_back_by_features, batch, carry, gradient
        )
        self._gathered.add(gradients, weight)
        return tuple(kept)

    def _frames_back(self, frames: Tensor, there: Tensor, slope: Tensor, number: Tensor) -> None:
        self._add_back(frames, there, slope, number, whole=True)

    def _entered_back(self, entered: Any, there: Tensor, slope: Tensor, number: Tensor) -> None:
        self._add_back(entered, there, slope, number, whole=False)

    def _add_back(
        self, entering: Any, there: Tensor, slope: Tensor, number: Tensor, whole: bool
    ) -> None:
        def own(entering: Any, there: Tensor, slope: Tensor) -> Any:
            return self.passes.gradients(entering, there, slope, number, whole)

        gradients, _ = self.devices.add_up(own, entering, there, slope)
        self._gathered.add_some(gradients, len(self.gradients.variables))

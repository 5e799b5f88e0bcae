"""Sums of losses and scores over many chunks."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches.chunk_batch import ChunkBatch
from trainer.model.carry import Tensor
from trainer.run.checkpoint import Progress
from trainer.task import Task

tf = import_tensorflow()
TINY = 1e-7


def sums_of(
    task: Task, targets: Tensor, outputs: Tensor, weights: Tensor, training: bool
) -> Tensor:
    """Returns the sums of a batch, ``<float32>[4]``; see ``TrainStep``.

    Args:
        task: what the loss and the score are.
        targets: beginning with ``[B, T]``; see ``trainer.task``.
        outputs: ``<float32>[B, T, C]``.
        weights: ``<float32>[B, T]``, 0 for steps that do not count.
        training: True for the loss of training, which may weigh classes.
    """
    losses = task.loss(targets, outputs, training)
    counts = tf.cast(weights > 0, tf.float32)
    return tf.stack(
        [
            tf.reduce_sum(losses * weights),
            tf.reduce_sum(weights),
            tf.reduce_sum(task.score(targets, outputs) * counts),
            tf.reduce_sum(counts),
        ]
    )


@dataclass
class Totals:
    """Sums over batches; the values reported are means over labelled steps.

    Attributes:
        sums: ``<float64>[4]``; see ``TrainStep``.
        steps: real steps, labelled or not.
        places: steps that the batches had room for.
        waited: seconds in which nothing was computed because no batch was there.
    """

    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(4))
    steps: int = 0
    places: int = 0
    waited: float = 0.0

    @classmethod
    def of(cls, progress: Progress) -> "Totals":
        """Returns those of the epoch under way."""
        sums = np.array(progress.sums)
        return cls(sums, progress.steps, progress.places, progress.waited)

    def note(self, progress: Progress) -> None:
        """Makes these the ones of the epoch under way."""
        progress.sums, progress.steps = self.sums.tolist(), self.steps
        progress.places, progress.waited = self.places, self.waited

    def add(self, sums: Tensor, batch: ChunkBatch) -> None:
        """Adds a batch.

        Args:
            sums: of the batch, ``<float32>[4]``.
            batch: which says how many steps there are, and how many there is room for.
        """
        self.sums = self.sums + np.asarray(sums)
        self.steps += batch.steps
        self.places += batch.places

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.sums + other.sums,
            self.steps + other.steps,
            self.places + other.places,
            self.waited + other.waited,
        )

    def logs(self, score_name: str) -> dict[str, float]:
        """Returns mean loss, mean score, and the share of the batches that was real steps."""
        return {
            "loss": float(self.sums[0] / max(self.sums[1], TINY)),
            score_name: float(self.sums[2] / max(self.sums[3], 1)),
            "utilisation": self.steps / max(self.places, 1),
        }

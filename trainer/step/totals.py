"""Sums of losses and scores over many chunks."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches.chunk_batch import ChunkBatch
from trainer.task import Task

tf = import_tensorflow()
TINY = 1e-7


def sums_of(task: Task, targets: Any, outputs: Any, weights: Any, training: bool) -> Any:
    """Sums of a batch, ``<float32>[4]``; see ``TrainStep``."""
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

    def add(self, sums: Any, batch: ChunkBatch) -> None:
        """Adds a batch and its sums."""
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
        """Mean loss, mean score, share of the batches that was real steps."""
        return {
            "loss": float(self.sums[0] / max(self.sums[1], TINY)),
            score_name: float(self.sums[2] / max(self.sums[3], 1)),
            "utilisation": self.steps / max(self.places, 1),
        }

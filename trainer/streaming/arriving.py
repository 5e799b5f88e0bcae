"""One sequence whose steps arrive one after the other, as the batches of one lane.

steps      x0 x1 x2 | x3 | x4 x5        pieces of any length
reset      yes      | no | no
--inputs both sees  -  x0 x1 | x2 | x3 x4, and beside them the labels of those steps
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.base import labelled
from trainer.batches.chunk_batch import ChunkBatch
from trainer.layout import Layout
from trainer.model.carry import Carry
from trainer.run.checkpoint import Checkpoint, numbered


class Arriving:
    """The state of a pass over one sequence.

    Args:
        layout: how steps become inputs and targets.
        dimension: F.
        carry: the initial carry of one lane.

    Attributes:
        carry: the carry after the last batch, set by whoever passes batches through the model.
        begun: True if a step came since the reset.
    """

    def __init__(self, layout: Layout, dimension: int, carry: Carry):
        self.layout, self.dimension, self.carry = layout, dimension, carry
        self.reset()

    def reset(self) -> None:
        """Begins a new sequence with the next step."""
        size = self.layout.feature_size(self.dimension)
        known = self.layout.unknown_features if size else ()
        self.begun = False
        self._features = np.array(known or np.zeros(size), "float32")
        self._past = self.layout.task.unknown

    def batch(self, steps: NDArray[np.float32], targets: NDArray[Any] | None = None) -> ChunkBatch:
        """Returns the next steps as the model sees them, a batch of one row.

        Args:
            steps: ``<float32>[n, F]``, n at least 1.
            targets: the target of each; None if they are unknown. See ``trainer.task``.
        """
        task = self.layout.task
        if targets is None:
            targets = task.no_targets((len(steps),))
        features = steps[:, : self.layout.feature_size(self.dimension)]
        past = np.zeros((len(steps), self.layout.past_size), "float32")
        if self.layout.past_size:
            encoded = task.encode(targets)
            past = np.concatenate([self._past[None], encoded[:-1]])
            features = np.concatenate([self._features[None], features[:-1]])
            self._past, self._features = encoded[-1], steps[-1, : features.shape[1]]
        reset, self.begun = not self.begun, True
        weights = labelled(targets).astype("float32")
        return ChunkBatch(
            (None,), features[None], past[None], targets[None], weights[None], np.array([reset])
        )

    def arrays(self, group: str) -> Mapping[str, NDArray[Any]]:
        """Returns the state for a later ``restore``, by names that begin with ``group``."""
        last = [self._features, self._past, np.array(self.begun)]
        return {**numbered(group, self.carry), **numbered(f"{group}_last", last)}

    def restore(self, saved: Checkpoint, group: str) -> None:
        """Restores the state that ``arrays`` returned.

        Args:
            saved: the checkpoint that holds the arrays.
            group: the beginning of their names.
        """
        import keras

        self.carry = tuple(keras.ops.convert_to_tensor(x) for x in saved.group(group))
        self._features, self._past, begun = saved.group(f"{group}_last")
        self.begun = bool(begun)

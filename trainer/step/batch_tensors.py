"""The tensors of a batch by their names, since a tuple would have to be in order."""

from typing import NamedTuple

from preprocessing.terminal.quiet import import_tensorflow
from trainer.batches.chunk_batch import ChunkBatch, ChunkBatches
from trainer.model.carry import Tensor

tf = import_tensorflow()


class BatchTensors(NamedTuple):
    """One batch, or room for K that follow each other in time.

    Attributes:
        features: ``<float16 or float32>[B, T, F]``, of K batches ``[B, K T, F]``.
        past: ``<float32>[B, T, P]``, likewise; see ``ChunkBatch``.
        targets: beginning with ``[B, T]``, likewise.
        weights: ``<float32>[B, T]``, likewise.
        reset: ``<bool>[B]``, of K batches ``<bool>[K, B]``.
    """

    features: Tensor
    past: Tensor
    targets: Tensor
    weights: Tensor
    reset: Tensor

    def batch(self, number: Tensor) -> "BatchTensors":
        """Returns one of K batches.

        Args:
            number: ``<int32>[]``, from 0.
        """
        count = self.reset.shape[0]
        if count == 1:
            return self._replace(reset=self.reset[0])
        length = self.features.shape[1] // count

        def steps(array: Tensor) -> Tensor:
            begin = [0, number * length, *[0] * (len(array.shape) - 2)]
            return tf.slice(array, begin, [array.shape[0], length, *array.shape[2:]])

        return BatchTensors(
            features=steps(self.features),
            past=steps(self.past),
            targets=steps(self.targets),
            weights=steps(self.weights),
            reset=self.reset[number],
        )


def arrays_of(batch: ChunkBatch | ChunkBatches) -> BatchTensors:
    """Returns what is computed with of one batch or of several, still as arrays of NumPy."""
    return BatchTensors(batch.features, batch.past, batch.targets, batch.weights, batch.reset)

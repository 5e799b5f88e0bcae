"""Sequences through a trained model, in chunks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.console import progress
from preprocessing.read_ahead import read_ahead
from trainer.batches import BATCHES_AHEAD, ChunkBatch, SequenceSet
from trainer.carry import zero_carry
from trainer.config import DEFAULT_LANES, TrainConfig
from trainer.lanes import inference_plan
from trainer.model import load_model
from trainer.predictions import Piece, predictions_writer, store_piece
from trainer.run import Run
from trainer.step import compile_forward_step


def predict(run: Run, data: SequenceSet, path: Path) -> None:
    """Writes ``predictions.h5`` for sequences; it has its name only when it is whole.

    Raises:
        InputError: the model cannot be opened, or a feature is not finite.
    """
    config = run.config
    model = load_model(run.model_path)
    with (
        predictions_writer(path, run.facts.classes) as file,
        progress(total=sum(data.lengths), unit="frame", unit_scale=True, desc="predict") as bar,
    ):
        for piece in predict_pieces(model, data, config):
            store_piece(file, data, piece)
            bar.update(piece.chunk.steps)


def predict_pieces(
    model: Any, data: SequenceSet, config: TrainConfig, lanes: int | None = None
) -> Iterator[Piece]:
    """Streams sequences through a model with the carry, or without it if it was trained so.

    Args:
        model: from ``(features, *carry)`` to ``(outputs, *carry)``.
        data: the sequences.
        config: of the training; gives the chunk length and whether there is a carry.
        lanes: B; the result does not depend on it.
    """
    lanes = lanes or min(config.lanes or DEFAULT_LANES, len(data.infos))
    plan = inference_plan(data.lengths, lanes, config.chunk_length, config.state == "carry")
    forward = compile_forward_step(model)
    carry = zero_carry(model, lanes)
    for batch in read_ahead(data.batches(plan, config.chunk_length), BATCHES_AHEAD):
        outputs, carry = forward(batch, carry)
        yield from _pieces(batch, outputs.numpy())


def _pieces(batch: ChunkBatch, outputs: NDArray[np.float32]) -> Iterator[Piece]:
    for row, chunk in enumerate(batch.chunks):
        if chunk is not None:
            yield Piece(chunk, outputs[row, : chunk.steps], batch.labels[row, : chunk.steps])

"""Inference: sequences go through a trained model in chunks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from preprocessing.read_ahead import read_ahead
from preprocessing.terminal.console import note, progress
from trainer.batches.chunk_batch import ChunkBatch
from trainer.batches.sequence_set import READS_AHEAD, SequenceSet
from trainer.config import DEFAULT_LANES, TrainConfig
from trainer.model.model_file import load_model
from trainer.model.own_model import OwnModel
from trainer.plan.epochs import evaluation_plan
from trainer.plan.lineup import Chunk
from trainer.predictions.writer import Piece, predictions_writer, store_piece
from trainer.run.folder import Run
from trainer.step.forward import ForwardStep, forward_step

Feed = Literal["predictions", "truth"]


def predict(
    run: Run, data: SequenceSet, path: Path, feed: Feed | None = None, model: str | None = None
) -> None:
    """Writes ``predictions.h5`` for sequences; it has its name only when it is whole.

    Args:
        run: whose model answers.
        data: the sequences.
        path: the file.
        feed: ``predictions`` or ``truth``, what stands for labels as inputs; None as in training,
            and ``predictions`` where there are no labels.
        model: ``FILE.py:function`` with layers of one's own; the file is executed.

    Raises:
        InputError: the model cannot be opened, or a feature is not finite.
    """
    config = run.config
    if data.labels is None and config.inputs != "features":
        feed = "predictions"
    if feed:
        config = replace(config, feed=feed)
    if model and OwnModel.read(model).digest != run.facts.model_digest:
        note(f"{model} is not the file that {run.path} was trained with")
    # Told before they are read: whoever trains on meanwhile makes the answers out of date.
    weights = run.weights_digest
    opened = load_model(run.model_path)
    with (
        predictions_writer(path, data.layout, weights) as writer,
        progress(total=sum(data.lengths), unit="frame", unit_scale=True, desc="predict") as bar,
    ):
        for piece in predict_pieces(opened, data, config):
            store_piece(writer, data, piece)
            bar.update(piece.chunk.steps)


def predict_pieces(
    model: Any,
    data: SequenceSet,
    config: TrainConfig,
    lanes: int | None = None,
    forward: ForwardStep | None = None,
) -> Iterator[Piece]:
    """Streams sequences through a model with the carry, or in windows if it was trained so.

    Args:
        model: a model from ``(features, *carry)`` to ``(outputs, *carry)``.
        data: the sequences.
        config: the training options, which give the chunk length and the state.
        lanes: B; the result does not depend on it.
        forward: that of the model, if it was made before, on one device.
    """
    lanes = lanes or min(config.lanes or DEFAULT_LANES, len(data.infos))
    plan = evaluation_plan(config, data.lengths, lanes)
    forward = forward or forward_step(model, config, data.layout.task)
    carry = forward.initial_carry(lanes)
    for batch in read_ahead(data.batches(plan), READS_AHEAD):
        outputs, carry = forward(batch, carry)
        yield from _pieces(batch, outputs.numpy())


def _pieces(batch: ChunkBatch, outputs: NDArray[np.float32]) -> Iterator[Piece]:
    """Yields the answers of each lane, without those of its burn-in."""
    for row, chunk in enumerate(batch.chunks):
        if chunk is not None:
            kept = slice(chunk.burn_in, chunk.steps)
            yield Piece(_answered(chunk), outputs[row, kept], batch.targets[row, kept])


def _answered(chunk: Chunk) -> Chunk:
    return replace(
        chunk, start=chunk.start + chunk.burn_in, steps=chunk.steps - chunk.burn_in, burn_in=0
    )

"""Inference: sequences go through a trained model in chunks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from preprocessing.files.whole_file import partial_path
from preprocessing.read_ahead import read_ahead
from preprocessing.terminal.console import note, progress
from trainer.backbone.answering import seen_by
from trainer.batches.chunk_batch import ChunkBatch
from trainer.batches.sequence_set import READS_AHEAD, SequenceSet
from trainer.config import DEFAULT_LANES, TrainConfig
from trainer.model.model_file import load_model
from trainer.model.own_model import OwnModel
from trainer.plan.epochs import evaluation_plan
from trainer.plan.lineup import Chunk
from trainer.predictions.joining import join_answers
from trainer.predictions.writer import Complete, Piece, predictions_writer, store_piece
from trainer.run.folder import Run
from trainer.step.forward import ForwardStep, forward_step

Feed = Literal["predictions", "truth"]


def predict(
    run: Run,
    data: SequenceSet,
    path: Path,
    feed: Feed | None = None,
    model: str | None = None,
    complete: Complete | None = None,
) -> None:
    """Writes ``predictions.h5`` for sequences; it has its name only when it is whole.

    Of an ensemble, each member answers into a file of its own first.

    Args:
        run: whose model answers, or whose members do.
        data: the sequences.
        path: the file.
        feed: ``predictions`` or ``truth``, what stands for labels as inputs; None as in training,
            and ``predictions`` where there are no labels.
        model: ``FILE.py:function`` with layers of one's own; the file is executed.
        complete: given the file with all answers, before it gets its name, to add to it.

    Raises:
        InputError: the model cannot be opened, or a feature is not finite.
    """
    # Told before they are read: whoever trains on meanwhile makes the answers out of date.
    weights, members = run.weights_digest, run.answering
    if members == [run]:
        _predict_alone(run, data, path, weights, feed, model, complete)
        return
    parts = [partial_path(path.with_name(f"{one.path.name}.{path.name}")) for one in members]
    try:
        for member, part in zip(members, parts, strict=True):
            own = data.with_layout(member.layout)
            _predict_alone(member, own, part, member.weights_digest, feed, model)
        join_answers(parts, path, data.layout.task, data.layout.horizon, weights, complete)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _predict_alone(
    run: Run,
    data: SequenceSet,
    path: Path,
    weights: str,
    feed: Feed | None,
    model: str | None,
    complete: Complete | None = None,
) -> None:
    """Writes the answers of one model; see ``predict``.

    Args:
        run: whose model answers.
        data: the sequences.
        path: the file.
        weights: digest of what answers.
        feed: see ``predict``.
        model: see ``predict``.
        complete: see ``predict``.
    """
    config = run.config
    if data.labels is None and config.inputs != "features":
        feed = "predictions"
    if feed:
        config = replace(config, feed=feed)
    if model and OwnModel.read(model).digest != run.facts.model_digest:
        note(f"{model} is not the file that {run.path} was trained with")
    data = seen_by(run, data)
    opened = load_model(run.model_path)
    with predictions_writer(path, data.layout, weights) as writer:
        total = sum(data.lengths)
        with progress(total=total, unit="frame", unit_scale=True, desc="predict") as bar:
            for piece in predict_pieces(opened, data, config):
                store_piece(writer, data, piece)
                bar.update(piece.chunk.steps)
        if complete is not None:
            complete(writer)


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

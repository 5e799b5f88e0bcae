"""The way from what is given to arrays of answers: that of the command ``predict``."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

from preprocessing.errors import InputError
from preprocessing.store.sequence_info import SequenceInfo
from trainer.batches.sequence_set import SequenceSet
from trainer.bouts.bout import PREDICTION
from trainer.bouts.edges import Edges
from trainer.bouts.finding import observed
from trainer.bouts.tables import has_bouts
from trainer.decoded.decoding import asked_decoding
from trainer.decoded.options import Decode, require_lag
from trainer.predictions.inference import predict
from trainer.predictions.reader import Answers, open_answers
from trainer.run.folder import Run
from trainer.trained.given import Asking, Given
from trainer.trained.prediction import Prediction, Predictions, Segment


def answer(
    run: Run,
    what: Any,
    *,
    timestamps: Any = None,
    decode: Decode = "auto",
    lag: float | None = None,
    backbone: str | None = None,
    model: str | None = None,
    store: PathLike[str] | str | None = None,
) -> Prediction | Predictions:
    """Answers arrays, a store, or videos.

    Args:
        run: whose model answers.
        what: see ``TrainedRun.predict``.
        timestamps: see there, and so for the others.
        decode: see there.
        lag: see there.
        backbone: see there.
        model: see there.
        store: see there.

    Raises:
        InputError: an option is no good, or what is given cannot go through the model.
    """
    if decode not in get_args(Decode):
        raise InputError(f"decode={decode!r:.80}: expected one of {', '.join(get_args(Decode))}")
    require_lag(decode, lag)
    with TemporaryDirectory(prefix="longtake-") as name:
        folder = Path(name)
        kept = None if store is None else Path(store)
        given = Asking(run, folder, timestamps, backbone, kept).given(what)
        try:
            predictions = _predicted(run, given, folder / "predictions.h5", decode, lag, model)
        finally:
            if given.store is not what:
                given.store.close()
    if not given.alone:
        return Predictions(predictions, given.failed)
    return next(iter(predictions.values()))


def _predicted(
    run: Run, given: Given, path: Path, decode: Decode, lag: float | None, model: str | None
) -> Mapping[str, Prediction]:
    """Returns the answers to each sequence."""
    if not given.ids:
        raise InputError(f"nothing to predict in {given.store.root}: it has no sequence")
    infos = [given.store.info(sequence_id) for sequence_id in given.ids]
    for info in infos:
        run.facts.require(info)
    decoding, _ = asked_decoding(run, decode, lag)
    data = SequenceSet(given.store, infos, None, run.layout)
    predict(run, data, path, model=model, complete=decoding.complete if decoding else None)
    stepwise = has_bouts(run.facts.task, run.layout.outputs)
    with open_answers(path) as answers:
        return {info.sequence_id: _of_sequence(answers, info, stepwise) for info in infos}


def _of_sequence(answers: Answers, info: SequenceInfo, stepwise: bool) -> Prediction:
    """Reads the answers to one sequence."""
    name, edges = info.sequence_id, Edges.of(answers, info.sequence_id, info)
    raw = answers.task == "regression"
    return Prediction(
        sequence=name,
        classes=tuple(answers.classes),
        task=answers.task,
        timestamps=edges.times(0, edges.steps),
        numbers=answers.whole(name, answers.said),
        probabilities=None if raw else answers.whole(name, "probabilities"),
        decoded=answers.decoded,
        found=_segments(answers, edges) if stepwise else None,
    )


def _segments(answers: Answers, edges: Edges) -> tuple[Segment, ...]:
    bouts = observed(answers, edges, PREDICTION).bouts
    rows = zip(bouts.starts.tolist(), bouts.ends.tolist(), bouts.classes.tolist(), strict=True)
    return tuple(Segment(start, end, answers.classes[number]) for start, end, number in rows)

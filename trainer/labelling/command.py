"""The command ``predict``: labels for recordings that have none."""

from collections.abc import Sequence

from preprocessing.errors import InputError, counted
from preprocessing.files.failures import FILE_NAME as FAILURES
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.console import note, say
from preprocessing.terminal.exit_codes import DONE, SOME_FAILED
from trainer.annotations.files import note_earlier, require_writable, write_answers
from trainer.batches.sequence_set import SequenceSet
from trainer.bouts.bins import require_few_bins
from trainer.bouts.tables import BOUTS, SUMMARY, has_bouts, require_bouts
from trainer.decoded.decoding import asked_decoding
from trainer.decoded.facts import decoder_text
from trainer.labelling.given import Given, given_sequences
from trainer.labelling.options import PredictConfig
from trainer.labelling.out_folder import (
    LABELS,
    OVERLAYS,
    PREDICTIONS,
    STEPS,
    STORE,
    TABLES,
    remove_own,
    require_free,
    write_labels,
    write_own_bouts,
    write_own_steps,
)
from trainer.predictions.inference import predict
from trainer.predictions.reader import open_answers
from trainer.run.folder import Run, load_run

FAILURES_NAMED = 10


def run_predict(config: PredictConfig) -> int:
    """Runs the command ``predict``; see ``PredictConfig``.

    Raises:
        InputError: there is nothing to predict.
    """
    run = load_run(config.run)
    require_free(run, config)
    kind = (run.facts.task, run.layout.outputs)
    require_bouts(config.bins, run.path, *kind)
    require_writable(config.write, config.folder, "predict", *kind)
    decoding, decoder = asked_decoding(run, config.decode, config.lag)
    given = given_sequences(run, config)
    if not given.videos:
        return _without_sequences(config, given)
    infos = _infos(run, given)
    require_few_bins(config.bins, infos, len(run.facts.classes))
    predictions = config.folder / PREDICTIONS
    complete = decoding.complete if decoding else None
    data = SequenceSet(given.store, infos, None, run.layout)
    predict(run, data, predictions, model=config.model, complete=complete)
    _write_tables(config, run, infos)
    if decoding:
        say(f"labels are decoded by {decoder_text(decoder)}; --decode none writes raw ones")
    write_answers(config.write, predictions, infos, given.store, given.videos, truth=False)
    note_earlier(config.write, config.folder, "predict")
    undrawn = _overlay(config, run, infos, given) if config.overlay else ()
    _name_failures(config, given.failures, undrawn)
    return SOME_FAILED if given.failures or undrawn else DONE


def _without_sequences(config: PredictConfig, given: Given) -> int:
    """Ends a shard that has no videos, which is fine where there are more shards than videos.

    Raises:
        InputError: there is nothing to predict in any case.
    """
    if config.shard is None or given.failures:
        where = given.store.root
        raise InputError(f"nothing to predict in {where}; why: {where / FAILURES}")
    remove_own(config.folder, PREDICTIONS, *TABLES)
    note(f"--shard {config.shard} is empty, since there are fewer sequences than shards")
    return DONE


def _infos(run: Run, given: Given) -> list[SequenceInfo]:
    """Describes the sequences, which must be like those that the run was trained on."""
    infos = [given.store.info(sequence_id) for sequence_id in given.videos]
    for info in infos:
        run.facts.require(info)
    return infos


def _write_tables(config: PredictConfig, run: Run, infos: list[SequenceInfo]) -> None:
    """Writes the answers as tables, and says where they are."""
    out, outputs = config.folder, run.layout.outputs
    with open_answers(out / PREDICTIONS) as answers:
        write_labels(out, infos, answers, outputs)
        say(f"{counted(len(infos), 'sequence')} labelled in {out / LABELS}")
        if config.csv:
            write_own_steps(out, infos, answers)
            rows = "every step" if outputs == "frame" else "every sequence"
            more = "" if run.facts.task == "regression" else " with its probabilities"
            say(f"{rows}{more}: {out / STEPS}")
        else:
            remove_own(out, STEPS)
        if not has_bouts(run.facts.task, outputs):
            remove_own(out, BOUTS, SUMMARY)
            return
        write_own_bouts(out, infos, answers, config.bins)
        say(f"bouts of each class: {out / BOUTS}; how often, how long: {out / SUMMARY}")


def _overlay(
    config: PredictConfig, run: Run, infos: list[SequenceInfo], given: Given
) -> Sequence[str]:
    """Draws the videos of sequences; returns why some could not be drawn."""
    from trainer.overlay.videos import draw_overlays

    there = {sequence_id: path for sequence_id, path in given.videos.items() if path is not None}
    by_id = {info.sequence_id: info for info in infos}
    folder, once = config.folder / OVERLAYS, run.layout.outputs == "sequence"
    failed = draw_overlays(folder, there, by_id, config.folder / PREDICTIONS, once)
    say(f"{counted(len(there) - len(failed), 'video')} with labels in {folder}")
    return failed


def _name_failures(config: PredictConfig, failures: Sequence[str], undrawn: Sequence[str]) -> None:
    """Names what failed, as far as that is few lines, and the files that have it all."""
    failed = [*failures, *undrawn]
    if not failed:
        return
    more = len(failed) - FAILURES_NAMED
    say(
        f"failed, {counted(len(failed), 'video')}:",
        *(f"  {' '.join(reason.split())}" for reason in failed[:FAILURES_NAMED]),
        *([f"  and {more} more"] if more > 0 else []),
    )
    for some, folder in ((failures, config.out / STORE), (undrawn, config.folder / OVERLAYS)):
        if some:
            say(f"why some failed: {folder / FAILURES}")

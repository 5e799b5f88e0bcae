"""The command ``predict``: labels for recordings that have none."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from preprocessing.errors import InputError, counted
from preprocessing.extraction.command import extract
from preprocessing.files.failures import FILE_NAME as FAILURES
from preprocessing.files.folders import files_below
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SUFFIX, SequenceInfo
from preprocessing.terminal.console import say
from preprocessing.terminal.exit_codes import DONE, SOME_FAILED
from preprocessing.videos.reader import SUFFIXES as VIDEO_SUFFIXES
from trainer.annotations.files import require_writable, write_answers
from trainer.batches.sequence_set import SequenceSet
from trainer.bouts.bins import require_few_bins
from trainer.bouts.tables import BOUTS, SUMMARY, has_bouts, require_bouts
from trainer.decoded.decoding import asked_decoding
from trainer.decoded.facts import decoder_text
from trainer.labelling.options import PredictConfig
from trainer.labelling.out_folder import (
    LABELS,
    PREDICTIONS,
    STORE,
    remove_own_bouts,
    require_free,
    require_outside,
    require_own_store,
    write_labels,
    write_own_bouts,
)
from trainer.predictions.inference import predict
from trainer.run.folder import Run, load_run
from trainer.same_features import extraction_like

OVERLAYS = "overlay"


def run_predict(config: PredictConfig) -> int:
    """Runs the command ``predict``; see ``PredictConfig``.

    Raises:
        InputError: there is nothing to predict.
    """
    run = load_run(config.run)
    require_free(run, config)
    require_bouts(config.bins, run.path, run.facts.task, run.layout.outputs)
    kind = (run.facts.task, run.layout.outputs)
    require_writable(config.write, config.out, "predict", *kind)
    decoding, decoder = asked_decoding(run, config.decode, config.lag)
    store, videos, failed = _store_of(run, config)
    ids = list(videos)
    if not ids:
        raise InputError(f"nothing to predict in {store.root}; why: {store.root / FAILURES}")
    infos = [store.info(sequence_id) for sequence_id in ids]
    for info in infos:
        run.facts.require(info)
    require_few_bins(config.bins, infos, len(run.facts.classes))
    data = SequenceSet(store, infos, None, run.layout)
    predictions = config.out / PREDICTIONS
    complete = decoding.complete if decoding else None
    predict(run, data, predictions, model=config.model, complete=complete)
    write_labels(config.out, infos, predictions, data.layout.outputs)
    say(f"{counted(len(infos), 'sequence')} labelled in {config.out / LABELS}")
    if decoding:
        say(f"labels are decoded by {decoder_text(decoder)}; --decode none writes raw ones")
    _count_bouts(config, run, infos, predictions)
    write_answers(config.write, predictions, infos, store, videos, truth=False)
    if config.overlay:
        failed += _overlay(config, infos, videos, predictions, data.layout.outputs)
    for folder in (config.out / STORE, config.out / OVERLAYS):
        if failed and (folder / FAILURES).exists():
            say(f"why some failed: {folder / FAILURES}")
    return SOME_FAILED if failed else DONE


def _count_bouts(
    config: PredictConfig, run: Run, infos: list[SequenceInfo], predictions: Path
) -> None:
    """Writes the tables of bouts, if the answers have any."""
    if not has_bouts(run.facts.task, run.layout.outputs):
        remove_own_bouts(config.out)
        return
    write_own_bouts(config.out, infos, predictions, config.bins)
    say(f"bouts of each class: {config.out / BOUTS}; how often, how long: {config.out / SUMMARY}")


def _overlay(
    config: PredictConfig,
    infos: list[SequenceInfo],
    videos: Mapping[str, Path | None],
    predictions: Path,
    outputs: str,
) -> int:
    """Draws the videos of sequences; returns the number of failures."""
    from trainer.overlay.videos import draw_overlays

    there = {sequence_id: path for sequence_id, path in videos.items() if path is not None}
    by_id = {info.sequence_id: info for info in infos}
    folder = config.out / OVERLAYS
    failed = draw_overlays(folder, there, by_id, predictions, outputs == "sequence")
    say(f"{counted(len(there) - failed, 'video')} with labels in {folder}")
    return failed


def _store_of(
    run: Run, config: PredictConfig
) -> tuple[FeatureStore, Mapping[str, Path | None], int]:
    """Returns the store to predict on, the video of each sequence, and the number of failures."""
    if not config.inputs:
        raise InputError("nothing to predict: give video files, folders of them, or a store")
    if len(config.inputs) == 1 and is_store(config.inputs[0]):
        if config.overlay:
            raise InputError(
                f"--overlay draws into videos, and {config.inputs[0]} is a store; give the videos"
            )
        require_outside(config.out, config.inputs[0])
        store = FeatureStore(config.inputs[0])
        return store, dict.fromkeys(store.ids()), 0
    _require_videos(config.inputs)
    if config.overlay:
        from trainer.overlay.videos import require_apart

        require_apart(config.out / OVERLAYS, config.inputs)
    require_own_store(run, config.out)
    results = extract(extraction_like(run, config.inputs, config.out / STORE, config.backbone))
    done = {
        r.source.sequence_id: r.source.path
        for r in results
        if r.outcome in ("extracted", "skipped")
    }
    return FeatureStore(config.out / STORE), done, len(results) - len(done)


def _require_videos(inputs: Sequence[Path]) -> None:
    """Checks that inputs are no stores, nor empty folders, where videos are expected.

    Raises:
        InputError: one is.
    """
    for path in inputs:
        if is_store(path):
            raise InputError(f"{path} is a store, which is predicted on its own; give it alone")
        if path.is_dir() and not any(files_below(path, unreadable=lambda error: None)):
            raise InputError(f"{path} holds nothing: neither videos nor the sequences of a store")


def is_store(path: Path) -> bool:
    """Returns True if a path is a folder of sequences, without videos among them."""
    if not path.is_dir():
        return False
    suffixes = {file.suffix.lower() for file in files_below(path, unreadable=lambda error: None)}
    return SUFFIX in suffixes and not suffixes & VIDEO_SUFFIXES

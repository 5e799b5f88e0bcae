"""The sequences that ``predict`` was given: those of a store, or of videos.

predict RUN STORE        the sequences of the store
predict RUN VIDEOS...    those of DIR/store, made as the features of the run were
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from preprocessing.errors import InputError, counted
from preprocessing.extraction.command import extract
from preprocessing.extraction.options import take_shard
from preprocessing.files.folders import files_below
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SUFFIX
from preprocessing.terminal.console import note, say
from preprocessing.videos.reader import SUFFIXES as VIDEO_SUFFIXES
from trainer.labelling.options import PredictConfig
from trainer.labelling.out_folder import OVERLAYS, STORE, require_outside, require_own_store
from trainer.run.folder import Run
from trainer.same_features import extraction_like


@dataclass(frozen=True)
class Given:
    """The sequences that are to be predicted on.

    Attributes:
        store: the features.
        videos: the video of each sequence; None where a store was given.
        failures: why videos could not be used, a line each.
    """

    store: FeatureStore
    videos: Mapping[str, Path | None]
    failures: Sequence[str] = ()


def given_sequences(run: Run, config: PredictConfig) -> Given:
    """Finds what to predict on, and makes the features of videos.

    Args:
        run: whose model predicts.
        config: of the command.

    Raises:
        InputError: nothing was given, a store stands among videos, or an option does not fit.
    """
    if not config.inputs:
        raise InputError("nothing to predict: give video files, folders of them, or a store")
    if len(config.inputs) == 1 and is_store(config.inputs[0]):
        return _stored(config, config.inputs[0])
    _require_videos(config.inputs)
    if config.overlay:
        from trainer.overlay.videos import require_apart

        require_apart(config.folder / OVERLAYS, config.inputs)
    require_own_store(run, config.out)
    return _extracted(run, config)


def _stored(config: PredictConfig, path: Path) -> Given:
    """Takes the sequences of a store."""
    for option, asked in (
        ("--overlay draws into", config.overlay),
        ("--jobs is for", config.jobs > 1),
    ):
        if asked:
            raise InputError(f"{option} videos, and {path} is a store; give the videos")
    if config.backbone is not None:
        note(f"--backbone {config.backbone} is of no use: {path} has features already")
    require_outside(config.out, path)
    store = FeatureStore(path)
    return Given(store, dict.fromkeys(take_shard(store.ids(), config.shard)))


def _extracted(run: Run, config: PredictConfig) -> Given:
    """Makes features of videos, but of those that have them already."""
    asked = extraction_like(run, config.inputs, config.out / STORE, config.backbone)
    results = extract(replace(asked, jobs=config.jobs, shard=config.shard))
    count = {kind: sum(one.outcome == kind for one in results) for kind in ("extracted", "skipped")}
    failures = [one.message for one in results if one.outcome not in count]
    say(
        f"features of {counted(count['extracted'], 'video')} made, of {count['skipped']} there "
        f"already, {len(failures)} failed"
    )
    done = {one.source.sequence_id: one.source.path for one in results if one.outcome in count}
    return Given(FeatureStore(config.out / STORE), done, failures)


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

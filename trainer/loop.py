"""Training, from a configuration to a run folder."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from preprocessing.console import DONE, note
from preprocessing.errors import InputError
from preprocessing.label_files import FOLDERS
from preprocessing.quiet import import_tensorflow
from trainer.checkpoint import Checkpoint, Progress
from trainer.config import TrainConfig, flag
from trainer.data import Data, load_data
from trainer.interruption import Interruption
from trainer.model import build_model, load_model
from trainer.normalization import learn_moments
from trainer.own_model import Build, OwnModel
from trainer.run import Run, load_run
from trainer.training import Training, is_over

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

# What a run that continues another one takes from it.
SHAPING = ["inputs", "outputs", "task", "horizon", "normalize", "shrinkage", "cell", "layers"]
SHAPING += ["units", "dropout", "layer_norm", "learn_initial_state", "model", "precision"]


def run_train(config: TrainConfig) -> int:
    """The command ``train``; see ``TrainConfig``."""
    before = Run(config.run).progress
    run = train(config)
    state = run.progress
    said = "was already finished" if before == state else "is finished"
    best = f", best in epoch {state.best_epoch}" if state.best_epoch else ""
    print(f"{run.path} {said}: {state.epoch} epochs{best}; next: longtake evaluate {run.path}")
    return DONE


def train(
    config: TrainConfig,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    build: Build | None = None,
) -> Run:
    """Trains a model, or goes on exactly where an interrupted run was.

    Args:
        config: what to train on what.
        callbacks: Keras callbacks; they see ``loss``, ``accuracy`` (``mae`` for a regression),
            ``utilisation`` and, where there is a validation split, ``val_loss`` and the like. What
            they remember in attributes is part of checkpoints.
        build: a model of your own, instead of ``config.model``: a function of F, C and the
            configuration; see docs/models.md.

    Returns:
        The run, with its model.

    Raises:
        InputError: the data or the options do not fit and nothing was trained, or the loss became
            NaN.
        Stopped: a signal came; a checkpoint is written, the same call goes on.
    """
    with Interruption() as interruption:
        config = _resolved(config)
        own = _own_model(config, build)
        data = load_data(config)
        facts = replace(data.facts, model_digest=own.digest if own else "")
        data = replace(data, facts=facts)
        run = Run(config.run)
        run.require_same(config, data.splits, facts)
        checkpoint = run.checkpoints.latest()
        state = checkpoint.progress if checkpoint else Progress()
        if state.finished and is_over(state, config, data.validation is not None):
            return run
        model = _model(config, data, own)
        training = Training(config, data, run, model, checkpoint, interruption)
        run.begin(config, data.splits, facts)
        _announce(data, training.lanes, checkpoint)
        training.go(callbacks)
    return run


def _own_model(config: TrainConfig, build: Build | None) -> OwnModel | None:
    if build is not None:
        return OwnModel(getattr(build, "__name__", "build"), build)
    return OwnModel.read(config.model) if config.model else None


def _model(config: TrainConfig, data: Data, own: OwnModel | None) -> keras.Model:
    """Builds the model, or takes that of the run that is continued."""
    keras.utils.set_random_seed(config.seed)
    if config.continue_from:
        return load_model(Run(config.continue_from).model_path)
    moments = None
    if config.normalize != "none" and data.layout.sees_features:
        moments = learn_moments(data.train.store, data.train.infos)
    return build_model(config, data.layout, data.facts.dimension, moments, own)


def _announce(data: Data, lanes: int, checkpoint: Checkpoint | None) -> None:
    """Says what is trained on, so that a stray class or a forgotten video is seen at once."""
    validation = data.validation.infos if data.validation else []
    names = ", ".join(data.facts.classes)
    kind = "columns" if data.facts.task == "regression" else "classes"
    print(
        f"{len(data.train.infos)} sequences to train on in {lanes} lanes, {len(validation)} to "
        f"validate, {len(data.splits.test)} to test; {len(data.facts.classes)} {kind}: {names}"
    )
    if checkpoint:
        state = checkpoint.progress
        print(f"going on in epoch {state.epoch + 1} after {state.updates} updates")


def _resolved(config: TrainConfig) -> TrainConfig:
    """Makes paths absolute, so that a run can be evaluated from anywhere."""

    def absolute(path: Path) -> Path:
        return path if str(path) == FOLDERS else path.resolve()

    config = replace(
        config,
        store=absolute(config.store),
        labels=absolute(config.labels),
        run=absolute(config.run),
        splits=config.splits and absolute(config.splits),
        continue_from=config.continue_from and absolute(config.continue_from),
    )
    return _continued(config, load_run(config.continue_from)) if config.continue_from else config


def _continued(config: TrainConfig, base: Run) -> TrainConfig:
    """Takes what shapes the model from the run that is continued.

    Raises:
        InputError: another value was asked for, or the run has no model yet.
    """
    if config.run == base.path:
        raise InputError(
            f"--continue-from {base.path} is --run itself; give --run a folder of its own (to "
            "train the same run longer, raise --epochs)"
        )
    if not base.model_path.is_file():
        raise InputError(f"--continue-from {base.path} has no model yet; train it first")
    defaults = {field.name: field.default for field in fields(TrainConfig)}
    taken = {}
    for name in SHAPING:
        asked, had = getattr(config, name), getattr(base.config, name)
        if asked == had:
            continue
        if asked != defaults[name]:
            raise InputError(
                f"--{flag(name)} {asked}, but the model of {base.path} was made with {had}; leave "
                "the option out, or train anew"
            )
        note(f"--{flag(name)} {had}, as in {base.path}")
        taken[name] = had
    return replace(config, **taken)

"""Training, from a configuration to a run folder."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple

from preprocessing.errors import InputError
from preprocessing.terminal.console import DONE, note, say
from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import TrainConfig, flag
from trainer.devices.hardware import compute_in, computing
from trainer.devices.placement import Placement, SharedPlacement
from trainer.devices.processes import Processes
from trainer.devices.replicas import Replicas
from trainer.devices.strategy import find_replicas
from trainer.kernels.layers import all_layers
from trainer.model.build import build_model
from trainer.model.model_file import load_model
from trainer.model.own_model import Build, OwnModel
from trainer.run.checkpoint import Checkpoint, Progress
from trainer.run.folder import Run
from trainer.run.interruption import Interruption
from trainer.run.lock import locked
from trainer.training.continuation import own_model_of, resolved
from trainer.training.data import Data, load_data
from trainer.training.epoch_line import best_of
from trainer.training.feature_moments import with_feature_moments
from trainer.training.loop import Training, is_over

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)

import_tensorflow()

LOCK = "train.lock"
NAMED = 100  # Classes, when training begins.
# How long network file systems may take to show a new file on another machine.
SEEN_SECONDS = 60.0


class Trained(NamedTuple):
    """A run to whose end somebody has trained.

    Attributes:
        processes: that trained together.
        here: whether these did, or had nothing left to do.
    """

    run: Run
    processes: Processes
    here: bool


def run_train(config: TrainConfig) -> int:
    """The command ``train``; see ``TrainConfig``."""
    run, processes, trained = _train(config)
    if not processes.chief:
        return DONE
    state = run.progress
    said = "is finished" if trained else "was already finished"
    best = best_of(run.history, state.best_epoch)
    if state.best_epoch and state.epoch - state.best_epoch >= config.patience:
        best += f" (no better one in --patience {config.patience} epochs)"
    say(f"{run.path} {said}: {state.epoch} epochs{best}; next: longtake evaluate {run.path}")
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
    return _train(config, callbacks, build).run


def _train(
    config: TrainConfig,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    build: Build | None = None,
) -> Trained:
    begun = time.perf_counter()
    compute_in(Run(config.run).progress.threads)
    replicas = find_replicas(config)
    processes = Processes(replicas)
    with Interruption() as interruption, processes.together(), ExitStack() as held:
        processes.require_same(**_plain(config))
        with processes.ready():
            config = resolved(config)
            own = own_model_of(config, build)
            run = Run(config.run)
            run.require_free()
            data = load_data(config)
            facts = replace(data.facts, model_digest=own.digest if own else "")
        processes.require_same(**{"splits": data.splits, "store, labels or --model": facts})
        data = with_feature_moments(replace(data, facts=facts), config, run, processes)
        with replicas.scope() if replicas else nullcontext():
            model = _model(config, data, own)
        with processes.ready():
            _require_shareable(model, replicas)
            if processes.chief:
                held.enter_context(_alone(run, interruption))
        with processes.ready():
            _require_seen(run)
            run.require_same(config, data.splits, data.facts)
            checkpoint = run.checkpoints.latest()
        state = checkpoint.progress if checkpoint else Progress()
        processes.require_same(**{"checkpoint in --run": state})
        if state.finished and is_over(state, config, data.validation is not None):
            processes.leave()
            return Trained(run, processes, False)
        lanes = state.lanes or _lanes(config, data, replicas)
        where = config, model, data.layout.task, lanes
        placement = SharedPlacement(*where, replicas) if replicas else Placement(*where)
        training = Training(
            config, data, run, model, callbacks, interruption, begun, lanes, processes, placement
        )
        processes.require_same(callbacks=training.watched)
        said = computing(model, replicas)
        if processes.chief:
            run.begin(config, data.splits, data.facts)
            _announce(data, lanes, replicas, checkpoint)
            say(said)
        training.go(checkpoint)
    return Trained(run, processes, True)


def _require_shareable(model: keras.Model, replicas: Replicas | None) -> None:
    """Checks that all of a model is the same on all devices.

    Raises:
        InputError: a layer gathers statistics of what it sees, which differs from one to another.
    """
    layers = all_layers(model) if replicas else ()
    for layer in layers:
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            raise InputError(
                f"layer {layer.name} gathers statistics, which would differ from device to device; "
                "give --devices one and the default --strategy, or normalise by "
                "LayerNormalization or GroupNormalization"
            )


def _require_seen(run: Run) -> None:
    """Waits until the folder of a run, which the chief has made, is seen here too.

    Raises:
        InputError: it is not.
    """
    until = time.monotonic() + SEEN_SECONDS
    while not (run.path / LOCK).exists():
        if time.monotonic() > until:
            raise InputError(
                f"{run.path} is not what the first process writes; give --run a folder that all "
                "processes see"
            )
        time.sleep(1)


def _plain(config: TrainConfig) -> dict[str, object]:
    """All options that must be the same everywhere; paths may differ from machine to machine."""
    values = {f"--{flag(field.name)}": getattr(config, field.name) for field in fields(config)}
    return {name: None if isinstance(it, Path) else it for name, it in values.items()}


def _lanes(config: TrainConfig, data: Data, replicas: Replicas | None) -> int:
    """Lanes of all devices; a lane that carries needs a sequence."""
    lanes = data.lanes * (replicas.count if replicas else 1)
    return lanes if config.state == "reset" else min(lanes, len(data.train.infos))


@contextmanager
def _alone(run: Run, interruption: Interruption) -> Iterator[None]:
    """Waits while another process trains the run."""

    def waiting() -> None:
        note(f"another process trains {run.path}; waiting until it has ended")

    with locked(run.path / LOCK, interruption, waiting):
        yield


def _model(config: TrainConfig, data: Data, own: OwnModel | None) -> keras.Model:
    """Builds the model, or takes that of the run that is continued."""
    keras.utils.set_random_seed(config.seed)
    if config.continue_from:
        return load_model(Run(config.continue_from).model_path)
    facts = data.facts
    return build_model(config, data.layout, facts.dimension, facts.feature_moments, own)


def _announce(
    data: Data, lanes: int, replicas: Replicas | None, checkpoint: Checkpoint | None
) -> None:
    """Says what is trained on, so that a stray class or a forgotten video is seen at once."""
    validation = data.validation.infos if data.validation else []
    more = len(data.facts.classes) - NAMED
    names = ", ".join(data.facts.classes[:NAMED]) + (f" and {more} more" if more > 0 else "")
    kind = "columns" if data.facts.task == "regression" else "classes"
    say(
        f"{len(data.train.infos)} sequences to train on in {lanes} lanes"
        f"{f' on {replicas.count} devices' if replicas else ''}, "
        f"{len(validation)} to validate, {len(data.splits.test)} to test; "
        f"{len(data.facts.classes)} {kind}: {names}"
    )
    if checkpoint:
        state = checkpoint.progress
        say(f"going on in epoch {state.epoch + 1} after {state.updates} updates")

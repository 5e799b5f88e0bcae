"""Training, from a configuration to a run folder."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from preprocessing.files.whole_file import write_whole
from preprocessing.terminal.console import say
from preprocessing.terminal.exit_codes import DONE
from preprocessing.terminal.quiet import import_tensorflow
from trainer.advice.order import after_training
from trainer.config import TrainConfig
from trainer.devices.hardware import name_hardware, threads, use_threads
from trainer.devices.processes import Processes
from trainer.devices.strategy import find_devices
from trainer.model.own_model import Build
from trainer.run.checkpoint import Progress
from trainer.run.folder import Run
from trainer.run.interruption import Interruption
from trainer.run.lock import heed
from trainer.training.announcer import Announcer, say_finished
from trainer.training.backbone_data import require_room
from trainer.training.by_data import said
from trainer.training.callbacks import watch_batches
from trainer.training.claim import claimed
from trainer.training.completion import Completion
from trainer.training.loop import Training
from trainer.training.memory_maps import note_nearly_all_held
from trainer.training.preparation import lanes_of, last_checkpoint, make_model, prepare
from trainer.training.steps import Steps, make_steps
from trainer.training.stops import Stops

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)


class Trained(NamedTuple):
    """A run to whose end somebody has trained.

    Attributes:
        was_finished: whether it was so before this call.
        chief: whether this process is the one that writes and speaks.
    """

    run: Run
    was_finished: bool
    chief: bool


def run_train(config: TrainConfig, quiet: bool = False) -> int:
    """Runs the command ``train``; see ``TrainConfig``.

    Args:
        config: what to train on what.
        quiet: True for no advice at the end, nor what must be measured for it.
    """
    run, was_finished, chief = _train(config, advised=not quiet)
    if chief and not quiet:
        say(*after_training([run]))
    if chief:
        say_finished(run, config.patience, was_finished)
    return DONE


def train(
    config: TrainConfig,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    build: Build | None = None,
) -> Run:
    """Trains a model, or goes on exactly where an interrupted run was.

    With ``decoder="folds"`` the command ``train`` has the decoder chosen by three more trainings
    after that: ``trainer.choose_by_folds(run.path)``.

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
    advised: bool = False,
) -> Trained:
    begun = time.perf_counter()
    use_threads(Run(config.run).progress.threads)
    devices = find_devices(config)
    processes = Processes(devices)
    with Interruption() as interruption, processes.together():
        prepared = prepare(config, build, processes, devices)
        asked, (config, run, data, _) = config, prepared
        model = make_model(prepared, devices, processes)
        with claimed(run, processes, interruption):
            checkpoint = last_checkpoint(prepared, processes)
            progress = checkpoint.progress if checkpoint else Progress()
            validated = data.validation is not None
            completion = Completion(
                config, run, data, progress, lambda: heed(interruption), looks=advised
            )
            if progress.finished and progress.is_over(config.epochs, config.patience, validated):
                _complete(completion, processes)
                return Trained(run, True, processes.chief)
            progress.lanes = progress.lanes or lanes_of(config, data, devices)
            progress.threads = progress.threads or threads()
            require_room(config, progress.lanes, devices)
            note_nearly_all_held()
            steps = make_steps(config, model, data.layout.task, devices, data.backbone)
            watched = watch_batches(callbacks)
            processes.require_same(callbacks=watched)
            hardware = name_hardware(model, devices)
            if processes.chief:
                run.begin(config, data.splits, data.facts, data.lineage)
                write_whole(run.labels_path, data.check.to_json())
            announcer = Announcer(begun, processes.chief)
            announcer.beginning(data, progress.lanes, devices)
            if data.backbone:
                announcer.say(data.backbone.described())
            if line := said(asked, config, data):
                announcer.say(line)
            if checkpoint:
                announcer.going_on(progress)
            announcer.say(hardware)
            stops = Stops(processes, interruption, at_once=watched)
            training = Training(config, run, data, progress, steps, stops, announcer, callbacks)
            if processes.chief:
                completion.begin()
            training.go(checkpoint)
            _complete(completion, processes, steps)
    return Trained(run, False, processes.chief)


def _complete(completion: Completion, processes: Processes, steps: Steps | None = None) -> None:
    """Has the process that writes complete a run, while the others wait for it.

    Args:
        completion: of the run.
        processes: that trained it together.
        steps: that trained it; None if that was before.
    """
    try:
        lines = completion.go(steps) if processes.chief else []
    finally:
        processes.wait_for_all()
    if lines:
        say(*lines)

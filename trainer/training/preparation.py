"""The preparation of a training: all that must be there, and fit together, before it begins."""

from dataclasses import fields, replace
from pathlib import Path
from typing import NamedTuple

from preprocessing.errors import InputError
from preprocessing.terminal.quiet import import_tensorflow
from trainer.config import TrainConfig, flag
from trainer.devices.processes import Processes
from trainer.devices.replicas import Devices
from trainer.kernels.layers import all_layers
from trainer.model.build import build_model
from trainer.model.model_file import load_model
from trainer.model.own_model import Build, OwnModel
from trainer.model.temperature import uncalibrated
from trainer.run.checkpoint import Checkpoint
from trainer.run.folder import Run, load_run
from trainer.training.by_data import chosen
from trainer.training.continuation import as_begun, resolved
from trainer.training.data import Data, load_data
from trainer.training.feature_moments import with_feature_moments

import_tensorflow()
import keras  # noqa: E402  (after TensorFlow, whose messages are held back)


class Prepared(NamedTuple):
    """The parts of a training: what is trained, on what, and where to.

    Attributes:
        config: with absolute paths, with what a run that is continued says, and with what the data
            decide.
        own: a model of the user's own; None for one that is built here.
    """

    config: TrainConfig
    run: Run
    data: Data
    own: OwnModel | None


def prepare(
    config: TrainConfig, build: Build | None, processes: Processes, devices: Devices | None = None
) -> Prepared:
    """Finds and checks all that a configuration names; the same in all processes.

    Args:
        config: what was asked for.
        build: a model of the user's own, from Python.
        processes: that train together.
        devices: that get a copy of the backbone, if one is trained.

    Raises:
        InputError: something is missing or does not fit, here or in another process.
    """
    processes.require_same(**_comparable(config))
    with processes.ready():
        config = resolved(config)
        config = as_begun(config, Run(config.run).config_path)
        own = _own_model(config, build)
        run = Run(config.run)
        run.require_free()
        data = load_data(config, devices)
        config = chosen(config, data)
        facts = replace(data.facts, model_digest=own.digest if own else "")
    processes.require_same(**{"splits": data.splits, "store, labels or --model": facts})
    data = with_feature_moments(replace(data, facts=facts), config, run, processes)
    return Prepared(config, run, data, own)


def _own_model(config: TrainConfig, build: Build | None) -> OwnModel | None:
    """Returns the model of a user's own that is to be trained, if there is one.

    Args:
        config: names the file of the model, and the run that is continued.
        build: makes the model, where it comes from Python.

    Raises:
        InputError: a run is continued that was trained with another.
    """
    if build is not None:
        own = OwnModel(getattr(build, "__name__", "build"), build)
    elif config.model:
        own = OwnModel.read(config.model)
    else:
        own = None
    if config.continue_from:
        _require_own(own, load_run(config.continue_from))
    return own


def _require_own(own: OwnModel | None, base: Run) -> None:
    """Checks that a run with a model of one's own is continued with it.

    Raises:
        InputError: the file was not given, or is another; none that a run names is ever executed.
    """
    digest = own.digest if own else ""
    if digest != base.facts.model_digest:
        was = f"--model {base.config.model}" if base.config.model else "no --model of a file"
        given = "the file given is another" if own else "none was given"
        raise InputError(
            f"--continue-from {base.path} was trained with {was}, and {given}; give the same file "
            "with --model, unchanged"
        )


def make_model(prepared: Prepared, devices: Devices, processes: Processes) -> keras.Model:
    """Builds the model, or takes that of the run that is continued.

    Args:
        prepared: what ``prepare`` returned.
        devices: that have copies of it.
        processes: that train together.

    Raises:
        InputError: the devices cannot share it.
    """
    config, _, data, own = prepared
    with devices.scope():
        keras.utils.set_random_seed(config.seed)
        if config.continue_from:
            model = uncalibrated(load_model(Run(config.continue_from).model_path))
        else:
            facts = data.facts
            model = build_model(config, data.layout, facts.dimension, facts.feature_moments, own)
    with processes.ready():
        if devices.replicated:
            _require_shareable(model)
    return model


def last_checkpoint(prepared: Prepared, processes: Processes) -> Checkpoint | None:
    """Reads where a run that was begun before goes on; None if it begins now.

    Args:
        prepared: what ``prepare`` returned.
        processes: that train together.

    Raises:
        InputError: it was begun with something else, or not all processes see the same checkpoint.
    """
    config, run, data, _ = prepared
    with processes.ready():
        run.require_same(config, data.splits, data.facts)
        checkpoint = run.checkpoints.latest()
    progress = checkpoint.progress if checkpoint else None
    processes.require_same(**{"checkpoint in --run": progress})
    return checkpoint


def lanes_of(config: TrainConfig, data: Data, devices: Devices) -> int:
    """Returns B of all devices together; a lane that carries needs a sequence.

    Args:
        config: says whether lanes carry.
        data: what is trained on.
        devices: that share each batch.
    """
    lanes = data.lanes * devices.count
    return lanes if config.state == "reset" else min(lanes, len(data.train.infos))


def _comparable(config: TrainConfig) -> dict[str, object]:
    """Returns options that must be the same everywhere; paths may differ between machines."""
    values = {f"--{flag(field.name)}": getattr(config, field.name) for field in fields(config)}
    return {name: None if _is_place(it) else it for name, it in values.items()}


def _is_place(value: object) -> bool:
    """Returns True for a path, and for several."""
    several = value if isinstance(value, tuple) and value else (value,)
    return all(isinstance(one, Path) for one in several)


def _require_shareable(model: keras.Model) -> None:
    """Checks that all of a model is the same on all devices.

    Raises:
        InputError: a layer gathers statistics of what it sees, which differs from one to another.
    """
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            raise InputError(
                f"layer {layer.name} gathers statistics, which would differ from device to device; "
                "give --devices one and the default --strategy, or normalise by "
                "LayerNormalization or GroupNormalization"
            )

"""A run that is continued from another: which options it takes over, and what that has seen."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from preprocessing.errors import InputError
from preprocessing.labels.groups import absolute_groups
from preprocessing.labels.label_files import FOLDERS
from preprocessing.terminal.console import note
from preprocessing.terminal.options import from_yaml
from preprocessing.terminal.python_file import absolute_file
from trainer.config import FORMER, TrainConfig, flag
from trainer.run.folder import Run, load_run
from trainer.run.members import require_trainable

Config = TypeVar("Config", bound=TrainConfig)
# What a run that continues another one takes from it.
SHAPING = ["inputs", "outputs", "task", "horizon", "normalize", "shrinkage", "cell", "layers"]
SHAPING += ["units", "dropout", "layer_norm", "learn_initial_state", "precision", "unlabelled"]
SHAPING += ["direction"]


def resolved(config: Config) -> Config:
    """Makes paths absolute, so that a run can be evaluated from anywhere."""

    def absolute(path: Path) -> Path:
        return path if str(path) == FOLDERS else path.resolve()

    config = replace(
        config,
        store=absolute(config.store),
        labels=tuple(map(absolute, config.labels)),
        run=absolute(config.run),
        splits=config.splits and absolute(config.splits),
        group_by=config.group_by and absolute_groups(config.group_by),
        continue_from=config.continue_from and absolute(config.continue_from),
        model=config.model and absolute_file(config.model),
        media_map=config.media_map and absolute(config.media_map),
    )
    if config.continue_from is None:
        return config
    require_trainable("--continue-from", config.continue_from)
    return _continued(config, load_run(config.continue_from))


def as_begun(config: Config, path: Path) -> Config:
    """Keeps defaults of before where a folder was begun with them, so that it goes on.

    Args:
        config: what is asked for now.
        path: the file with the options that the folder was begun with; there is none if it is new.

    Raises:
        InputError: the file cannot be read.
    """
    if not path.exists():
        return config
    before = from_yaml(type(config), path)
    defaults = {field.name: field.default for field in fields(config)}
    kept: dict[str, Any] = {
        name: was
        for name, was in FORMER.items()
        if getattr(before, name) == was and getattr(config, name) == defaults[name]
    }
    if kept:
        told = " ".join(f"--{flag(name)} {was}" for name, was in kept.items())
        note(f"{path.parent} goes on with {told}, the defaults when it was begun")
    return replace(config, **kept)


def _continued(config: Config, base: Run) -> Config:
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
    before, taken = base.config, {}
    for name in SHAPING:
        asked, had = getattr(config, name), getattr(before, name)
        # Of a run that did not choose, time without a label was left out.
        if asked == had or (asked, had) == ("ignore", None):
            continue
        if asked != defaults[name]:
            raise InputError(
                f"--{flag(name)} {asked}, but the model of {base.path} was made with {had}; leave "
                "the option out, or train anew"
            )
        note(f"--{flag(name)} {had}, as in {base.path}")
        taken[name] = had
    return replace(config, **taken)

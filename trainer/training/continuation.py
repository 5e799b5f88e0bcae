"""A run that is continued from another: which options it takes over, and what that has seen."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TypeVar

from preprocessing.errors import InputError, counted, some
from preprocessing.labels.groups import absolute_groups
from preprocessing.labels.reading import FOLDERS
from preprocessing.labels.splits import PARTS
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.console import note
from preprocessing.terminal.python_file import absolute_file
from trainer.config import TrainConfig, flag
from trainer.model.own_model import Build, OwnModel
from trainer.run.folder import Run, load_run
from trainer.run.lineage import Lineage

Config = TypeVar("Config", bound=TrainConfig)
# What a run that continues another one takes from it.
SHAPING = ["inputs", "outputs", "task", "horizon", "normalize", "shrinkage", "cell", "layers"]
SHAPING += ["units", "dropout", "layer_norm", "learn_initial_state", "precision", "unlabelled"]


def own_model_of(config: TrainConfig, build: Build | None) -> OwnModel | None:
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


def resolved(config: Config) -> Config:
    """Makes paths absolute, so that a run can be evaluated from anywhere."""

    def absolute(path: Path) -> Path:
        return path if str(path) == FOLDERS else path.resolve()

    config = replace(
        config,
        store=absolute(config.store),
        labels=absolute(config.labels),
        run=absolute(config.run),
        splits=config.splits and absolute(config.splits),
        group_by=config.group_by and absolute_groups(config.group_by),
        continue_from=config.continue_from and absolute(config.continue_from),
        model=config.model and absolute_file(config.model),
    )
    return _continued(config, load_run(config.continue_from)) if config.continue_from else config


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


def begun_lineage(
    continue_from: Path | None, infos: Mapping[str, Sequence[SequenceInfo]]
) -> Lineage:
    """Returns the lineage of a run; says so if it begins with weights that know what it holds out.

    Args:
        continue_from: the run that it continues; None if it begins anew.
        infos: the sequences of each part.

    Raises:
        InputError: the lineage of that run cannot be read.
    """
    before = Run(continue_from).lineage if continue_from else None
    for part in PARTS[1:]:
        if before and (seen := before.seen(infos[part])):
            what = counted(len(seen), "sequence")
            note(
                f"{continue_from}, or a run that it continues, was trained on {what} of the {part} "
                f"split ({some(seen)}): they are not held out, and evaluate will refuse them; "
                "without --splits, each stays in the part that it had"
            )
    return Lineage.begun(infos["train"], before)

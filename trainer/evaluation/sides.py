"""The sides of a comparison: runs, each of one seed or several, and what they were made with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from shlex import quote
from typing import Any

from preprocessing.errors import InputError
from preprocessing.files.text_files import read_json
from preprocessing.terminal.console import note
from trainer.config import TrainConfig
from trainer.decoded.facts import NONE, decoder_text, joined_decoder
from trainer.evaluation.compare_options import CompareConfig
from trainer.evaluation.drawn_groups import drawn_groups
from trainer.predictions.reader import Answers
from trainer.report.page import option, value_text
from trainer.run.folder import Run, load_run
from trainer.run.members import GROUPS, SEEDS, folds, members, shown_name

# What a store says of how its features were made, and the option of extract that it comes from.
OF_THE_STORE = {"--fps (of the store)": "fps", "--backbone (of the store)": "backbone"}
NO_OPTION = {"run", "seed"}


@dataclass(frozen=True)
class Side:
    """A run that is compared, or the runs of several seeds as one.

    Attributes:
        name: the name of its folder, or its whole path where another folder has the same name.
        path: its folder.
        runs: the run of each seed, all with the same splits; those of each fold, if their answers
            are in one file.
        predictions: the ``predictions.h5`` of each seed, or the one of all folds.
        feed: the past labels that were its inputs: ``predictions`` or ``truth``; None if none were.
        seen: sequences that it was trained on.
        groups: ``--group-by``, where its figures are about groups.
        decoder: by what its answers were decoded, in words; ``none`` if they were not.
    """

    name: str
    path: Path
    runs: Sequence[Run]
    predictions: Sequence[Path]
    feed: str | None
    seen: frozenset[str] = frozenset()
    groups: str | None = None
    decoder: str = NONE

    @property
    def config(self) -> TrainConfig:
        """The training options, of the first seed, or of any fold."""
        return self._shared(self.runs[0].config)

    @property
    def models(self) -> list[TrainConfig]:
        """The training options of each model that answers together with others: of an ensemble."""
        return [self._shared(member.config) for member in self.runs[0].answering]

    def _shared(self, config: TrainConfig) -> TrainConfig:
        return replace(config, splits=None, group_by=None) if self.folds else config

    @property
    def folds(self) -> str:
        """The way in which sequences were held out in turn; empty if they were not."""
        if len(self.runs) == len(self.predictions):
            return ""
        return f"{len(self.runs)} folds{' of whole groups' if self.groups else ''}"

    @property
    def seeds(self) -> list[int]:
        """The seed of each training, or the one of all folds; of each model of an ensemble."""
        count = len(self.predictions)
        seeds = [model.config.seed for run in self.runs[:count] for model in run.answering]
        return list(dict.fromkeys(seeds))

    @property
    def segmental(self) -> bool:
        """True if the run answers each step."""
        return self.config.outputs == "frame"


def read_sides(config: CompareConfig) -> list[Side]:
    """Finds the runs of a comparison and their evaluations.

    Raises:
        InputError: a folder is no run, is given twice, or was not evaluated.
    """
    places = [path.resolve() for path in config.runs]
    for path, place in zip(config.runs, places, strict=True):
        if places.count(place) > 1:
            raise InputError(f"{path} is given twice; expected different runs")
    short = list(map(shown_name, places))
    names = short if len(set(short)) == len(short) else list(map(str, config.runs))
    return [_side(name, path, config.split) for name, path in zip(names, config.runs, strict=True)]


def _side(name: str, path: Path, split: str) -> Side:
    if of_folds := folds(path):
        pooled = path / "evaluation" / split
        metrics = _evaluation(pooled, f"evaluate {path}")
        runs = list(map(load_run, of_folds))
        groups = str(path / GROUPS) if (path / GROUPS).is_file() else None
        seen = frozenset(metrics.get("seen") or ())
        decoder = decoder_text(metrics["decoder"])
        predictions = [pooled / "predictions.h5"]
        return Side(name, path, runs, predictions, metrics["feed"], seen, groups, decoder)
    runs = list(map(load_run, members(path)))
    found = [
        _evaluation(run.evaluation_path(split), f"evaluate {path} --split {split}") for run in runs
    ]
    seen = frozenset[str]()
    if split != "train":
        seen = seen.union(*map(_seen, runs, found))
    predictions = [run.evaluation_path(split) / "predictions.h5" for run in runs]
    group_by = runs[0].config.group_by
    decoders = {run.path.name: one["decoder"] for run, one in zip(runs, found, strict=True)}
    decoder = decoder_text(joined_decoder(decoders, SEEDS))
    return Side(name, path, runs, predictions, found[0]["feed"], seen, group_by, decoder)


def _evaluation(folder: Path, command: str) -> dict[str, Any]:
    """Reads the metrics of an evaluation.

    Args:
        folder: the folder of the evaluation.
        command: what makes it.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    predictions, metrics = folder / "predictions.h5", folder / "metrics.json"
    if not (predictions.is_file() and metrics.is_file()):
        raise InputError(f"{folder} has no evaluation; run `longtake {command}` first")
    try:
        found = {"feed": None, "decoder": None, **read_json(metrics, "metrics")}
        decoder_text(found["decoder"])
    except (InputError, ValueError, TypeError, KeyError):
        raise InputError(f"cannot read {metrics}; run `longtake {command}` again") from None
    return found


def _seen(run: Run, metrics: Mapping[str, Any]) -> set[str]:
    """Returns the sequences that a run was trained on, if its evaluation does not say of which."""
    if "seen" in metrics:
        return set(metrics["seen"] or ())
    try:
        return set(run.splits.train)
    except InputError:
        return set()


def require_up_to_date(side: Side, files: Sequence[Answers], split: str) -> None:
    """Checks that the models of a side are those that gave its answers.

    Args:
        side: the side.
        files: its answers.
        split: the split.

    Raises:
        InputError: they are not. Of answers that do not say, only the times of files give a hint.
    """
    if len(files) != len(side.runs):  # Of all folds in one file.
        return
    again = f"`longtake evaluate {quote(str(side.path))} --split {split}`"
    for run, predictions, answers in zip(side.runs, side.predictions, files, strict=True):
        now = run.weights_digest
        if not now or answers.weights == now:
            continue
        if answers.weights:
            raise InputError(
                f"{run.path} was trained further since its evaluation, whose answers are of "
                f"another model; run {again} again"
            )
        if run.model_path.stat().st_mtime > predictions.stat().st_mtime:
            note(
                f"the model of {run.path} is newer than its evaluation, which does not say of "
                f"which model it is; if it was trained further, run {again} again"
            )


def groups_of(sides: Sequence[Side], ids: Sequence[str]) -> dict[str, str]:
    """Returns the group of each sequence, if a side has groups; none otherwise.

    Args:
        sides: the sides.
        ids: the sequences.
    """
    group_by = next((side.groups for side in sides if side.groups), None)
    return drawn_groups(group_by, ids) or {}


def differing_options(sides: Sequence[Side]) -> dict[str, list[str]]:
    """Returns the options in which runs differ, a value for each run; the store's come first."""
    values = {
        **{name: [_made_with(side, fact) for side in sides] for name, fact in OF_THE_STORE.items()},
        "cross-validation": [side.folds for side in sides],
        "decoder": [side.decoder for side in sides],
        "ensemble": [f"{len(side.models)} models" * (len(side.models) > 1) for side in sides],
        **dict(_training_options(sides)),
        "--seed": [value_text(tuple(side.seeds)) for side in sides],
    }
    return {name: found for name, found in values.items() if len(set(found)) > 1}


def _training_options(sides: Sequence[Side]) -> Iterator[tuple[str, list[str]]]:
    every = [side.models for side in sides]
    for one in fields(TrainConfig):
        if one.name not in NO_OPTION:
            yield option(one.name), [_training_option(models, one.name) for models in every]


def _training_option(models: Sequence[TrainConfig], name: str) -> str:
    """Returns the value of an option, also where it follows from another; of models all values."""
    values = [getattr(config, name) for config in models]
    if name == "split_seed":
        values = [
            config.seed if value is None else value
            for config, value in zip(models, values, strict=True)
        ]
    return ", ".join(dict.fromkeys(map(value_text, values)))


def _made_with(side: Side, fact: str) -> str:
    """Returns how the features of a run were made; empty if the run does not say."""
    try:
        return str(getattr(side.runs[0].facts, fact))
    except InputError:
        return ""

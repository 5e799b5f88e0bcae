"""The runs that an ensemble is made of, by the folders that are given."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from preprocessing.errors import InputError, some
from preprocessing.terminal.console import note
from trainer.run.folder import Run, load_run
from trainer.run.members import GROUPS, folds, members


def given_runs(paths: Sequence[Path]) -> list[Run]:
    """Returns the runs of one model each: of a repeated run all seeds, of an ensemble its members.

    Args:
        paths: their folders.

    Raises:
        InputError: a folder is no trained run, or is given twice.
    """
    _require_different(paths)
    found = [one for path in paths for run in members(path) for one in load_run(run).answering]
    for run in found:
        if not run.weights_digest:
            raise InputError(f"{run.path} has no model yet; train it first")
        if run.checkpoints.paths() and not run.progress.finished:
            note(f"{run.path} is not trained to its end; its best epoch so far is taken")
    return found


def given_folds(paths: Sequence[Path]) -> Mapping[str, list[Run]]:
    """Returns the runs of each fold of several cross-validations.

    Args:
        paths: their folders.

    Raises:
        InputError: their folds differ, by their names or by what they test.
    """
    _require_different(paths)
    every = [{run.name: run for run in folds(path)} for path in paths]
    for path, own in zip(paths[1:], every[1:], strict=True):
        apart = sorted(own.keys() ^ every[0].keys())
        apart = apart or [name for name in own if _tested(own[name]) != _tested(every[0][name])]
        if apart:
            raise InputError(
                f"{paths[0]} and {path} have other folds ({some(apart)}); expected the same folds, "
                "all trained: give cross-validate the same --split-seed, --leave-out or --splits"
            )
    return {name: given_runs([own[name] for own in every]) for name in every[0]}


def groups_of(paths: Sequence[Path]) -> str:
    """Returns the groups.csv of cross-validations; empty if they have none.

    Args:
        paths: their folders.

    Raises:
        InputError: they have other groups.
    """
    files = [path / GROUPS for path in paths]
    every = [file.read_text("utf-8") if file.is_file() else "" for file in files]
    for path, groups in zip(paths, every, strict=True):
        if groups != every[0]:
            raise InputError(
                f"{paths[0]} and {path} have other groups ({GROUPS}), over which intervals are; "
                "expected the same"
            )
    return every[0]


def _tested(path: Path) -> set[str]:
    return set(Run(path).splits.test)


def _require_different(paths: Sequence[Path]) -> None:
    for path in paths:
        if paths.count(path) > 1:
            raise InputError(f"{path} is given twice; expected different runs")

"""The command ``ensemble``: a run of several, whose models answer together.

NEW/ensemble.yaml              what it was made of
NEW/config.yaml, run.json, splits.json, trained.json
                               as of any run, for all members as one
NEW/members/<number>/          of each member: the same, its model and its history

Of cross-validations there is one for each fold, so that the ensemble is a cross-validation too:

NEW/cross-validation.yaml      what it was made of
NEW/groups.csv                 the group of each sequence, where they have groups
NEW/folds/<name>.splits.json   which sequences a fold trains on, and tests
NEW/folds/<name>/              an ensemble of that fold of each
"""

import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from preprocessing.errors import InputError, counted
from preprocessing.files.outputs import require_folder
from preprocessing.files.strays import remove_strays_of
from preprocessing.files.whole_file import partial_path, write_whole
from preprocessing.terminal.console import say
from preprocessing.terminal.exit_codes import DONE
from preprocessing.terminal.options import to_yaml
from trainer.ensemble.copying import write_ensemble
from trainer.ensemble.fitting import differing, require_fit
from trainer.ensemble.given import given_folds, given_runs, groups_of
from trainer.ensemble.options import EnsembleConfig
from trainer.run.folder import Run
from trainer.run.members import CROSS_VALIDATION, FOLDS, GROUPS, SPLITS, is_cross_validated


def run_ensemble(config: EnsembleConfig) -> int:
    """Runs the command ``ensemble``; see ``EnsembleConfig``."""
    runs = make_ensemble(config)
    said = shlex.quote(str(config.run))
    folds = f" in each of {counted(len(runs), 'fold')}" if is_cross_validated(config.run) else ""
    members = runs[0].answering
    say(f"{config.run}: {counted(len(members), 'model')}{folds}; next: longtake evaluate {said}")
    if apart := list(differing(members)):
        say(f"they differ in {'; '.join(apart)}")
    return DONE


def make_ensemble(config: EnsembleConfig) -> list[Run]:
    """Makes a run of several; its folder is there only when it is whole.

    Returns:
        The ensemble, or that of each fold.

    Raises:
        InputError: a folder is no trained run, the runs do not fit, or NEW holds something.
    """
    require_folder("--run", config.run)
    config = replace(
        config, run=config.run.resolve(), runs=tuple(path.resolve() for path in config.runs)
    )
    _require_free(config.run)
    crossed = [path for path in config.runs if is_cross_validated(path)]
    if crossed and len(crossed) < len(config.runs):
        other = next(path for path in config.runs if path not in crossed)
        raise InputError(
            f"{crossed[0]} is a cross-validation and {other} is not; give cross-validations only, "
            "or runs only, such as one of its folds"
        )
    with _whole(config.run) as partial:
        return _of_folds(config, partial) if crossed else [_of_runs(config, partial)]


def _of_runs(config: EnsembleConfig, place: Path) -> Run:
    runs = given_runs(config.runs)
    require_fit(runs)
    if line := write_ensemble(place, config, runs):
        say(line)
    return Run(config.run)


def _of_folds(config: EnsembleConfig, place: Path) -> list[Run]:
    """Makes an ensemble of each fold."""
    folds = given_folds(config.runs)
    for runs in folds.values():
        require_fit(runs)
    for name, runs in folds.items():
        own = replace(config, runs=tuple(run.path for run in runs), run=config.run / FOLDS / name)
        if line := write_ensemble(place / FOLDS / name, own, runs):
            say(f"fold {name}: {line}")
        splits = Run(place / FOLDS / name).splits
        write_whole(place / FOLDS / f"{name}{SPLITS}", splits.to_json())
    if groups := groups_of(config.runs):
        write_whole(place / GROUPS, groups)
    write_whole(place / CROSS_VALIDATION, to_yaml(config))
    return [Run(config.run / FOLDS / name) for name in folds]


def _require_free(path: Path) -> None:
    """Checks that nothing is written over.

    Raises:
        InputError: the folder holds something.
    """
    if path.exists() and any(path.iterdir()):
        raise InputError(f"{path} is not empty; give --run a folder of its own, or remove it first")


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Yields a folder that gets its name at the end, if nothing fails."""
    remove_strays_of(path)
    partial = partial_path(path)
    partial.mkdir(parents=True)
    try:
        yield partial
        if path.exists():
            path.rmdir()
        partial.replace(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)

"""Folders that hold several runs: other seeds, a cross-validation, or an ensemble.

RUN/repeats.yaml            what all seeds share
RUN/seeds/<seed>/           a run for each seed, all with the same splits

RUN/cross-validation.yaml   what all folds share
RUN/folds/<name>/           a run for each fold, each tested on other sequences
RUN/groups.csv              the group of each sequence, where they have groups

RUN/ensemble.yaml           what an ensemble was made of; it is a run itself, without a model
RUN/members/<number>/       of each member, what answering needs; all answer together
"""

from pathlib import Path

from preprocessing.errors import InputError, some
from preprocessing.terminal.console import note

REPEATS, SEEDS = "repeats.yaml", "seeds"
CROSS_VALIDATION, FOLDS = "cross-validation.yaml", "folds"
GROUPS = "groups.csv"
ENSEMBLE, MEMBERS = "ensemble.yaml", "members"
# Behind the name of each run, what was written before it was trained.
SPLITS, OPTIONS = ".splits.json", ".yaml"


def is_repeated(path: Path) -> bool:
    """Returns True if a folder holds runs of several seeds."""
    return (path / REPEATS).is_file()


def is_cross_validated(path: Path) -> bool:
    """Returns True if a folder holds runs of several folds."""
    return (path / CROSS_VALIDATION).is_file()


def is_ensemble(path: Path) -> bool:
    """Returns True if a folder is a run whose answers are those of several models together."""
    return (path / ENSEMBLE).is_file()


def answering(path: Path) -> list[Path]:
    """Returns the runs whose models answer: the members of an ensemble, or a run itself.

    Raises:
        InputError: an ensemble has no members.
    """
    if not is_ensemble(path):
        return [path]
    places = (path / MEMBERS).glob("[!.]*")
    names = [place.name for place in places if place.is_dir() and not place.is_symlink()]
    if not names:
        raise InputError(f"{path / MEMBERS} has no member; make the ensemble again")
    return [path / MEMBERS / name for name in sorted(names, key=by_number)]


def require_trainable(option: str, path: Path) -> None:
    """Checks that what is to be trained is no ensemble, which has no weights of its own.

    Args:
        option: what named it, for messages.
        path: the folder.

    Raises:
        InputError: it is one.
    """
    if is_ensemble(path):
        raise InputError(
            f"{option} {path} is an ensemble, which answers and is not trained; give a run of one "
            "model, such as one that it was made of"
        )


def shown_name(place: Path) -> str:
    """Returns the name of a run's folder; of one among several, behind that of all."""
    if place.parent.name in (SEEDS, FOLDS):
        return f"{place.parents[1].name}/{place.name}"
    return place.name


def members(path: Path) -> list[Path]:
    """Returns the trained runs of several seeds, by seed; of any other folder, itself alone.

    Raises:
        InputError: no seed is trained yet.
    """
    return _trained(path / SEEDS, OPTIONS) if is_repeated(path) else [path]


def folds(path: Path) -> list[Path]:
    """Returns the trained runs of a cross-validation, by name; none of any other folder.

    Raises:
        InputError: no fold is trained yet.
    """
    return _trained(path / FOLDS, SPLITS) if is_cross_validated(path) else []


def why_no_run(path: Path) -> str:
    """Says what a folder is that is no run, and what to give instead."""
    for several, inner in ((is_repeated, SEEDS), (is_cross_validated, FOLDS)):
        if several(path):
            one = path / inner / next(iter(run_names(path / inner, OPTIONS)), "...")
            return f"{path} is no run but several, in {path / inner}; give one of them, as {one}"
    return f"{path} is no run: it has no config.yaml; make one with train"


def _trained(folder: Path, suffix: str) -> list[Path]:
    runs = [folder / name for name in run_names(folder, suffix)]
    trained = [run for run in runs if (run / "model.keras").is_file() or is_ensemble(run)]
    if not trained:
        raise InputError(f"{folder} has no model yet; the same command that began it goes on")
    if left := [run.name for run in runs if run not in trained]:
        note(f"{folder}: left out, for they have no model yet: {some(left)}")
    return trained


def run_names(folder: Path, suffix: str) -> list[str]:
    """Returns the names of the runs in a folder, by number where they are numbers.

    Args:
        folder: of all of them.
        suffix: of the file beside each, ``SPLITS`` or ``OPTIONS``.
    """
    names = [path.name.removesuffix(suffix) for path in folder.glob(f"*{suffix}")]
    return sorted((name for name in names if not name.startswith(".")), key=by_number)


def by_number(name: str) -> tuple[float, str]:
    """Sorts names that are numbers by their number, before the others."""
    return (float(name) if name.isascii() and name.isdecimal() else float("inf"), name)

"""The folds of a cross-validation: which sequences each of them trains on, and tests."""

import re
from collections.abc import Mapping
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

from preprocessing.errors import InputError, counted, shorten, some
from preprocessing.labels.class_seconds import seconds_of_all
from preprocessing.labels.groups import read_groups
from preprocessing.labels.reading import read_labels
from preprocessing.labels.split_dealing import folds as dealt
from preprocessing.labels.split_dealing import leave_out
from preprocessing.labels.splits import Splits, read_splits
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.console import note
from trainer.cross_validation.options import CrossValidateConfig
from trainer.run.members import by_number

# What a folder's name may hold, and how long it may be.
STRANGE = re.compile(r"[^\w=+-]")
LONGEST_NAME = 40


class Folds(NamedTuple):
    """The folds of a cross-validation.

    Attributes:
        splits: the parts of each fold, by its name.
        groups: the group of each sequence; empty if they have none.
    """

    splits: dict[str, Splits]
    groups: dict[str, str]


def deal(config: CrossValidateConfig) -> Folds:
    """Makes or reads the folds that a configuration asks for.

    Groups of one sequence each are none.

    Raises:
        InputError: there are too few groups, a splits file cannot be read, or a sequence is tested
            twice.
    """
    store = FeatureStore(config.store)
    labels = read_labels(config.label_options, store)
    ids = sorted(labels.ids())
    option = "--group-by" if config.leave_out is None else "--leave-out"
    group_by = config.leave_out or config.group_by
    groups = read_groups(group_by, ids, option) if group_by else {}
    infos = map(store.info, ids)
    if config.splits is not None:
        splits = _read(config.splits, ids)
    elif config.leave_out is not None:
        _require_several(config.leave_out, groups)
        found = leave_out(groups, seconds_of_all(labels, infos), config.validation, config.dealt_by)
        splits = dict(zip(_names(list(found)), found.values(), strict=True))
    else:
        many, seconds = config.folds or 2, seconds_of_all(labels, infos)
        parts = dealt(ids, groups, seconds, many, config.validation, config.dealt_by)
        splits = {str(number): one for number, one in enumerate(parts, start=1)}
    return Folds(splits, groups if len(set(groups.values())) < len(groups) else {})


def _require_several(pattern: str, groups: Mapping[str, str]) -> None:
    """Checks that a group can be left out.

    Raises:
        InputError: all sequences are of one group.
    """
    if len(set(groups.values())) < 2:
        name = next(iter(groups.values()), "")
        raise InputError(
            f"--leave-out {shorten(pattern)} finds one group only ({shorten(name)}); expected an "
            "expression that tells groups apart, such as '^([^_]+)_'"
        )


def _names(groups: list[str]) -> list[str]:
    """Returns a name for the folder of each group; numbered where names would be the same."""
    names: list[str] = []
    taken: set[str] = set()
    for group in groups:
        plain = STRANGE.sub("-", group)[:LONGEST_NAME]
        several = (f"{plain}-{number}" for number in count(2))
        names.append(next(name for name in chain([plain], several) if name.casefold() not in taken))
        taken.add(names[-1].casefold())
    return names


def _read(folder: Path, ids: list[str]) -> dict[str, Splits]:
    """Reads the splits of each fold.

    Raises:
        InputError: there are none, or a sequence is tested by two folds or by none that can be.
    """
    if not folder.is_dir():
        raise InputError(f"--splits {folder}: expected a folder with a splits file for each fold")
    paths = [path for path in sorted(folder.iterdir()) if _is_splits(path)]
    names = _names([path.name if path.is_dir() else path.stem for path in paths])
    found = dict(zip(names, paths, strict=True))
    if len(found) < 2:
        raise InputError(
            f"--splits {folder} holds {counted(len(found), 'fold')}; expected two or more JSON "
            "files, or folders with train.txt and test.txt, one for each fold"
        )
    folds = {name: read_splits(found[name]) for name in sorted(found, key=by_number)}
    tested: dict[str, str] = {}
    for name, splits in folds.items():
        if not splits.test:
            raise InputError(f"{found[name]} tests nothing; expected sequences in its test part")
        for sequence_id in splits.test:
            if sequence_id in tested:
                raise InputError(
                    f"{shorten(sequence_id)!r} is tested by the folds {tested[sequence_id]} and "
                    f"{name} of {folder}; expected each sequence in the test of one fold"
                )
            tested[sequence_id] = name
    if left := [sequence_id for sequence_id in ids if sequence_id not in tested]:
        what = counted(len(left), "labelled sequence")
        note(f"{what} in the test of no fold: not in the figures ({some(left)})")
    return folds


def _is_splits(path: Path) -> bool:
    return path.suffix == ".json" or (path / "train.txt").is_file()

"""The splits of a training: given, as in the run that goes on, or dealt out.

--splits             as it says
the run was begun    as it was, if the sequences are the same
--continue-from      what that run knows stays where it was, only new sequences are dealt out
otherwise            dealt out by --fractions, in whole groups of --group-by, by classes
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from preprocessing.errors import InputError, counted, some
from preprocessing.labels.base import Labels
from preprocessing.labels.class_seconds import seconds_of_all
from preprocessing.labels.groups import divided_groups, likely_groups, read_groups
from preprocessing.labels.split_dealing import stratified_splits
from preprocessing.labels.splits import PARTS, Splits, read_splits
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.console import note
from trainer.config import TrainConfig
from trainer.run.folder import Run
from trainer.run.lineage import Lineage

InfoOf = Callable[[str], SequenceInfo]


class ChosenSplits(NamedTuple):
    """The splits of a training, and what keeps sequences together in them.

    Attributes:
        splits: which sequences are for what.
        groups: the group of each sequence; empty without ``--group-by``.
    """

    splits: Splits
    groups: Mapping[str, str]


def choose_splits(config: TrainConfig, labels: Labels, info_of: InfoOf) -> ChosenSplits:
    """Returns the splits that a configuration asks for; says so where they hold a risk.

    Args:
        config: the options of ``train``.
        labels: the labels of all sequences.
        info_of: describes a sequence of the store.

    Raises:
        InputError: the splits or groups cannot be read or do not fit, or a group is in two parts.
    """
    given = read_splits(config.splits) if config.splits else None
    ids = _all(given) if given else labels.ids()
    groups = {} if config.group_by is None else read_groups(config.group_by, ids)
    splits = given or _begun(config, ids) or _dealt(config, labels, info_of, groups)
    if (divided := next(divided_groups(groups, splits), None)) is not None:
        where = config.splits or Run(config.run).path
        raise InputError(
            f"the splits of {where} have {divided.words}; expected whole groups of --group-by "
            f"{config.group_by}: mend the splits, or leave --group-by out"
        )
    if given and config.split_seed is not None:
        note(f"--split-seed {config.split_seed} does nothing with --splits")
    if groups and len(set(groups.values())) == len(groups):
        note("--group-by: each sequence is a group of its own")
    _remark_on_groups(splits, labels.classes)
    return ChosenSplits(splits, groups)


def _all(splits: Splits) -> list[str]:
    return [name for part in PARTS for name in splits[part]]


def _begun(config: TrainConfig, ids: Collection[str]) -> Splits | None:
    """Returns the splits that the run was begun with, if they still deal out what there is."""
    run = Run(config.run)
    if not (run.config_path.is_file() and run.checkpoints.paths()):
        return None
    before, splits = run.config, run.splits
    same = before.splits is None and before.group_by == config.group_by
    return splits if same and set(_all(splits)) == set(ids) else None


def _dealt(
    config: TrainConfig, labels: Labels, info_of: InfoOf, groups: Mapping[str, str]
) -> Splits:
    infos = [info_of(name) for name in sorted(labels.ids())]
    seconds = seconds_of_all(labels, infos)
    kept = _kept(Run(config.continue_from), infos) if config.continue_from else None
    seed = config.seed if config.split_seed is None else config.split_seed
    return stratified_splits(seconds, config.fractions, seed, groups, seconds, kept)


def _kept(base: Run, infos: Sequence[SequenceInfo]) -> Splits:
    """Returns the part of each sequence that a run, or one that it continues, knows already."""
    before = base.splits
    old = set(_all(before))
    seen = base.lineage.seen(info for info in infos if info.sequence_id not in old)
    stay = [info for info in infos if info.sequence_id in old.union(seen)]
    if stay:
        note(
            f"of {len(infos)} sequences {len(stay)} stay in the part that {base.path} had them in; "
            f"{len(infos) - len(stay)} are new and dealt out"
        )
    return replace(before, train=(*before.train, *seen))


def _remark_on_groups(splits: Splits, classes: Collection[str]) -> None:
    """Says so if ids look like those of groups, and such a group is in two parts."""
    likely = likely_groups(_all(splits), classes)
    divided = list(divided_groups(likely.groups, splits)) if likely else []
    if likely and divided:
        total = len(set(likely.groups.values()))
        note(
            f"ids look grouped by {likely.words}, and {len(divided)} of {total} groups are in two "
            f"parts ({some([it.group for it in divided])}); if these are persons, animals or "
            "places, figures on the test will be too good: "
            f"--group-by '{likely.pattern}' keeps each in one part, or refuses --splits that do not"
        )


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

"""The command that looks at labels."""

from collections.abc import Mapping, Sequence

from preprocessing.annotation.conversion import convert
from preprocessing.annotation.format_table import format_lines
from preprocessing.annotation.listing import show
from preprocessing.annotation.options import LabelsConfig
from preprocessing.labels.base import Labels
from preprocessing.labels.label_check import check_labels
from preprocessing.labels.label_warnings import in_no_part, without_label
from preprocessing.labels.labelled_alone import until
from preprocessing.labels.part_members import labelled_info, require_labelled
from preprocessing.labels.reading import read_labels, read_labels_alone
from preprocessing.labels.splits import PARTS, read_splits
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.commands import PATIENCE
from preprocessing.terminal.console import note, progress, say
from preprocessing.terminal.exit_codes import DONE
from preprocessing.terminal.streams import require_heard

# The part that has every sequence, where there are no splits.
ALL = "all"


def run(config: LabelsConfig) -> int:
    """Runs the command ``labels``; see ``LabelsConfig``.

    Raises:
        InputError: the labels, the store and the splits do not fit, or what is to be written is
            there already.
    """
    if config.formats:
        say(*format_lines())
        require_heard()
    elif config.check:
        _check(config)
    elif config.to and config.out:
        convert(config, config.to, config.out)
    else:
        show(config)
    return DONE


def _check(config: LabelsConfig) -> None:
    """Looks at labels as they are trained on.

    Raises:
        InputError: the labels, the store and the splits do not fit.
    """
    store = FeatureStore(config.store) if config.store else None
    options = config.label_options
    labels = read_labels(options, store) if store else read_labels_alone(options)
    ids = _parts(config, labels)
    infos = _stored(store, labels, ids) if store else _as_labelled(labels, ids)
    if store is None:
        note(
            "without --store, sequences count until their last label: how much of their time has "
            "one is not known"
        )
    check = check_labels(labels, infos, shares=store is not None)
    say(*check.lines(most=None))
    known = labels.ids()
    left_out = (*without_label(store.ids() if store else (), known), *in_no_part(known, ids))
    warnings = (*left_out, *check.warnings)
    for warning in warnings:
        note(warning)
    if not warnings:
        say("nothing to remark on")
    require_heard()


def _parts(config: LabelsConfig, labels: Labels) -> dict[str, Sequence[str]]:
    """Returns the sequences of each part that is not empty."""
    if config.splits is None:
        return {ALL: sorted(labels.ids())}
    splits = read_splits(config.splits)
    return {part: splits[part] for part in PARTS if splits[part]}


def _stored(
    store: FeatureStore, labels: Labels, ids: Mapping[str, Sequence[str]]
) -> dict[str, list[SequenceInfo]]:
    """Describes the sequences of a store, whose lengths labels must fit."""
    known = labels.ids()
    infos: dict[str, list[SequenceInfo]] = {}
    total = sum(map(len, ids.values()))
    with progress(total=total, unit="sequence", desc="labels", delay=PATIENCE) as bar:
        for part, names in ids.items():
            infos[part] = []
            for name in names:
                info = labelled_info(store, known, part, name)
                labels.check(info)
                infos[part].append(info)
                bar.update()
    return infos


def _as_labelled(labels: Labels, ids: Mapping[str, Sequence[str]]) -> dict[str, list[SequenceInfo]]:
    """Describes sequences of which only the labels are known; they end with their last label."""
    for part, names in ids.items():
        for name in names:
            require_labelled(labels.ids(), part, name)
    return {part: [until(labels.end(name), name) for name in names] for part, names in ids.items()}

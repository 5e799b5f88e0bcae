"""The command that looks at labels."""

from collections.abc import Mapping, Sequence

from preprocessing.annotation.options import LabelsConfig
from preprocessing.errors import InputError
from preprocessing.labels.base import Labels
from preprocessing.labels.label_check import check_labels
from preprocessing.labels.label_warnings import in_no_part, without_label
from preprocessing.labels.part_members import labelled_info, require_labelled
from preprocessing.labels.reading import read_labels, read_labels_alone
from preprocessing.labels.splits import PARTS, read_splits
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import Origin, SequenceInfo
from preprocessing.terminal.commands import PATIENCE
from preprocessing.terminal.console import note, progress, say
from preprocessing.terminal.exit_codes import DONE
from preprocessing.terminal.streams import require_heard

# The part that has every sequence, where there are no splits.
ALL = "all"


def run(config: LabelsConfig) -> int:
    """Runs the command ``labels``; see ``LabelsConfig``.

    Raises:
        InputError: nothing was asked for, or the labels, the store and the splits do not fit.
    """
    if not config.check:
        shown = " ".join(map(str, config.labels))
        raise InputError(f"nothing to do with {shown}; give --check to see what these labels hold")
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
    return DONE


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
    return {part: [_until(labels.end(name), name) for name in names] for part, names in ids.items()}


def _until(end: float, sequence_id: str) -> SequenceInfo:
    """Describes a sequence of which only the end is known, in seconds."""
    return SequenceInfo(
        sequence_id=sequence_id,
        steps=0,
        dimension=0,
        dtype="",
        first=0.0,
        last=end,
        start_time=0.0,
        frames_decoded=0,
        damage="",
        decoded_share=1.0,
        bytes=0,
        origin=Origin("", "", "native", "", "", ""),
    )

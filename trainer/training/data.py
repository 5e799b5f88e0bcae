"""The data of a training: sequences, labels and splits that fit together."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, counted, shorten, some
from preprocessing.labels.base import Labels, labelled
from preprocessing.labels.reading import labels_digest, read_labels
from preprocessing.labels.same_content import require_apart
from preprocessing.labels.splits import PARTS, Splits
from preprocessing.store.feature_store import FeatureStore, require_alike
from preprocessing.store.hints import hint, why_absent
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.console import note
from trainer.batches.cache import stays_in_memory
from trainer.batches.sequence_set import SequenceSet
from trainer.column_moments import learn_target_moments
from trainer.config import TrainConfig
from trainer.layout import Layout
from trainer.run.facts import ModelFacts
from trainer.run.folder import Run
from trainer.run.lineage import Lineage
from trainer.task import Multilabel, Regression, Task, make_task
from trainer.training.class_weights import class_weights
from trainer.training.continuation import begun_lineage
from trainer.training.features_digest import features_digest
from trainer.training.split_choice import InfoOf, choose_splits

# Of labelled stretches that may be shorter than a step without a word.
SHORT_SHARE = 0.02
# Of the steps for training; so few labels are mostly a mistake.
FEW_LABELLED = 0.2


@dataclass(frozen=True)
class Data:
    """The data that a run trains on.

    Attributes:
        layout: of training, with its class weights.
        validation: None where the splits have no such part.
        lanes: B on each device.
        lineage: what the run and those that it continues are trained on.
    """

    splits: Splits
    facts: ModelFacts
    layout: Layout
    train: SequenceSet
    validation: SequenceSet | None
    lanes: int
    lineage: Lineage | None = None


def load_data(config: TrainConfig) -> Data:
    """Finds the sequences, labels and splits that a configuration names, and checks them.

    Raises:
        InputError: they do not fit together.
    """
    store = FeatureStore(config.store)
    labels = read_labels(config.label_options, store)
    base = Run(config.continue_from).facts if config.continue_from else None
    if base:
        labels.use_classes(base.classes)
    info_of = cache(store.info)
    splits = choose_splits(config, labels, info_of)
    _report_unlabelled(store, labels.ids())
    for name in sorted(set(config.ignore_label) - labels.names):
        note(f"--ignore-label {name}: no label has this name")
    if config.shrinkage != TrainConfig.shrinkage and config.normalize != "running":
        note(f"--shrinkage {config.shrinkage} does nothing without --normalize running")
    infos = {
        part: [_labelled(store, labels.ids(), part, name, info_of) for name in splits[part]]
        for part in PARTS
    }
    everything = [info for part in infos.values() for info in part]
    for info in everything:
        require_alike(everything[0], info)
    for info in everything:
        labels.check(info)
        if base:
            base.require(info)
    require_apart(store, infos, look=config.inputs != "labels")
    lineage = begun_lineage(config.continue_from, infos)
    _report_short(labels, infos["train"])
    again = infos["train"] + infos["validation"] if config.inputs != "labels" else []
    if again and stays_in_memory(config.cache, again):
        store.keep_in_memory()
    task = base.learned_task if base else _task(config, store, infos["train"], labels)
    return replace(_data(config, store, infos, labels, task, splits), lineage=lineage)


def _data(
    config: TrainConfig,
    store: FeatureStore,
    infos: dict[str, list[SequenceInfo]],
    labels: Labels,
    task: Task,
    splits: Splits,
) -> Data:
    layout = Layout.of(config, task)
    sets = {part: SequenceSet(store, infos[part], labels, layout) for part in PARTS}
    sets["train"].require_labelled("train", config.burn_in)
    _report_few(sets["train"])
    if infos["validation"]:
        sets["validation"].require_labelled("validation")
    weights = class_weights(config.class_weights, sets["train"])
    seen = infos["train"] + infos["validation"]
    facts = ModelFacts.of(task, infos["train"][0], _digest(config, seen))
    facts = replace(facts, frames_digest=_frames_digest(config, store, seen))
    if layout.sees_features:
        facts = replace(facts, features_digest=features_digest(store, seen))
    return Data(
        splits=splits,
        facts=facts,
        layout=_weighted(layout, weights),
        train=SequenceSet(store, infos["train"], labels, layout, weights),
        validation=sets["validation"] if infos["validation"] else None,
        lanes=config.lanes_for(len(infos["train"])),
    )


def _digest(config: TrainConfig, infos: list[SequenceInfo]) -> str:
    """Returns a digest of what a resumed run would notice: names, lengths, sources, labels."""
    told = [(info.sequence_id, info.steps, info.origin.fingerprint) for info in infos]
    text = json.dumps([labels_digest(config.labels), told])
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _frames_digest(config: TrainConfig, store: FeatureStore, infos: list[SequenceInfo]) -> str:
    """Returns a digest of the numbers of frames, if labels are lines that are found by them."""
    if not config.labels.is_dir():
        return ""
    known = [frames for info in infos if (frames := store.frames(info.sequence_id))]
    told = [part for it in known for part in (np.int64(it.total).tobytes(), it.numbers.tobytes())]
    return blake2b(b"".join(told), digest_size=8).hexdigest() if told else ""


def _task(
    config: TrainConfig, store: FeatureStore, infos: list[SequenceInfo], labels: Labels
) -> Task:
    """Makes the task that a configuration names; regression learns the moments of its targets."""
    task = make_task(config.task, labels.classes)
    if not isinstance(task, Regression):
        return task
    data = SequenceSet(store, infos, labels, Layout.of(config, task))
    data.require_labelled("train")
    moments = learn_target_moments(data.scan())
    return make_task(
        config.task, labels.classes, (moments.mean.tolist(), moments.variance.tolist())
    )


def _weighted(layout: Layout, weights: NDArray[np.float32] | None) -> Layout:
    """Puts class weights into the loss of several labels a step; for one, batches have them."""
    if weights is None or not isinstance(layout.task, Multilabel):
        return layout
    task = replace(layout.task, positive_weights=tuple(weights.tolist()))
    return replace(layout, task=task)


def _labelled(
    store: FeatureStore, known: Collection[str], part: str, sequence_id: str, info_of: InfoOf
) -> SequenceInfo:
    if sequence_id not in store:
        advice = why_absent(sequence_id, store) or "extract it or take it out of the split"
        raise InputError(
            f"the {part} split has {shorten(sequence_id)!r}, which is not in {store.root}; {advice}"
        )
    if sequence_id not in known:
        raise InputError(
            f"the {part} split has {shorten(sequence_id)!r}, which has no label; "
            + (hint(sequence_id, known, "the label file") or "label it or take it out")
        )
    return info_of(sequence_id)


def _report_short(labels: Labels, infos: Sequence[SequenceInfo]) -> None:
    """Says so if labels often change between two steps."""
    lengths = [labels.stretches(info) for info in infos]
    short = sum(
        int((found < info.step_seconds).sum()) for found, info in zip(lengths, infos, strict=True)
    )
    total = sum(map(len, lengths))
    if total and short > SHORT_SHARE * total:
        note(
            f"{short:,} of {total:,} labelled stretches are shorter than the "
            f"{infos[0].step_seconds:.2g} s between two steps, and may have none; more steps a "
            "second (extract --fps) would show them"
        )


def _report_few(data: SequenceSet) -> None:
    """Says so if hardly a step has a label, as where minutes are taken for seconds."""
    if data.layout.outputs == "sequence":
        return
    known = sum(int(labelled(targets).sum()) for targets in data.scan())
    total = sum(info.steps for info in data.infos)
    if known < FEW_LABELLED * total:
        note(
            f"{known / total:.1%} of the steps for training have a label ({known:,} of {total:,}); "
            "are the labels in seconds, and for these sequences?"
        )


def _report_unlabelled(store: FeatureStore, known: Collection[str]) -> None:
    unlabelled = [sequence_id for sequence_id in store.ids() if sequence_id not in known]
    if unlabelled:
        what = counted(len(unlabelled), "sequence")
        note(f"{what} of the store without a label: left out ({some(unlabelled, 1)})")

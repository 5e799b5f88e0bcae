"""What a configuration trains on: sequences, labels and splits that fit together."""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from preprocessing.console import note
from preprocessing.errors import InputError
from preprocessing.label_files import read_labels
from preprocessing.labels import Labels
from preprocessing.sequence_file import SequenceInfo
from preprocessing.splits import PARTS, Splits, random_splits, read_splits
from preprocessing.store import FeatureStore
from trainer.batches import Layout, SequenceSet
from trainer.class_weights import class_weights
from trainer.config import TrainConfig
from trainer.normalization import learn_target_moments
from trainer.run import ModelFacts, Run
from trainer.task import Multilabel, Regression, Task, make_task


@dataclass(frozen=True)
class Data:
    """What a run trains on.

    Attributes:
        layout: of training, with its class weights.
        validation: None where the splits have no such part.
    """

    splits: Splits
    facts: ModelFacts
    layout: Layout
    train: SequenceSet
    validation: SequenceSet | None


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
    splits = (
        read_splits(config.splits)
        if config.splits
        else random_splits(labels.ids(), config.fractions, config.seed)
    )
    _report_unlabelled(store, labels.ids())
    for name in sorted(set(config.ignore_label) - labels.names):
        note(f"--ignore-label {name}: no label has this name")
    infos = {
        part: [_labelled(store, labels.ids(), part, sequence_id) for sequence_id in splits[part]]
        for part in PARTS
    }
    everything = [info for part in infos.values() for info in part]
    store.uniform(info.sequence_id for info in everything)
    for info in everything:
        labels.check(info)
        if base:
            base.require(info)
    task = base.learned_task if base else _task(config, store, infos["train"], labels)
    return _data(config, store, infos, labels, task, splits)


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
    for part in ("train", "validation"):
        if infos[part]:
            sets[part].require_labelled(part)
    weights = class_weights(config.class_weights, sets["train"])
    facts = ModelFacts.of(task, infos["train"][0], infos["train"] + infos["validation"])
    return Data(
        splits=splits,
        facts=facts,
        layout=_weighted(layout, weights),
        train=SequenceSet(store, infos["train"], labels, layout, weights),
        validation=sets["validation"] if infos["validation"] else None,
    )


def _task(
    config: TrainConfig, store: FeatureStore, infos: list[SequenceInfo], labels: Labels
) -> Task:
    """The task that a configuration names; a regression knows the moments of its targets."""
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
    """Several labels a step have weights in the loss, where one label has them in the batch."""
    if weights is None or not isinstance(layout.task, Multilabel):
        return layout
    task = replace(layout.task, positive_weights=tuple(weights.tolist()))
    return replace(layout, task=task)


def _labelled(
    store: FeatureStore, labelled: Collection[str], part: str, sequence_id: str
) -> SequenceInfo:
    if sequence_id not in store:
        raise InputError(
            f"the {part} split has {sequence_id!r}, which is not in {store.root}; extract it or "
            "take it out of the split"
        )
    if sequence_id not in labelled:
        raise InputError(
            f"the {part} split has {sequence_id!r}, which has no label; label it or take it out"
        )
    return store.info(sequence_id)


def _report_unlabelled(store: FeatureStore, labelled: Collection[str]) -> None:
    unlabelled = [sequence_id for sequence_id in store.ids() if sequence_id not in labelled]
    if unlabelled:
        note(f"{len(unlabelled)} sequences have no label and are left out ({unlabelled[0]}, ...)")

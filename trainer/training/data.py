"""The data of a training: sequences, labels and splits that fit together."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.base import Labels
from preprocessing.labels.label_check import LabelCheck, check_labels
from preprocessing.labels.label_files import labels_digest
from preprocessing.labels.label_warnings import in_no_part, without_label
from preprocessing.labels.part_members import labelled_info
from preprocessing.labels.reading import read_labels
from preprocessing.labels.same_content import require_apart
from preprocessing.labels.splits import PARTS, Splits
from preprocessing.store.feature_store import FeatureStore, require_alike
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.console import note
from trainer.backbone.frame_stores import FramePlaces, SeenFrames, placed, seen
from trainer.batches.cache import stays_in_memory
from trainer.batches.sequence_set import SequenceSet
from trainer.column_moments import learn_target_moments
from trainer.config import FORMER, TrainConfig
from trainer.layout import Layout
from trainer.run.facts import ModelFacts
from trainer.run.folder import Run
from trainer.run.lineage import Lineage
from trainer.task import Multilabel, Regression, Task, make_task
from trainer.training.backbone_data import facts_of, opened_backbone, require_base
from trainer.training.class_weights import class_weights
from trainer.training.features_digest import features_digest
from trainer.training.split_choice import begun_lineage, choose_splits

if TYPE_CHECKING:
    from trainer.backbone.trained import TrainedBackbone
    from trainer.devices.replicas import Devices


@dataclass(frozen=True)
class Data:
    """The data that a run trains on.

    Attributes:
        layout: of training, with its class weights.
        validation: None where the splits have no such part.
        lanes: B on each device.
        lineage: what the run and those that it continues are trained on.
        groups: the group of each sequence; empty without ``--group-by``.
        check: what the labels of all parts hold.
        backbone: that is trained with the model, on frames; None where there are features.
    """

    splits: Splits
    facts: ModelFacts
    layout: Layout
    train: SequenceSet
    validation: SequenceSet | None
    lanes: int
    check: LabelCheck
    lineage: Lineage | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    backbone: "TrainedBackbone | None" = None


def load_data(config: TrainConfig, devices: "Devices | None" = None) -> Data:
    """Finds the sequences, labels and splits that a configuration names, and checks them.

    Args:
        config: what was asked for.
        devices: that get a copy of the backbone, if one is trained; one by default.

    Raises:
        InputError: they do not fit together.
    """
    store = FeatureStore(config.store)
    labels = read_labels(config.label_options, store)
    base = Run(config.continue_from).facts if config.continue_from else None
    if base:
        labels.use_classes(base.classes)
    info_of = cache(store.info)
    splits, groups = choose_splits(config, labels, info_of)
    said = config.shrinkage not in (None, FORMER["shrinkage"])
    if said and config.normalize in ("train", "none"):
        note(f"--shrinkage {config.shrinkage} does nothing without --normalize running")
    known = labels.ids()
    infos = {
        part: [labelled_info(store, known, part, it, info_of) for it in splits[part]]
        for part in PARTS
    }
    everything = [info for part in infos.values() for info in part]
    for info in everything:
        require_alike(everything[0], info)
    backbone = opened_backbone(config, store, everything[0], devices)
    for info in everything:
        labels.check(info)
        if base:
            require_base(base, info, backbone)
    require_apart(store, infos, look=config.inputs != "labels")
    lineage = begun_lineage(config.continue_from, infos)
    check = _checked(config, store, labels, infos)
    again = infos["train"] + infos["validation"] if config.inputs != "labels" else []
    if again and not backbone and stays_in_memory(config.cache, again):
        store.keep_in_memory()
    task = base.learned_task if base else _task(config, store, infos["train"], labels)
    data = _data(config, _Given(store, infos, backbone), labels, task, splits, check)
    return replace(data, lineage=lineage, groups=groups)


class _Given(NamedTuple):
    """The sequences of a training, by their parts, and the backbone that is trained on them."""

    store: FeatureStore
    infos: dict[str, list[SequenceInfo]]
    backbone: "TrainedBackbone | None"

    def sources(self, config: TrainConfig) -> dict[str, tuple[FeatureStore, list[SequenceInfo]]]:
        """Returns from where, and as what, each part is read; frames train as frames."""
        store, backbone = self.store, self.backbone
        if backbone is None:
            return {part: (store, infos) for part, infos in self.infos.items()}
        answered = [info for part in ("validation", "test") for info in self.infos[part]]
        asked = FramePlaces(store.root, self.infos["train"], config.augment, config.seed)
        of_frames = SeenFrames(store.root, answered, backbone)
        later = {part: seen(self.infos[part], backbone.dimension) for part in PARTS}
        return {
            part: (asked, placed(infos)) if part == "train" else (of_frames, later[part])
            for part, infos in self.infos.items()
        }


def _data(
    config: TrainConfig,
    given: _Given,
    labels: Labels,
    task: Task,
    splits: Splits,
    check: LabelCheck,
) -> Data:
    store, infos, backbone = given
    layout = Layout.of(config, task)
    sources = given.sources(config)
    sets = {part: SequenceSet(*sources[part], labels, layout) for part in PARTS}
    sets["train"].require_labelled("train", config.burn_in)
    if infos["validation"]:
        sets["validation"].require_labelled("validation")
    weights = class_weights(config.class_weights, sets["train"])
    used = infos["train"] + infos["validation"]
    facts = facts_of(task, infos["train"][0], _digest(config, used), backbone)
    facts = replace(facts, frames_digest=_frames_digest(config, store, used))
    if layout.sees_features:
        facts = replace(facts, features_digest=features_digest(store, used))
    return Data(
        splits=splits,
        facts=facts,
        layout=_weighted(layout, weights),
        train=SequenceSet(*sources["train"], labels, layout, weights),
        validation=sets["validation"] if infos["validation"] else None,
        lanes=config.lanes_for(len(infos["train"])),
        check=check,
        backbone=backbone,
    )


def _digest(config: TrainConfig, infos: list[SequenceInfo]) -> str:
    """Returns a digest of what a resumed run would notice: names, lengths, sources, labels."""
    told = [(info.sequence_id, info.steps, info.origin.fingerprint) for info in infos]
    digests = [labels_digest(path) for path in config.labels]
    text = json.dumps(["".join(digests), told])
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _frames_digest(config: TrainConfig, store: FeatureStore, infos: list[SequenceInfo]) -> str:
    """Returns a digest of the numbers of frames, if labels are lines that are found by them."""
    if not any(path.is_dir() for path in config.labels):
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


def _checked(
    config: TrainConfig,
    store: FeatureStore,
    labels: Labels,
    infos: dict[str, list[SequenceInfo]],
) -> LabelCheck:
    """Counts labels, and says what should be looked at."""
    known = labels.ids()
    ids = {part: [info.sequence_id for info in found] for part, found in infos.items()}
    parts = {part: found for part, found in infos.items() if found}
    check = check_labels(labels, parts, config.outputs == "frame")
    left_out = (*without_label(store.ids(), known), *in_no_part(known, ids))
    for warning in (*left_out, *check.warnings):
        note(warning)
    return check

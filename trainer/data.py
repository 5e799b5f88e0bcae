"""What a configuration trains on: sequences, labels and splits that fit together."""

from collections.abc import Collection
from dataclasses import dataclass

from preprocessing.console import note
from preprocessing.errors import InputError
from preprocessing.label_files import read_labels
from preprocessing.sequence_file import SequenceInfo
from preprocessing.splits import PARTS, Splits, random_splits, read_splits
from preprocessing.store import FeatureStore
from trainer.batches import SequenceSet
from trainer.config import TrainConfig
from trainer.run import ModelFacts


@dataclass(frozen=True)
class Data:
    """What a run trains on.

    Attributes:
        validation: None where the splits have no such part.
    """

    splits: Splits
    facts: ModelFacts
    train: SequenceSet
    validation: SequenceSet | None


def load_data(config: TrainConfig) -> Data:
    """Finds the sequences, labels and splits that a configuration names, and checks them.

    Raises:
        InputError: they do not fit together.
    """
    store = FeatureStore(config.store)
    labels = read_labels(config.label_options, store)
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
    sets = {part: SequenceSet(store, infos[part], labels, config.outputs) for part in PARTS}
    for part in ("train", "validation"):
        if infos[part]:
            sets[part].require_labelled(part)
    return Data(
        splits=splits,
        facts=ModelFacts.of(labels.classes, everything[0]),
        train=sets["train"],
        validation=sets["validation"] if infos["validation"] else None,
    )


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

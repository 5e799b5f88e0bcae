"""The sequences of a part of the splits, which must have features and labels."""

from collections.abc import Callable, Collection

from preprocessing.errors import InputError, shorten
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.hints import hint, why_absent
from preprocessing.store.sequence_info import SequenceInfo


def labelled_info(
    store: FeatureStore,
    known: Collection[str],
    part: str,
    sequence_id: str,
    info_of: Callable[[str], SequenceInfo] | None = None,
) -> SequenceInfo:
    """Describes a sequence of a part.

    Args:
        store: where its features are.
        known: the sequences that have a label.
        part: the name of the part, for messages.
        sequence_id: the sequence.
        info_of: describes a stored sequence, if that was done before; by default it is read.

    Raises:
        InputError: it has no features, or no label.
    """
    if sequence_id not in store:
        advice = why_absent(sequence_id, store) or "extract it or take it out of the split"
        raise InputError(
            f"the {part} split has {shorten(sequence_id)!r}, which is not in {store.root}; {advice}"
        )
    require_labelled(known, part, sequence_id)
    return (info_of or store.info)(sequence_id)


def require_labelled(known: Collection[str], part: str, sequence_id: str) -> None:
    """Checks that a sequence of a part has a label.

    Args:
        known: the sequences that have one.
        part: the name of the part, for the message.
        sequence_id: the sequence.

    Raises:
        InputError: it has none.
    """
    if sequence_id not in known:
        raise InputError(
            f"the {part} split has {shorten(sequence_id)!r}, which has no label; "
            + (hint(sequence_id, known, "the label file") or "label it or take it out")
        )

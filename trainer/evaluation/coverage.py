"""How much of the time an evaluation speaks of."""

from preprocessing.labels.class_table import class_table
from preprocessing.labels.label_warnings import uncovered
from trainer.batches.sequence_set import SequenceSet


def coverage(data: SequenceSet, split: str) -> tuple[float | None, list[str]]:
    """Returns the share of the time that has a label and counts, and what is to be said of it.

    Args:
        data: the sequences that are evaluated.
        split: their part, for what is said.
    """
    if data.labels is None:
        return None, []
    counts = class_table(data.labels, {split: data.infos}).total
    what = "the labelled sequences" if split == "all" else f"the {split} split"
    said = uncovered(counts, data.labels.options, what)
    # One answer a sequence speaks of the sequence, however much of it has a label.
    return counts.counted_share, list(said) if data.layout.outputs == "frame" else []

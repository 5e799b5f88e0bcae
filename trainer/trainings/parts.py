"""The parts of a training split, by which ``--decoder folds`` chooses: how many more trainings."""

from collections.abc import Iterable, Sequence

from preprocessing.errors import counted
from preprocessing.labels.groups import read_groups
from preprocessing.labels.splits import Splits
from preprocessing.terminal.console import note
from trainer.config import TrainConfig

MOST_PARTS = 3


def count_parts(ids: Sequence[str], group_by: str | None) -> int:
    """Returns into how many parts a training split is dealt out; 0 if it cannot be.

    Args:
        ids: its sequences.
        group_by: the option ``--group-by``; groups stay whole.
    """
    groups = set(read_groups(group_by, ids).values()) if group_by else ids
    count = min(MOST_PARTS, len(groups))
    return count if count > 1 else 0


def note_parts(config: TrainConfig, every: Iterable[Splits], word: str) -> None:
    """Notes how many trainings are added to several by ``--decoder folds``.

    Args:
        config: the options of all.
        every: the splits of each.
        word: what one of them is, for the message: a seed, a fold.
    """
    if config.decoder != "folds" or not config.can_decode:
        return
    counts = [count_parts(one.train, config.group_by) for one in every if not one.validation]
    if more := sum(counts):
        note(
            f"--decoder folds adds {counted(more, 'training')} on parts of training splits, "
            f"{max(counts)} for each {word} without a validation split; --decoder none leaves them "
            "out"
        )

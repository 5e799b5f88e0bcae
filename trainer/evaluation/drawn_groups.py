"""The groups that intervals are drawn from: people, animals, places of which whole ones are new."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from preprocessing.errors import InputError, counted
from preprocessing.labels.groups import read_groups
from preprocessing.terminal.console import note
from trainer.metrics.bootstrap import ENOUGH_UNITS


def drawn_groups(group_by: str | None, ids: Collection[str]) -> dict[str, str] | None:
    """Returns the group of each sequence; None, with a note, if they are not known.

    Args:
        group_by: the option of the training.
        ids: the sequences.
    """
    if group_by is None:
        return None
    try:
        return read_groups(group_by, ids)
    except InputError as error:
        note(f"intervals are over sequences, since their groups are not known: {error}")
        return None


def few_groups(bootstrap: Mapping[str, Any]) -> Iterator[str]:
    """Yields a line if figures rest on few groups.

    Args:
        bootstrap: as in metrics.json; ``groups`` counts what was drawn, if that was groups.
    """
    groups = bootstrap.get("groups", ENOUGH_UNITS)
    if groups < ENOUGH_UNITS:
        yield (
            f"{counted(groups, 'group')} only, which say little of others; cross-validate "
            "--leave-out tests on each"
        )

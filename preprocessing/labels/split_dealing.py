"""Splits made by dealing sequences out: by fractions, in folds, or with each group left out.

Groups (a person's sequences, say) stay whole, and each part shows each class as far as they allow;
see ``stratification``.
"""

from collections.abc import Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, counted, some
from preprocessing.labels.groups import divided_groups
from preprocessing.labels.splits import PARTS, Splits
from preprocessing.labels.stratification import FREE, Groups, Seconds, dealt

# Where training has what it needs, the test comes before validation.
ORDER = ("train", "test", "validation")


def stratified_splits(
    ids: Collection[str],
    fractions: tuple[float, float, float],
    seed: int,
    groups: Mapping[str, str] | None = None,
    seconds: Seconds | None = None,
    kept: Splits | None = None,
) -> Splits:
    """Deals ids out by fractions of their number, at least one group to each fraction over 0.

    Args:
        ids: in any order; the result depends on the set only.
        fractions: for train, validation and test; they add up to 1.
        seed: seed of the random order.
        groups: the group of each sequence; one without a group is a group by itself.
        seconds: ``<float64>[C]`` of each sequence, how long it shows each class.
        kept: splits made before; what they hold stays where it was, only what is new is dealt out.

    Raises:
        InputError: the fractions do not add up, there are too few groups, or ``kept`` has a group
            in two parts.
    """
    if min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-6 or fractions[0] == 0:
        raise InputError(f"--fractions {fractions}: expected three numbers that add up to 1")
    together = Groups.of(ids, groups or {}, seconds or {})
    begun = _begun(together, kept, groups or {}) if kept else np.full(len(together.names), FREE)
    if (begun == FREE).all():
        _require_enough(together, sum(fraction > 0 for fraction in fractions))
    counts = dict(zip(PARTS, _counts(len(ids), fractions), strict=True))
    parts = dealt(together, np.array([counts[part] for part in ORDER]), seed, begun)
    return Splits(*(together.ids(parts == ORDER.index(part)) for part in PARTS))


def folds(
    ids: Collection[str],
    groups: Mapping[str, str],
    seconds: Seconds,
    count: int,
    validation: float,
    seed: int,
) -> list[Splits]:
    """Deals whole groups out to the tests of folds, so that each sequence is in exactly one test.

    Args:
        ids: in any order; the result depends on the set only.
        groups: the group of each sequence; one without a group is a group by itself.
        seconds: ``<float64>[C]`` of each sequence, how long it shows each class.
        count: the number of folds; as many as there are groups leave each group out in turn.
        validation: share of the sequences outside a fold's test, by whole groups; 0 for no such
            part.
        seed: seed of the random order.

    Raises:
        InputError: there are too few groups for the folds.
    """
    together = Groups.of(ids, groups, seconds)
    most = len(together.names)
    if not 2 <= count <= most:
        things = "groups" if groups else "sequences"
        raise InputError(f"--folds {count}: expected 2 to {most}, as many as there are {things}")
    wanted = np.array([(len(ids) + number) // count for number in reversed(range(count))])
    tests = dealt(together, wanted, seed)
    return [
        _around(together, tests == number, validation, f"{seed} without {number}")
        for number in range(count)
    ]


def leave_out(
    groups: Mapping[str, str], seconds: Seconds, validation: float, seed: int
) -> dict[str, Splits]:
    """Makes a fold of each group, whose sequences are the test, by the name of the group.

    Args:
        groups: the group of each sequence, in any order.
        seconds: ``<float64>[C]`` of each sequence, how long it shows each class.
        validation: share of the other sequences, by whole groups; 0 for no such part.
        seed: seed of the random order.

    Raises:
        InputError: there are too few groups.
    """
    together = Groups.of(groups, groups, seconds)
    numbers = np.arange(len(together.names))
    return {
        name: _around(together, numbers == number, validation, f"{seed} without {name}")
        for number, name in enumerate(together.names)
    }


def _around(groups: Groups, test: NDArray[np.bool_], validation: float, seed: str) -> Splits:
    """Makes a fold of the groups of its test, and deals the others out to its other parts.

    Raises:
        InputError: too few groups are left.
    """
    if not 0 <= validation < 1:
        raise InputError(f"validation {validation}: expected a share from 0 up to 1")
    others = groups.chosen(np.flatnonzero(~test))
    if len(others.names) < (least := 2 if validation else 1):
        tested = some(groups.chosen(np.flatnonzero(test)).names)
        raise InputError(
            f"the fold that tests {tested} leaves {counted(len(others.names), 'group')} for its "
            f"other parts; expected {least} or more: add sequences, or have more folds"
        )
    shares = (1 - validation, validation, 0.0)
    parts = dealt(others, np.array(_counts(int(others.sizes.sum()), shares)[:2]), seed)
    return Splits(others.ids(parts == 0), others.ids(parts == 1), groups.ids(test))


def _counts(total: int, fractions: tuple[float, float, float]) -> tuple[int, int, int]:
    """Returns how many sequences each part should get, at least one for each fraction over 0."""
    validation, test = (max(round(share * total), 1) if share else 0 for share in fractions[1:])
    while validation + test >= total and validation + test > 0:
        validation, test = (validation, test - 1) if test > validation else (validation - 1, test)
    return total - validation - test, validation, test


def _begun(groups: Groups, kept: Splits, named: Mapping[str, str]) -> NDArray[np.int64]:
    """Returns the part in ``ORDER`` of each group that has a sequence in one, else ``FREE``.

    Raises:
        InputError: a group has sequences in two parts.
    """
    if (divided := next(divided_groups(named, kept), None)) is not None:
        raise InputError(
            f"the run continued from has {divided.words}, and --group-by would keep them together; "
            "give --splits, or leave --group-by out"
        )
    place = {name: number for number, part in enumerate(ORDER) for name in kept[part]}
    return np.array(
        [max(place.get(name, FREE) for name in members) for members in groups.members], np.int64
    )


def _require_enough(groups: Groups, parts: int) -> None:
    """Checks that each part can get a group.

    Raises:
        InputError: there are fewer groups than parts.
    """
    total = int(groups.sizes.sum())
    if len(groups.names) < parts:
        grouped = len(groups.names) < total
        among = f" in {counted(len(groups.names), 'group')}" if grouped else ""
        name = f" of --group-by ({some(groups.names)})" if grouped else ""
        raise InputError(
            f"{counted(total, 'labelled sequence')}{among}{name} cannot be split into {parts} "
            "parts; add sequences, or say with --splits or --fractions what goes where"
        )

"""The check that runs answered the same question: task, classes, sequences and true labels."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError, some
from preprocessing.terminal.console import note
from trainer.evaluation.sides import Side
from trainer.metrics.relaxed import ROUNDING_SECONDS
from trainer.predictions.common_clock import CommonClock, held
from trainer.predictions.reader import BLOCK_STEPS, Answers

# Where no two steps meet, labels read a little apart differ about each change, but no more often.
MOST_APART = 0.25


def require_same_question(sides: Sequence[Side], files: Sequence[Answers]) -> None:
    """Checks that all sides have the same task, classes, horizon and way to answer.

    Args:
        sides: the sides.
        files: the answers of each, those of its first seed.

    Raises:
        InputError: two differ.
    """
    first, one = sides[0], files[0]
    for side, other in zip(sides[1:], files[1:], strict=True):
        facts = {
            "their tasks differ": (one.task, other.task),
            "their classes differ": (one.classes, other.classes),
            "their horizons differ": (one.ahead, other.ahead),
            "one answers each step": (first.segmental, side.segmental),
        }
        for what, (found, wanted) in facts.items():
            if found != wanted:
                raise _differ(first, side, f"{what}, {found} and {wanted}")


def common_sequences(
    sides: Sequence[Side], files: Sequence[Answers]
) -> tuple[list[str], list[str]]:
    """Returns the sequences that all sides held out, and those that are left out; tells of both.

    Args:
        sides: the sides.
        files: the answers of each, those of its first seed.

    Raises:
        InputError: there is none.
    """
    every = sorted(set().union(*(one.ids for one in files)))
    seen = frozenset().union(*(side.seen for side in sides))
    common = sorted(set.intersection(*(set(one.ids) for one in files)) - seen)
    left = [sequence_id for sequence_id in every if sequence_id not in set(common)]
    if not common:
        why = "there is no sequence that both held out (another --split-seed?)"
        raise _differ(sides[0], sides[1], why)
    if left:
        note(
            f"compared on the {len(common)} of {len(every)} sequences that all runs held out; left "
            f"out: {some(left)}"
        )
    return common, left


def same_clock(files: Sequence[Answers], ids: Sequence[str]) -> bool:
    """Returns True if all answers were given at the same times.

    Args:
        files: the answers.
        ids: the sequences.
    """
    for sequence_id in ids:
        if len({one.steps(sequence_id) for one in files}) > 1:
            return False
        for other in files[1:]:
            blocks = (one.blocks(sequence_id, "timestamps") for one in (files[0], other))
            for (times,), (others,) in zip(*blocks, strict=True):
                if (np.abs(times - others) > ROUNDING_SECONDS).any():
                    return False
    return True


def require_same_truth(sides: Sequence[Side], files: Sequence[Answers], ids: Sequence[str]) -> None:
    """Checks that steps at the same times have the same labels.

    Args:
        sides: the sides.
        files: the answers of each, those of its first seed.
        ids: the sequences.

    Raises:
        InputError: two differ.
    """
    for side, other in zip(sides[1:], files[1:], strict=True):
        for sequence_id in ids:
            blocks = (one.blocks(sequence_id, "true") for one in (files[0], other))
            for (true,), (wanted,) in zip(*blocks, strict=True):
                if not _same(true, wanted).all():
                    raise _other_labels(sides[0], side, sequence_id)


def require_same_truth_in_time(
    sides: Sequence[Side], clock: CommonClock, ids: Sequence[str]
) -> None:
    """Checks the same of steps at different times, as far as they meet.

    Args:
        sides: the sides.
        clock: the clock of their answers.
        ids: the sequences.

    Raises:
        InputError: the horizon is above 0, two labels at one time differ, or, where no two steps
            meet, too many of neighbouring ones.
    """
    if clock.files[0].ahead:
        reason = "their steps are at other times, and a horizon counts steps"
        raise _differ(sides[0], sides[1], reason)
    for sequence_id in ids:
        for number in range(1, len(sides)):
            meet, apart, whole = 0, 0, 0
            for differ, both, durations in _truths(clock, number, sequence_id):
                if (differ & both).any():
                    raise _other_labels(sides[0], sides[number], sequence_id)
                meet += int(both.sum())
                apart, whole = apart + int(durations[differ].sum()), whole + int(durations.sum())
            if not meet and apart > MOST_APART * whole:
                raise _other_labels(sides[0], sides[number], sequence_id)


def _truths(
    clock: CommonClock, number: int, sequence_id: str
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]]:
    """Compares the labels of one model with those of the first.

    Args:
        clock: the clock.
        number: the model's place in it.
        sequence_id: the sequence.

    Yields:
        Where they differ, where both have a step, ``<bool>[n]``, and how long each step of the
        clock lasts.
    """
    steps = clock.steps(sequence_id)
    for start in range(0, len(steps), BLOCK_STEPS):
        rows = slice(start, start + BLOCK_STEPS)
        first, own = (
            held(clock.files[n], sequence_id, "true", steps.rows[n][rows]) for n in (0, number)
        )
        both = steps.exact[0][rows] & steps.exact[number][rows]
        yield ~_same(first, own), both, steps.durations[rows]


def _same(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.bool_]:
    """Returns where labels are equal, ``<bool>[n]``."""
    same: NDArray[np.bool_] = np.equal(one, other)
    if one.dtype.kind == "f":
        same |= np.isnan(one) & np.isnan(other)
    return np.asarray(same.all(1)) if same.ndim > 1 else same


def _other_labels(first: Side, side: Side, sequence_id: str) -> InputError:
    return _differ(first, side, f"their true labels differ, those of {sequence_id!r}")


def _differ(first: Side, side: Side, reason: str) -> InputError:
    return InputError(
        f"{first.path} and {side.path} cannot be compared: {reason}; evaluate both on the same "
        "sequences and labels"
    )

"""Bins: equal stretches of time, counted apart, from where labels count from."""

import math
from collections.abc import Iterable

from preprocessing.errors import InputError, shorten
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.clock import clock

# Bins times classes that a sequence may have.
MOST_NUMBERS = 1 << 20
MINUTE = 60.0
# The share of a bin that rounded times may make a sequence longer, without a bin of its own.
ROUNDING_SHARE = 1e-6
DIGITS = 9


def require_bins(minutes: float | None) -> None:
    """Checks that bins of a length make sense.

    Args:
        minutes: the option ``--bins``; None for no bins.

    Raises:
        InputError: they do not.
    """
    if minutes is not None and not 0 < minutes < math.inf:
        raise InputError(f"--bins {minutes:g}: expected minutes, more than 0")


def require_few_bins(minutes: float | None, infos: Iterable[SequenceInfo], classes: int) -> None:
    """Checks that no sequence has more bins than there is memory for.

    Args:
        minutes: the option ``--bins``; None for no bins.
        infos: the sequences.
        classes: the number of classes.

    Raises:
        InputError: one has.
    """
    for info in infos if minutes is not None else ():
        count = bin_count(info.end, minutes or 0.0)
        if count > MOST_NUMBERS // classes:
            raise InputError(
                f"--bins {minutes:g}: {shorten(info.sequence_id)!r} lasts {clock(info.end)} and "
                f"would have {count:,} bins; expected {MOST_NUMBERS // classes:,} at most with "
                f"{classes} classes; give more minutes"
            )


def bin_edges(minutes: float, end: float) -> list[float]:
    """Returns the seconds at which bins begin, and the last one ends with its sequence.

    Args:
        minutes: their length.
        end: where the sequence ends, in seconds; what is longer than a whole number of bins by
            rounding only makes none.

    Examples:
        >>> bin_edges(1, 150.0)
        [0.0, 60.0, 120.0, 150.0]
        >>> bin_edges(1, 120.00000001)
        [0.0, 60.0, 120.00000001]
    """
    begins = (round(MINUTE * minutes * number, DIGITS) for number in range(bin_count(end, minutes)))
    return [*begins, end]


def bin_count(end: float, minutes: float) -> int:
    """Returns the number of bins of a sequence, at least 1.

    Args:
        end: where it ends, in seconds.
        minutes: the length of a bin.
    """
    return max(1, math.ceil(end / (MINUTE * minutes) - ROUNDING_SHARE))

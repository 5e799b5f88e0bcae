"""The options about decoding that commands share: ``--decode`` and ``--lag``."""

from typing import Literal

from preprocessing.errors import InputError

Decode = Literal["auto", "none", "viterbi"]
LONGEST_LAG = 3600.0


def require_lag(decode: Decode, lag: float | None) -> None:
    """Checks that a lag makes sense.

    Args:
        decode: the option ``--decode``.
        lag: the option ``--lag``, in seconds; None for whole sequences.

    Raises:
        InputError: it does not.
    """
    if lag is not None and not 0 <= lag <= LONGEST_LAG:
        raise InputError(f"--lag {lag:g}: expected seconds, from 0 to {LONGEST_LAG:g}")
    if lag and decode == "none":
        raise InputError(
            f"--lag {lag:g} with --decode none: raw answers wait for nothing; leave one of them out"
        )

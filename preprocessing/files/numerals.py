"""The numbers that are accepted in files and options which people write.

    12, -0.5, .5, 3., 1e-3       numbers: ASCII digits, a sign, a point, an exponent
    1_000, nan, inf, ٣, 1,5      no numbers, though Python's ``float`` takes most of them
    an empty text                no number

Where a number may be missing, the cell is empty, and the reader decides what that means.
"""

import math
import re
from collections.abc import Sequence

# With these letters, what ``float`` takes is what is described above.
WRITTEN = re.compile(r"[-+.0-9eE \t]*")


def to_number(text: str) -> float:
    """Converts a text to a number; spaces around it are allowed.

    Raises:
        ValueError: the text is no number.
    """
    if not WRITTEN.fullmatch(text):
        raise ValueError(f"Expected a number. Received: {text[:80]!r}")
    return float(text)


def to_numbers(texts: Sequence[str]) -> list[float]:
    """Converts texts to numbers, checking all of them at once, since tables have many.

    Raises:
        ValueError: one of the texts is no number.
    """
    if not WRITTEN.fullmatch("".join(texts)):
        raise ValueError("Expected numbers.")
    return [float(text) for text in texts]


def number_or_nan(text: str) -> float:
    """Converts a text to a number, or to NaN if it is none."""
    try:
        return to_number(text)
    except ValueError:
        return math.nan


def is_number(text: str) -> bool:
    """Returns True if a text is a number."""
    return not math.isnan(number_or_nan(text))

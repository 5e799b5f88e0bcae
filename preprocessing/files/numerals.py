"""What a number is in files and options that people write.

12, -0.5, .5, 3., 1e-3       numbers: ASCII digits, a sign, a point, an exponent
1_000, nan, inf, ٣, 1,5      none, though Python's ``float`` takes most of them; nor is nothing

Where a number may be missing, an empty cell says so, and the reader decides what that means.
"""

import math
import re
from collections.abc import Sequence

# With these letters, what ``float`` takes is what is described above.
WRITTEN = re.compile(r"[-+.0-9eE \t]*")


def to_number(text: str) -> float:
    """The number that a text is, spaces around it aside.

    Raises:
        ValueError: it is none.
    """
    if not WRITTEN.fullmatch(text):
        raise ValueError(f"Expected a number. Received: {text[:80]!r}")
    return float(text)


def to_numbers(texts: Sequence[str]) -> list[float]:
    """The numbers that texts are; looked through at once, since tables have many.

    Raises:
        ValueError: one is none.
    """
    if not WRITTEN.fullmatch("".join(texts)):
        raise ValueError("Expected numbers.")
    return [float(text) for text in texts]


def number_or_nan(text: str) -> float:
    """The number that a text is, NaN if it is none."""
    try:
        return to_number(text)
    except ValueError:
        return math.nan


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    return not math.isnan(number_or_nan(text))

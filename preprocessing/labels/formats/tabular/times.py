"""Times as tables write them: numbers in some unit, h:mm:ss, frames from 0 or from 1.

a cell             unit                     is
12.5, 12,5         s (or none)              12.5 s
1:02:03.5, 2:03    any of seconds           3723.5 s, 123 s
0:00:01:250        any of seconds           1.25 s: after a third colon come milliseconds
7 to 9             frames                   frames 7 and 8: from 0, the end is not included
7 to 9             frames0                  frames 7, 8 and 9: from 0, the end is included
7 to 9             frames1                  frames 6, 7 and 8: from 1, the end is included
"""

import math
import re
from typing import NamedTuple

from preprocessing.files.numerals import number_or_nan

# What people write where there is nothing.
NOTHING = frozenset(("", "-", "NA", "N/A", "NaN", "nan", "null", "None", "n/a", "na"))
COMMA = re.compile(r"[-+]?\d*,\d*(?:[eE][-+]?\d+)?")
CLOCK = re.compile(r"(-?)(\d{1,6}):(\d{1,2}(?:[.,]\d*)?)(?::(\d{1,2}(?:[.,]\d*)?)(?::(\d{3}))?)?")


class Unit(NamedTuple):
    """The unit that the times of a column count.

    Attributes:
        seconds: how long one lasts; None for frames, which last as long as a video says.
        first: the number of the first frame.
        last_included: whether an end is the last frame of its interval, not the one after it.
    """

    seconds: float | None = 1.0
    first: int = 0
    last_included: bool = False


UNITS = {
    "s": Unit(),
    "ms": Unit(1e-3),
    "us": Unit(1e-6),
    "min": Unit(60.0),
    "h": Unit(3600.0),
    "frames": Unit(None),
    "frames0": Unit(None, 0, True),
    "frames1": Unit(None, 1, True),
}


class Times:
    """Reads the times of a column.

    Args:
        unit: what they count.
        comma: whether a comma may stand for the point in numbers.

    Attributes:
        unit: the argument.
    """

    def __init__(self, unit: Unit, comma: bool):
        self.unit = unit
        self._comma = comma
        self._factor = 1.0 if unit.seconds is None else unit.seconds
        self._end = float(unit.last_included) - unit.first

    def start(self, text: str) -> float:
        """Returns where something begins, NaN if that is no time."""
        return self.length(text) - self.unit.first

    def end(self, text: str) -> float:
        """Returns where something is over, NaN if that is no time."""
        return self.length(text) + self._end

    def length(self, text: str) -> float:
        """Returns a number of seconds or frames as it stands there, NaN if it is none."""
        number = number_or_nan(text)
        if number != number and self._comma and COMMA.fullmatch(text):
            number = number_or_nan(text.replace(",", "."))
        if number == number:
            # Decimals stay what they are: 28846 ms are 28.846 s, not 28.846000000000004.
            number = number / 1000 if self._factor == 1e-3 else number * self._factor
            return number if abs(number) < math.inf else math.nan
        return math.nan if self.unit.seconds is None else clock_seconds(text)


def clock_seconds(text: str) -> float:
    """Returns the seconds of a time with colons, NaN if it is none."""
    found = CLOCK.fullmatch(text)
    if not found:
        return math.nan
    sign, *written = found.groups()
    parts = [float(part.replace(",", ".")) for part in written[:3] if part]
    whole = len(parts) < 3 or parts[1].is_integer()
    seconds = parts[-1] + 60 * parts[-2] + (3600 * parts[0] if len(parts) == 3 else 0)
    seconds += int(written[3]) / 1000 if written[3] else 0.0
    return (-seconds if sign else seconds) if whole else math.nan

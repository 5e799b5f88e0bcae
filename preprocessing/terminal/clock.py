"""Times in words, as video players show them."""

import math

# What a sum of steps may be short of a whole second.
ROUNDING_SECONDS = 1e-6


def clock(seconds: float, digits: int = 0, hours: bool = True) -> str:
    """Returns a time as h:mm:ss, not rounded up; what is before 0 has a minus.

    Args:
        seconds: the time.
        digits: of the fraction of a second; 0 shows none.
        hours: whether to show them; otherwise it is m:ss.
    """
    ticks = math.floor((abs(seconds) + ROUNDING_SECONDS) * 10**digits)
    whole, part = divmod(ticks, 10**digits)
    minutes = whole // 60
    text = f"{minutes // 60}:{minutes % 60:02d}" if hours else f"{minutes}"
    sign = "-" if seconds < 0 < ticks else ""
    return f"{sign}{text}:{whole % 60:02d}" + (f".{part:0{digits}d}" if digits else "")

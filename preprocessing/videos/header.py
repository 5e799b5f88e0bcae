"""The times at which picture and sound of a video end, by its header."""

import re
from typing import Any

import av

DURATION = re.compile(r"(\d+):(\d+):(\d+(?:\.\d+)?)")
# The format that has no presentation times.
UNTIMED = "avi"
# Formats whose duration counts from 0, also if the video begins later.
FROM_ZERO = {"flv", "matroska,webm"}


def picture_end(container: Any, stream: Any, usual: float) -> float:
    """Returns the seconds at which the video stream ends, 0 if the header does not say.

    Args:
        container: the opened container.
        stream: its video stream.
        usual: seconds for which a frame is shown.
    """
    start = (container.start_time or 0) / av.time_base
    duration = (container.duration or 0) / av.time_base
    if container.format.name == UNTIMED:
        # A file that was cut has a shorter duration by now, but the number of frames it had.
        return float(max(start + duration, stream.frames * usual))
    if stream.duration and stream.time_base:
        return _end(stream)
    if match := DURATION.fullmatch(stream.metadata.get("DURATION", "")):
        hours, minutes, seconds = map(float, match.groups())
        return 3600 * hours + 60 * minutes + seconds
    start = 0.0 if container.format.name in FROM_ZERO else start
    return float(start + duration) if len(container.streams) == 1 else 0.0


def sound_end(container: Any) -> float:
    """Returns the seconds at which the last sound ends, 0 if the header does not say."""
    sounds = (sound for sound in container.streams.audio if sound.duration and sound.time_base)
    return max(map(_end, sounds), default=0.0)


def _end(stream: Any) -> float:
    return float(((stream.start_time or 0) + stream.duration) * stream.time_base)

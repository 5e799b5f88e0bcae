"""How sure a model was, where JSON of data sets says so."""

from pathlib import Path
from typing import Any

from preprocessing.labels.formats.gathering import Gathering, Place
from preprocessing.labels.formats.json_values import time_of


def share_of(value: Any, path: Path, place: Place, gathering: Gathering) -> float | None:
    """Returns a score as a share from 0 to 1; None if there is none, or it is no share.

    Args:
        value: what stands there.
        path: the file.
        place: names where it stands, for messages.
        gathering: counts scores that are left out.

    Raises:
        InputError: it is no number.
    """
    if value is None:
        return None
    score = time_of(value, path, place)
    if 0 <= score <= 1:
        return score
    gathering.leave_out("score", "beyond 0 to 1", place)
    return None

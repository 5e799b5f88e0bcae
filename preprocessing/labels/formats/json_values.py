"""Values of JSON files of strangers, where a name or a time should stand."""

import math
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError
from preprocessing.files.numerals import number_or_nan
from preprocessing.labels.formats.gathering import Place, short
from preprocessing.labels.formats.sample import Sample


def damaged(sample: Sample, *words: str) -> bool:
    """Returns whether a file is no JSON, but begins as one of a kind does.

    Whoever reads it then says where the damage is.

    Args:
        sample: its beginning.
        words: names that a file of the kind has; all of them must be there.
    """
    begins = sample.text.lstrip().startswith(("{", "["))
    return begins and sample.json is None and all(f'"{word}"' in sample.text for word in words)


def dict_of(value: Any) -> dict[str, Any]:
    """Returns an object of a JSON file; an empty one if something else stands there.

    Args:
        value: what stands there.
    """
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """Returns a list of a JSON file; an empty one if something else stands there.

    Args:
        value: what stands there.
    """
    return value if isinstance(value, list) else []


def text_of(value: Any) -> str:
    """Returns what a JSON file has where a name stands: a text, or a number as text.

    Args:
        value: what stands there; what is neither has no name.
    """
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def time_of(value: Any, path: Path, place: Place) -> float:
    """Returns a time that a JSON file gives as a number, or as text that is one.

    Args:
        value: what stands there.
        path: the file.
        place: names where it stands, for messages.

    Raises:
        InputError: it is no finite number.
    """
    time = math.nan
    if isinstance(value, str):
        time = number_or_nan(value)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            time = float(value)
        except OverflowError:
            time = math.inf
    if not math.isfinite(time):
        raise InputError(f"{path} {place()}: time {short(value)}; expected a number")
    return time

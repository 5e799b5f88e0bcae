"""What callbacks and random generators remember, for checkpoints.

A Keras callback keeps its state in attributes: how long it has waited, the best value, the best
weights. Numbers, texts, and lists and dictionaries of them go into a checkpoint as JSON, arrays and
lists of arrays beside it; all else (the model, open files) the callback makes anew.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOT_STATE = {"model", "_model", "params"}


def callback_memories(
    callbacks: Sequence[Any],
) -> tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]:
    """Collects what callbacks remember.

    Returns:
        For each callback its class and plain attributes, and arrays by name.
    """
    plain: list[dict[str, Any]] = []
    arrays: dict[str, NDArray[Any]] = {}
    for number, callback in enumerate(callbacks):
        kept = {}
        for name, value in vars(callback).items():
            if name in NOT_STATE:
                continue
            if _is_plain(value):
                kept[name] = _as_json(value)
            elif many := _as_arrays(value):
                for place, array in enumerate(many):
                    arrays[f"callbacks/{number}/{name}/{place:05d}"] = array
        plain.append({"class": type(callback).__name__, "state": kept})
    return plain, arrays


def remind_callbacks(
    callbacks: Sequence[Any], plain: Sequence[dict[str, Any]], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Gives callbacks back what they remembered; one of another class gets nothing."""
    for number, (callback, kept) in enumerate(zip(callbacks, plain, strict=False)):
        if kept["class"] != type(callback).__name__:
            continue
        vars(callback).update(kept["state"])
        prefix = f"callbacks/{number}/"
        lists: dict[str, list[NDArray[Any]]] = {}
        for key in sorted(key for key in arrays if key.startswith(prefix)):
            name = key.removeprefix(prefix).rpartition("/")[0]
            lists.setdefault(name, []).append(arrays[key])
        vars(callback).update(lists)


def chance_memory() -> list[Any]:
    """States of Python's and NumPy's global random generators, as JSON can hold them."""
    version, numbers, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    return [
        [version, list(numbers), gauss],
        [name, np.asarray(keys).tolist(), position, has_gauss, cached],
    ]


def remind_chance(kept: Sequence[Any]) -> None:
    """Sets the generators to states that ``chance_memory`` gave."""
    if not kept:
        return
    (version, numbers, gauss), (name, keys, position, has_gauss, cached) = kept
    random.setstate((version, tuple(numbers), gauss))
    np.random.set_state((name, np.array(keys, np.uint32), position, has_gauss, cached))


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str | np.number | np.bool_)


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def _as_arrays(value: Any) -> list[NDArray[Any]]:
    """A list of arrays; a single array is none, since it would come back as a list."""
    is_list = isinstance(value, list) and value
    return value if is_list and all(isinstance(item, np.ndarray) for item in value) else []

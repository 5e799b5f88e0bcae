"""The state of callbacks and random generators, for checkpoints.

A Keras callback keeps its state in attributes: how long it has waited, the best value, the best
weights. Attributes that changed since training began go into a checkpoint: numbers, and lists and
dictionaries of them by names, as JSON; arrays and lists of arrays beside it. Everything else (the
model, texts such as the name of a file, sets) is made anew by the callback.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOT_STATE = {"model", "_model", "params"}
Arrays = dict[str, NDArray[Any]]
Plain = list[dict[str, Any]]


def callback_memories(callbacks: Sequence[Any]) -> tuple[Plain, Arrays]:
    """Collects the state of callbacks.

    Returns:
        For each callback its class and plain attributes; arrays by ``callbacks/N/attribute``, those
        of a list by ``callbacks/N/attribute/PLACE``.
    """
    plain: Plain = []
    arrays: Arrays = {}
    for number, callback in enumerate(callbacks):
        kept = {}
        for name, value in vars(callback).items():
            if name in NOT_STATE:
                continue
            if _is_plain(value):
                kept[name] = _as_json(value)
            elif isinstance(value, np.ndarray):
                arrays[f"callbacks/{number}/{name}"] = value
            elif isinstance(value, list) and all(isinstance(item, np.ndarray) for item in value):
                for place, array in enumerate(value):
                    arrays[f"callbacks/{number}/{name}/{place:05d}"] = array
        plain.append({"class": type(callback).__name__, "state": kept})
    return plain, arrays


def changed_memories(
    callbacks: Sequence[Any], before: tuple[Plain, Arrays]
) -> tuple[Plain, Arrays]:
    """Collects the state of callbacks that changed since training began.

    Args:
        callbacks: the callbacks.
        before: their state when training began.
    """
    plain, arrays = callback_memories(callbacks)
    for kept, was in zip(plain, before[0], strict=True):
        unchanged = [
            k for k, v in kept["state"].items() if k in was["state"] and was["state"][k] == v
        ]
        for name in unchanged:
            del kept["state"][name]
    return plain, arrays


def remind_callbacks(
    callbacks: Sequence[Any], plain: Sequence[dict[str, Any]], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Restores the state of callbacks; a callback of another class gets nothing.

    Args:
        callbacks: the callbacks.
        plain: the plain attributes of each.
        arrays: their arrays by name.
    """
    for number, (callback, kept) in enumerate(zip(callbacks, plain, strict=False)):
        if kept["class"] != type(callback).__name__:
            continue
        vars(callback).update(kept["state"])
        prefix = f"callbacks/{number}/"
        lists: dict[str, list[NDArray[Any]]] = {}
        for key in sorted(key for key in arrays if key.startswith(prefix)):
            name, _, place = key.removeprefix(prefix).partition("/")
            if place:
                lists.setdefault(name, []).append(arrays[key])
            else:
                setattr(callback, name, arrays[key])
        vars(callback).update(lists)


def random_state() -> list[Any]:
    """Returns the states of Python's and NumPy's random generators, as JSON can hold them."""
    version, numbers, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    return [
        [version, list(numbers), gauss],
        [name, np.asarray(keys).tolist(), position, has_gauss, cached],
    ]


def set_random_state(kept: Sequence[Any]) -> None:
    """Sets the generators to states that ``random_state`` gave."""
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
    return value is None or isinstance(value, bool | int | float | np.number | np.bool_)


def _as_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value

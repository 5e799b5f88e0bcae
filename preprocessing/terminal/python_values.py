"""Values of options as Python code gives them: strings for paths, one value for several."""

import numbers
import os
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from preprocessing.errors import InputError
from preprocessing.terminal.option_file import READERS, expected, flag

NUMBERS = {int: numbers.Integral, float: numbers.Real}


def accept_values(options: Any) -> None:
    """Makes the values of an options dataclass those of its types, in its ``__post_init__``.

    A string becomes a path where that is the type; one path or text becomes several where a tuple
    is; a list becomes a tuple; texts of numbers, and numbers of NumPy, become those of Python. What
    is of its type already stays as it is.

    Args:
        options: the frozen dataclass.

    Raises:
        InputError: a value is none of its type.
    """
    for name, hint in _hints(options.__class__).items():
        given = getattr(options, name)
        try:
            object.__setattr__(options, name, _typed(given, hint))
        except TypeError:
            wanted = expected(hint).replace(" or null", "")
            raise InputError(f"--{flag(name)} {given!r:.80}: expected {wanted}") from None


def _typed(given: Any, hint: Any) -> Any:
    """Returns a value as one of a type.

    Raises:
        TypeError: it is none.
    """
    kind = get_origin(hint)
    if kind in (Union, UnionType):
        return _first(given, get_args(hint))
    if kind is tuple:
        return _several(given, get_args(hint))
    if kind is Literal:
        fits = isinstance(given, str | int) and given in get_args(hint)
    elif hint is NoneType:
        fits = given is None
    elif hint is Path:
        return Path(given)
    elif hint is bool and isinstance(given, np.bool_):
        return bool(given)
    elif hint in NUMBERS:
        return _number(given, hint)
    elif hint is str and isinstance(given, os.PathLike):
        return os.fspath(given)
    else:
        fits = isinstance(given, hint)
    if not fits:
        raise TypeError
    return given


def _number(given: Any, hint: Any) -> Any:
    """Returns a number, or a text that has one, as in a file of options."""
    if isinstance(given, str):
        try:
            return READERS[hint](given)
        except ValueError:
            raise TypeError from None
    if isinstance(given, bool) or not isinstance(given, NUMBERS[hint]):
        raise TypeError
    try:
        return hint(given)
    except OverflowError:
        raise TypeError from None


def _first(given: Any, hints: tuple[Any, ...]) -> Any:
    """Returns a value as one of the first type that it fits."""
    for hint in hints:
        try:
            return _typed(given, hint)
        except TypeError:
            continue
    raise TypeError


def _several(given: Any, hints: tuple[Any, ...]) -> tuple[Any, ...]:
    """Returns a list, or the one path or text that stands for a list of one, as a tuple."""
    listed = [given] if isinstance(given, str | os.PathLike) else given
    if not isinstance(listed, list | tuple):
        raise TypeError
    if hints[-1] is Ellipsis:
        return tuple(_typed(one, hints[0]) for one in listed)
    if len(listed) != len(hints):
        raise TypeError
    return tuple(_typed(one, hint) for one, hint in zip(listed, hints, strict=True))


@cache
def _hints(options: type) -> dict[str, Any]:
    return get_type_hints(options)

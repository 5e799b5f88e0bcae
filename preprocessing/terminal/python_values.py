"""Values of options as Python code gives them: strings for paths, one value for several."""

import os
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from preprocessing.errors import InputError
from preprocessing.terminal.option_file import expected, flag


def accept_strings(options: Any) -> None:
    """Makes the values of an options dataclass those of its types, in its ``__post_init__``.

    A string becomes a path where that is the type; one path or text becomes several where a tuple
    is; a list becomes a tuple. What is of its type already stays as it is.

    Args:
        options: the frozen dataclass.

    Raises:
        InputError: a value is neither a path nor a string, or no list where one is expected.
    """
    for name, hint in _hints(options.__class__).items():
        given = getattr(options, name)
        try:
            object.__setattr__(options, name, _typed(given, hint))
        except TypeError:
            wanted = expected(hint).replace(" or null", "")
            raise InputError(f"--{flag(name)} {given!r:.80}: expected {wanted}") from None


def _typed(given: Any, hint: Any) -> Any:
    """Returns a value as a path or as a tuple, if one of these is its type."""
    kinds = [part for part in get_args(hint) if part is not NoneType]
    if NoneType in get_args(hint):
        return given if given is None or len(kinds) > 1 else _typed(given, kinds[0])
    if get_origin(hint) is tuple:
        alone = isinstance(given, str | os.PathLike)
        return tuple(_typed(one, kinds[0]) for one in ([given] if alone else given))
    return Path(given) if hint is Path else given


@cache
def _hints(options: type) -> dict[str, Any]:
    return get_type_hints(options)

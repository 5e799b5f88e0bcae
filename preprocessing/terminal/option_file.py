"""A YAML file of options, each read by the type that the option has.

No value is taken for a flag, and text stays the text that stands there: ``no``, ``12_07``, ``1:30``
and ``--`` may be names of classes. Aliases are not unfolded, and nothing is made of tags.
"""

import difflib
import os
import stat
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from preprocessing.errors import SHOWN_LETTERS, InputError, shorten

LARGEST = 2**18  # Bytes; to read so many takes seconds.
# What reading a file of anything at all may end in.
DAMAGE = (OSError, ValueError, OverflowError, RecursionError, yaml.YAMLError)
NULLS = ("", "~", "null", "Null", "NULL")
TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
# What options are called in other tools, and here.
ELSEWHERE = {
    "batch-size": "lanes",
    "batchsize": "lanes",
    "sequence-length": "chunk-length",
    "seq-len": "chunk-length",
    "time-steps": "chunk-length",
    "timesteps": "chunk-length",
    "window": "chunk-length",
    "hidden": "units",
    "hidden-size": "units",
    "lr": "learning-rate",
    "early-stopping": "patience",
    "gpus": "devices",
}
STANDARD = "tag:yaml.org,2002:"
TAGS = {STANDARD + name for name in ("str", "int", "float", "bool", "null", "seq", "map")}


def read_options(path: Path, options: type) -> dict[str, Any]:
    """Reads the options of a dataclass from a YAML file.

    Args:
        path: an ordinary file of ``option: value`` lines, of 256 KiB at most.
        options: the dataclass; its fields and their types say what there may be.

    Returns:
        Values by the names of fields; an option without a value is left out.

    Raises:
        InputError: the file cannot be read, or has something that is no option or no value of it.
    """
    hints = get_type_hints(options)
    values: dict[str, Any] = {}
    for key, node in _lines(path):
        name = key.value.replace("-", "_")
        where = f"{path}, line {key.start_mark.line + 1}"
        if name not in hints:
            raise InputError(f"{where}: no option {shorten(key.value)!r}{_hint(name, list(hints))}")
        if name in values:
            raise InputError(f"{where}: {flag(name)} is given twice; expected it once")
        if _is_null(node) and NoneType not in get_args(hints[name]):
            continue
        try:
            values[name] = _value(hints[name], node)
        except ValueError:
            raise InputError(
                f"{where}: {flag(name)} is {_said(node)}; expected {expected(hints[name])}"
            ) from None
    return values


@lru_cache(maxsize=4)
def _composed(text: str) -> yaml.Node | None:
    """Returns the nodes of a text; those of a run are asked for again and again."""
    root: yaml.Node | None = yaml.compose(text, Loader=yaml.BaseLoader)
    return root


def _lines(path: Path) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
    try:
        root = _composed(_text(path))
    except DAMAGE as error:
        reason = shorten(" ".join(str(error).split()), 200)
        raise InputError(f"cannot read the configuration {path}: {reason}") from None
    if root is None:
        return
    if not isinstance(root, yaml.MappingNode):
        raise InputError(f"{path} must hold `option: value` lines; it holds {_said(root)}")
    for key, value in root.value:
        if not isinstance(key, yaml.ScalarNode):
            raise InputError(f"{path} must hold `option: value` lines; it has {_said(key)}: ...")
        yield key, value


def _text(path: Path) -> str:
    """Returns the text of an ordinary file; a pipe or device, which might never end, is refused."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError("it is not an ordinary file")
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise OSError(f"it is larger than {LARGEST} bytes")
    return content.decode("utf-8")


def _value(hint: Any, node: yaml.Node) -> Any:
    """Converts a YAML node to the type of an option.

    Raises:
        ValueError: the node holds no value of that type.
    """
    if get_origin(hint) in (Union, UnionType):
        return _first(get_args(hint), node)
    if get_origin(hint) is tuple:
        return _items(get_args(hint), node)
    if hint is NoneType:
        return _nothing(node)
    if not isinstance(node, yaml.ScalarNode) or node.tag not in TAGS or "\0" in node.value:
        raise ValueError
    if get_origin(hint) is Literal:
        return _choice(get_args(hint), node.value)
    return READERS[hint](node.value)


def _first(hints: tuple[Any, ...], node: yaml.Node) -> Any:
    for hint in sorted(hints, key=lambda hint: hint is not NoneType):
        try:
            return _value(hint, node)
        except ValueError:
            continue
    raise ValueError


def _items(hints: tuple[Any, ...], node: yaml.Node) -> tuple[Any, ...]:
    """Converts a list, or a single value that stands for a list of one, to a tuple."""
    several = isinstance(node, yaml.SequenceNode) and node.tag in TAGS
    nodes = node.value if several else [node]
    if hints[-1] is Ellipsis:
        return tuple(_value(hints[0], item) for item in nodes)
    return tuple(_value(hint, item) for hint, item in zip(hints, nodes, strict=True))


def _nothing(node: yaml.Node) -> None:
    if not _is_null(node):
        raise ValueError


def _choice(choices: tuple[Any, ...], text: str) -> Any:
    for choice in choices:
        if str(choice) == text:
            return choice
    raise ValueError


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.style is None and node.value in NULLS


def _bool(text: str) -> bool:
    if text.lower() not in TRUTHS:
        raise ValueError
    return TRUTHS[text.lower()]


def _float(text: str) -> float:
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


def _path(text: str) -> Path:
    os.fsencode(text)
    return Path(text)


READERS: dict[Any, Callable[[str], Any]]
READERS = {str: str, int: int, float: _float, bool: _bool, Path: _path}
WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
WORDS |= {Path: "a path", NoneType: "null"}


def expected(hint: Any) -> str:
    """Says which values a type takes: ``a number or native``."""
    arguments = [part for part in get_args(hint) if part is not Ellipsis]
    if get_origin(hint) is tuple:
        count = f"{len(arguments)} of " if Ellipsis not in get_args(hint) else ""
        return f"a list, {count}{expected(arguments[0])} each"
    if arguments:
        words = (part if get_origin(hint) is Literal else expected(part) for part in arguments)
        return " or ".join(map(str, words))
    return WORDS[hint]


def _said(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return repr(shorten(node.value))
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def flag(name: str) -> str:
    """Returns a field's name as it is spelled on the command line."""
    return name.replace("_", "-")


def meant(name: str, known: Collection[str]) -> str | None:
    """Returns the option, or the command, that was probably meant by one that does not exist.

    Args:
        name: as it was given, without dashes before it.
        known: the names that there are, spelled as on the command line.
    """
    if (other := ELSEWHERE.get(flag(name))) in known:
        return other
    near = difflib.get_close_matches(flag(name[:SHOWN_LETTERS]), known, 1)
    return near[0] if near else None


def _hint(name: str, known: list[str]) -> str:
    names = sorted(map(flag, known))
    near = meant(name, names)
    return f" (did you mean {near}?)" if near else f"; the options are {', '.join(names)}"

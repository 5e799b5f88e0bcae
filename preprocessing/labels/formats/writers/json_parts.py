"""JSON files of which one part is long, and is written piece by piece."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def write_object(
    partial: Path, fixed: Mapping[str, Any], name: str, members: Iterable[tuple[str, Any]]
) -> None:
    """Writes an object, whose last member is an object with many members of its own.

    Args:
        partial: the file.
        fixed: its first members, of which there is one or more.
        name: its last one.
        members: key and value of each of its members.
    """
    with partial.open("w", encoding="utf-8") as file:
        file.write(f"{_text(fixed)[:-1]}, {_text(name)}: {{")
        for number, (key, value) in enumerate(members):
            file.write(",\n" * bool(number) + f"{_text(key)}: {_text(value)}")
        file.write("}}\n")


def write_list(partial: Path, items: Iterable[Any]) -> None:
    """Writes a list.

    Args:
        partial: the file.
        items: what is in it.
    """
    with partial.open("w", encoding="utf-8") as file:
        file.write("[")
        for number, item in enumerate(items):
            file.write(",\n" * bool(number) + _text(item))
        file.write("]\n")


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)

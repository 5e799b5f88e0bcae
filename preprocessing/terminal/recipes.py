"""Recipes: files of options that come with a package, each for one kind of work.

    defaults ◀ recipe ◀ --config ◀ command line       what stands further right, wins

The first line of a recipe is a comment: for whom it is, and where its figures come from.
"""

import difflib
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError, shorten
from preprocessing.terminal.option_file import flag

SUFFIX = ".yaml"


class Recipes:
    """The recipes of a package.

    Args:
        place: the name of the package in whose folder they lie.
    """

    def __init__(self, place: str):
        self._folder = Path(str(importlib.import_module(place).__file__)).parent

    @property
    def names(self) -> list[str]:
        """The names of all."""
        return sorted(path.stem for path in self._folder.glob(f"*{SUFFIX}"))

    def path(self, name: str) -> Path:
        """Returns the file of a recipe.

        Args:
            name: of the recipe.

        Raises:
            InputError: there is none of this name; the nearest one is named.
        """
        if name not in self.names:
            near = difflib.get_close_matches(name, self.names, 1)
            meant = f"did you mean {near[0]}? they" if near else "they"
            raise InputError(
                f"no recipe {shorten(name)!r}; {meant} are {', '.join(self.names)}; longtake "
                "recipes shows them"
            )
        return self._folder / f"{name}{SUFFIX}"

    def about(self, name: str) -> str:
        """Returns the first line of a recipe."""
        return self.path(name).read_text("utf-8").splitlines()[0].removeprefix("# ")


def recipe_line(name: str, values: Mapping[str, Any], options: Any) -> str:
    """Returns a line that says what a recipe sets.

    Args:
        name: of the recipe.
        values: what stands in it, by the names of fields.
        options: what came of it, of files and of the command line.
    """
    kept = [one for one, value in values.items() if getattr(options, one) == value]
    told = ", ".join(f"--{flag(one)} {_told(values[one])}" for one in kept)
    others = [f"--{flag(one)}" for one in values if one not in kept]
    rest = f"; {' and '.join(others)} as you say" if others else ""
    return f"recipe {name}: {told or 'nothing'}{rest}"


def _told(value: Any) -> str:
    """Returns a value as the command line takes it."""
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)

"""The options of ``recipes``."""

from dataclasses import dataclass
from typing import Annotated

import tyro


@dataclass(frozen=True)
class RecipesConfig:
    """Lists the recipes that --recipe of train takes, or prints one.

    A recipe is a YAML file of options of train, each with its reason. Printed into a file and
    changed there, it is given with --config.
    """

    name: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")] = None
    """The recipe to print; without it all are listed."""

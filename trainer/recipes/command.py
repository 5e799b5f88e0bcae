"""The command ``recipes``: the list, or one of them as it is written."""

from preprocessing.terminal.console import say
from preprocessing.terminal.exit_codes import DONE
from preprocessing.terminal.recipes import Recipes
from preprocessing.terminal.streams import require_heard
from preprocessing.terminal.table import aligned
from trainer.recipes.options import RecipesConfig

PLACE = "trainer.recipes"


def run_recipes(config: RecipesConfig) -> int:
    """Runs the command ``recipes``; see ``RecipesConfig``.

    Raises:
        InputError: there is no such recipe, or standard output could not be written.
    """
    recipes = Recipes(PLACE)
    if config.name is None:
        say(*aligned([(name, recipes.about(name)) for name in recipes.names], left=2))
        say("longtake recipes NAME prints one, longtake train --recipe NAME takes it")
    else:
        say(*recipes.path(config.name).read_text("utf-8").splitlines())
    require_heard()
    return DONE

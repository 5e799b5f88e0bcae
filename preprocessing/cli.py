"""``python -m preprocessing``: the commands that fill and show a store."""

from preprocessing import console
from preprocessing.console import Command

COMMANDS = {
    "extract": Command(
        "videos, or folders of them, to a store of features",
        "preprocessing.extract_options:ExtractConfig",
        "preprocessing.extraction:run",
    ),
    "import": Command(
        "features made elsewhere into the same kind of store",
        "preprocessing.import_options:ImportConfig",
        "preprocessing.importers:run",
    ),
    "inspect": Command(
        "what is in a store",
        "preprocessing.inspection:InspectConfig",
        "preprocessing.inspection:run",
    ),
}


def main() -> int:
    """Runs the command line and returns its exit code."""
    return console.main("python -m preprocessing", COMMANDS)

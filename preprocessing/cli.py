"""The command line of ``python -m preprocessing``: the commands about stores and labels."""

from preprocessing.terminal import commands
from preprocessing.terminal.commands import Command

COMMANDS = {
    "extract": Command(
        "videos, or folders of them, to a store of features",
        "preprocessing.extraction.options:ExtractConfig",
        "preprocessing.extraction.command:run",
    ),
    "import": Command(
        "features made elsewhere into the same kind of store",
        "preprocessing.importing.options:ImportConfig",
        "preprocessing.importing.command:run",
    ),
    "inspect": Command(
        "what is in a store",
        "preprocessing.inspection.options:InspectConfig",
        "preprocessing.inspection.command:run",
    ),
    "labels": Command(
        "what labels hold, before anything is trained on them",
        "preprocessing.annotation.options:LabelsConfig",
        "preprocessing.annotation.command:run",
    ),
}


def main() -> int:
    """Runs the command line and returns its exit code."""
    return commands.main("python -m preprocessing", COMMANDS)

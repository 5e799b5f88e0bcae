"""Pages of the documentation, and the commands and Python that they tell a reader to run."""

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = {path.name: path for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]}
# With what a command begins; messages of longtake begin as its commands do.
COMMAND = re.compile(
    r"(?:[A-Z][A-Z_]*=|(?:longtake|python|pip|docker|apptainer|ray|dask|sbatch|tail|source|cd|git|"
    r"jupyter)\s|\./|scripts/)(?!.*: error: )"
)
PROMPT = "$ "
# A fenced block and its language, or an indented one behind an empty line.
BLOCK = re.compile(
    r"^```(?P<language>\w*)\n(?P<fenced>.*?)^```$"
    r"|(?<=\n\n)(?P<indented>(?:    [^\n]*\n|\n(?=    ))+)",
    re.MULTILINE | re.DOTALL,
)


class Part(NamedTuple):
    """Lines of Python, or one command of a shell, that a reader is told to run."""

    python: bool
    text: str


def parts(page: str) -> list[Part]:
    """Returns what a page tells a reader to run, in its order.

    Args:
        page: the name of the file.
    """
    found = []
    for block in BLOCK.finditer(PAGES[page].read_text(encoding="utf-8")):
        if block["language"] == "python":
            found.append(Part(True, block["fenced"]))
        elif block["indented"] or block["language"] in ("", "sh"):
            lines = textwrap.dedent(block["indented"] or block["fenced"]).splitlines()
            found += [Part(False, command) for command in _commands(lines)]
    return found


def commands(page: str) -> list[str]:
    """Returns the commands of a page, each in one line, without what is said behind ``#``.

    Args:
        page: the name of the file.
    """
    return [part.text for part in parts(page) if not part.python]


def _commands(lines: list[str]) -> list[str]:
    """Returns the commands of a block, whose other lines show what they print, if it has any."""
    if lines and lines[0].startswith(PROMPT):
        lines = [line.removeprefix(PROMPT) for line in lines if line.startswith(PROMPT)]
    elif not lines or not COMMAND.match(lines[0]):
        return []
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    found = [re.sub(r"(^|\s+)#( .*)?$", "", line) for line in text.splitlines()]
    return [line for line in found if line]

"""The finding of a check."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

State = Literal["ok", "missing", "failed"]
# What people read; what is missing is no fault.
WORDS = {"missing": "without"}
LONGEST_CAUSE = 300
ASK = "if nothing above explains it, open an issue with all of these lines"


@dataclass(frozen=True)
class Finding:
    """The finding of a check.

    Attributes:
        name: of what was looked at.
        state: ``missing`` is what can be done without; ``failed`` is what should work.
        figure: what was found, in words and numbers.
        advice: what to do about it; empty if there is nothing to do.
    """

    name: str
    state: State
    figure: str
    advice: str = ""

    def lines(self) -> Iterator[str]:
        """Yields a line, and one of advice where there is some."""
        yield f"{WORDS.get(self.state, self.state):<8} {self.name}: {self.figure}"
        if self.advice:
            yield f"{'':<8} {self.advice}"


def cause(text: str, folders: Mapping[Path, str]) -> str:
    """Returns the last line of what an error said, without the names of folders.

    Args:
        text: what a process said, or an error.
        folders: what stands for each folder.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1] if lines else "it said nothing"
    for folder, name in {**folders, Path(sys.prefix): "PYTHON", **_home()}.items():
        last = last.replace(str(folder), name)
    return last[:LONGEST_CAUSE]


def _home() -> dict[Path, str]:
    """Returns the folder of the user, where there is one that is not the root of all others."""
    try:
        home = Path.home()
    except RuntimeError:
        return {}
    return {home: "~"} if home.parent != home else {}

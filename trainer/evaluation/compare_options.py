"""The options of ``compare``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from preprocessing.errors import InputError
from preprocessing.terminal.python_values import accept_values
from trainer.evaluation.measures import Measures


@dataclass(frozen=True)
class CompareConfig:
    """Compares evaluated runs, sequence by sequence, with the first of them.

    Reads RUN/evaluation/SPLIT, which evaluate wrote, of each.
    """

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN RUN")]
    """Folders of runs, also of several seeds or of a cross-validation; the others are compared with
    the first."""
    split: Literal["train", "validation", "test", "all"] = "test"
    """Which evaluation of each run."""
    out: Path | None = None
    """Folder that gets comparison.html and comparison.json; without it there is only the table."""
    ignore_classes: tuple[str, ...] = Measures.ignored
    """Classes that make no segments for edit and F1@k, such as background."""
    bootstrap: int = Measures.bootstrap
    """Samples for the intervals, drawn from the sequences; 0 for no intervals."""

    def __post_init__(self) -> None:
        accept_values(self)
        if self.out and self.out.suffix == ".html":
            raise InputError(f"--out {self.out}: expected a folder, which gets comparison.html")
        if len(self.runs) < 2:
            raise InputError(f"{len(self.runs)} run(s) given; expected two or more to compare")
        _ = self.measures

    @property
    def measures(self) -> Measures:
        """The options for measuring answers."""
        return Measures(self.ignore_classes, bootstrap=self.bootstrap)

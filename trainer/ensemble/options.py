"""The options of ``ensemble``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from preprocessing.errors import InputError
from preprocessing.terminal.python_values import accept_values


@dataclass(frozen=True)
class EnsembleConfig:
    """Makes a run of several, whose answers are the mean of theirs.

    It holds copies of their models, and needs none of their folders any more. evaluate, predict,
    compare, stream and export take it like any other run.
    """

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN...")]
    """Folders of trained runs, of the same classes, features and test: all seeds of repeated ones;
    or cross-validations of the same folds, which are joined fold by fold."""
    run: Path
    """Folder that gets the new run."""
    model: str | None = None
    """Python file of the models' own layers, FILE.py:function, if the runs were trained with
    --model."""

    def __post_init__(self) -> None:
        accept_values(self)
        if not self.runs:
            raise InputError("no run given; expected one or more, whose models answer together")

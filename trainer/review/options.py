"""The options of ``review``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from preprocessing.errors import InputError
from preprocessing.labels.formats.writers.base import WriterName
from preprocessing.terminal.python_values import accept_values

Why = Literal["contradicted", "unsure"]
DEFAULT_OUT = "review"


@dataclass(frozen=True)
class ReviewConfig:
    """Finds what is worth a person's minutes: likely label errors, and where the model is unsure.

    Labels are held against answers of models that were not trained on them, best those of a
    cross-validation. Videos without labels are answered, and shown where the model is unsure.
    Writes DIR/review.csv, DIR/review.html, and the answers there for the program to label with.
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """Folder of a trained run, an ensemble or a cross-validation."""
    out: Path | None = None
    """Folder DIR; RUN/review by default."""
    minutes: float = 30.0
    """How long watching it all may take, the seconds around each stretch among it."""
    longest: float = 20.0
    """The most seconds of one stretch."""
    around: float = 3.0
    """Seconds before and after a stretch that are watched too."""
    why: Literal["both", "contradicted", "unsure"] = "both"
    """What is looked for: labels that the answers contradict, answers that are unsure where there
    are no labels, or both in turn."""
    write: WriterName = "intervals"
    """The format of the label file that has the answers, to be corrected and given to train behind
    the labels that there are."""
    predictions: Path | None = None
    """A predictions.h5 that predict wrote: answers to the videos without labels, so that the run
    need not answer."""
    model: str | None = None
    """Python file of the model's own layers, FILE.py:function, if the run was trained with
    --model."""

    def __post_init__(self) -> None:
        accept_values(self)
        for name, least in (("minutes", 0.0), ("longest", 0.0)):
            if not getattr(self, name) > least:
                raise InputError(f"--{name} {getattr(self, name):g}: expected more than {least:g}")
        if not self.around >= 0:
            raise InputError(f"--around {self.around:g}: expected 0 or more")

    @property
    def folder(self) -> Path:
        """The folder that is written to."""
        return self.run / DEFAULT_OUT if self.out is None else self.out

    def looks_for(self, why: Why) -> bool:
        """Says whether stretches of a kind are wanted."""
        return self.why in (why, "both")

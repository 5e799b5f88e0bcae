"""The options of ``evaluate``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from preprocessing.labels.formats.writers.base import WriterName
from preprocessing.terminal.python_values import accept_values
from trainer.bouts.bins import require_bins
from trainer.decoded.options import Decode, require_lag
from trainer.evaluation.measures import Measures


@dataclass(frozen=True)
class EvaluateConfig:
    """Metrics, predictions and a report on held-out sequences.

    Writes metrics.json, predictions.h5, bouts.csv, summary.csv and report.html to
    RUN/evaluation/SPLIT.
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """Folder of a trained run."""
    split: Literal["train", "validation", "test", "all"] = "test"
    """Which part of the run's splits; all takes every labelled sequence of the store."""
    store: Path | None = None
    """Store to read, if not the one the run was trained on."""
    labels: tuple[Path, ...] | None = None
    """Labels to compare with, if not those the run was trained on; read as those were."""
    ignore_label: tuple[str, ...] = ()
    """Names that count as no label, besides those that did in training."""
    allow_seen: bool = False
    """Count sequences that the run, or one that it continues, was trained on as if they were held
    out; metrics.json (seen) and the report say which."""
    feed: Literal["predictions", "truth"] | None = None
    """What stands in for past labels where they are inputs; by default as in training."""
    model: str | None = None
    """Python file of the model's own layers, FILE.py:function, if the run was trained with
    --model."""
    decode: Decode = "auto"
    """What is made of the raw answers, beside which decoded ones and their figures stand: auto,
    what training has found best on validation; viterbi, by the decoder of the run in any case (for
    multilabel: thresholds and shortest lengths); none."""
    lag: float | None = None
    """Decode as a stream would that waits so many seconds before it decides; by default a decoder
    sees whole sequences."""
    ignore_classes: tuple[str, ...] = Measures.ignored
    """Classes that make no segments for edit and F1@k, such as background; figures of steps count
    them."""
    relax: float | None = Measures.relax
    """Also say how good answers are if, up to so many seconds from a true change, they may name the
    class on its other side."""
    relaxed_bug_compatible: bool = Measures.bug_compatible
    """With --relax: count as the published script of the phase challenges on M2CAI16 and Cholec80,
    slips included."""
    bootstrap: int = Measures.bootstrap
    """Samples for the intervals of figures, drawn from the sequences; 0 for no intervals."""
    bins: float | None = None
    """Minutes: summary.csv, which says how often and how long each class is shown, has rows for
    each so many of a sequence too."""

    write: tuple[WriterName, ...] = ()
    """Write the answers for annotation tools too, to RUN/evaluation/SPLIT/annotations, linked to
    the videos, truth and prediction on tiers of their own. What was corrected there is never
    replaced."""
    quiet: bool = False
    """No advice: none of the lines, three at most, that say which flag answers what is amiss."""

    def __post_init__(self) -> None:
        accept_values(self)
        _ = self.measures
        require_lag(self.decode, self.lag)
        require_bins(self.bins)

    @property
    def measures(self) -> Measures:
        """The options for measuring answers."""
        return Measures(
            self.ignore_classes, self.relax, self.relaxed_bug_compatible, self.bootstrap
        )

"""The options of ``predict``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from preprocessing.errors import InputError
from preprocessing.extraction.options import shard_numbers
from preprocessing.labels.formats.writers.base import WriterName
from preprocessing.terminal.python_values import accept_values
from trainer.bouts.bins import require_bins
from trainer.decoded.options import Decode, require_lag


@dataclass(frozen=True)
class PredictConfig:
    """Labels for videos, or for a store, that have none.

    Writes DIR/labels.csv (intervals, labels of whole sequences, or numbers) and DIR/predictions.h5;
    where there is a class or several a step, each bout of one to DIR/bouts.csv and how often and
    how long each is shown to DIR/summary.csv. With --overlay, each video as
    DIR/overlay/<sequence>.mp4 too, with the answers drawn into it. The same command again goes on:
    features that are in DIR/store are not made anew.
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """Folder of a trained run."""
    inputs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="INPUT...")]
    """Video files, folders of them, or one store."""
    out: Path
    """Folder that gets the predictions; features of videos go to DIR/store."""
    backbone: str | None = None
    """What made the features of the run, where that is a file: its PATH.keras, PATH.onnx or
    PATH.py:Class, joined with + to the others as it was for extract."""
    model: str | None = None
    """Python file of the model's own layers, FILE.py:function, if the run was trained with
    --model."""
    decode: Decode = "auto"
    """What is made of the raw answers before they become labels: auto, what training has found best
    on validation; viterbi, by the decoder of the run in any case; none."""
    lag: float | None = None
    """Decode as a stream would that waits so many seconds before it decides; by default a decoder
    sees whole sequences."""
    overlay: bool = False
    """Write each video again with the answers drawn into it."""
    bins: float | None = None
    """Minutes: summary.csv has rows for each so many of a sequence too."""

    write: tuple[WriterName, ...] = ()
    """Write the answers for annotation tools too, to DIR/annotations, linked to the videos. What
    was corrected there is never replaced."""
    jobs: int = 1
    """Videos whose features are made at once, each in a process of its own."""
    shard: Annotated[str | None, tyro.conf.arg(metavar="I/N")] = None
    """Take only the I-th of N parts of the videos, or of the store's sequences (I from 1), for
    arrays of jobs. Its answers go to DIR/shard-I-of-N; features of all shards to DIR/store, from
    which the same command without --shard answers all at once in DIR."""
    csv: bool = False
    """Write DIR/steps.csv too: a row a step, with the probability of each class."""

    def __post_init__(self) -> None:
        accept_values(self)
        require_lag(self.decode, self.lag)
        require_bins(self.bins)
        if self.jobs < 1:
            raise InputError(f"--jobs {self.jobs}: expected 1 process or more")
        _ = self.folder

    @property
    def folder(self) -> Path:
        """The folder that gets the answers: ``--out``, or that of the shard in it."""
        if self.shard is None:
            return self.out
        number, count = shard_numbers(self.shard)
        return self.out / f"shard-{number}-of-{count}"

"""The options of ``stream``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from preprocessing.terminal.python_values import accept_values
from trainer.decoded.options import Decode, require_lag


@dataclass(frozen=True)
class StreamConfig:
    """Answers for one video as it happens, a JSON line a step on standard output.

    What is no file and has no end is followed live: when the model falls behind, the samples that
    have waited longest are dropped, and when the connection is lost, it is tried again.
    """

    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """Folder of a trained run."""
    source: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE")]
    """A video file, the number of a camera (0 is the first), or a URL: rtsp, http and so on."""
    state: Path | None = None
    """File that keeps the carry; the same command again goes on from there."""
    backlog: int = 8
    """Samples of a live source that may wait for the model; of more, the oldest are dropped."""
    give_up: float | None = None
    """End if a live source sends nothing for so many seconds; without it, it is tried for ever."""
    decode: Decode = "auto"
    """What is made of the raw answers, beside which a line has decoded ones: auto, what training
    has found best on validation; viterbi, by the decoder of the run in any case; none."""
    lag: float = 0.0
    """Seconds that a step waits before it is decided, and its line with it; the longer, the better
    it is known. With 0 a line comes at once."""
    batch_size: int | None = None
    """Frames described at once. By default one if the source is live, else as many as extraction
    takes; another number may change features in the last bits."""
    backbone: str | None = None
    """What made the features of the run, where that is a file; see predict."""
    model: str | None = None
    """Python file of the model's own layers, FILE.py:function, if the run was trained with
    --model."""

    def __post_init__(self) -> None:
        accept_values(self)
        require_lag(self.decode, self.lag)

"""The options of ``predict``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True)
class PredictConfig:
    """Labels for videos, or for a store, that have none.

    Writes DIR/labels.csv (intervals, labels of whole sequences, or numbers) and DIR/predictions.h5.
    With --overlay, each video as DIR/overlay/<sequence>.mp4 too, with the answers drawn into it.
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
    overlay: bool = False
    """Write each video again with the answers drawn into it."""

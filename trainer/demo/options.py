"""The options of ``demo``."""

from dataclasses import dataclass
from pathlib import Path

from preprocessing.terminal.python_values import accept_values


@dataclass(frozen=True)
class DemoConfig:
    """The whole job on sample videos that it makes itself.

    A disc seen in the first seconds of a video decides what every later scene is called. The job is
    trained twice, with the state carried from chunk to chunk and with it reset, and evaluated on
    videos that neither has seen.
    """

    out: Path = Path("longtake-demo")
    """Folder that gets videos, store, runs and report.html."""
    videos: int = 32
    """Videos to make, at least 6."""
    seconds: float = 60.0
    """Length of each."""
    epochs: int = 40
    """Passes over the training videos, at most."""
    seed: int = 0
    """Of everything random."""

    def __post_init__(self) -> None:
        accept_values(self)

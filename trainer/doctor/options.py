"""The options of ``doctor``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from preprocessing.terminal.python_values import accept_values


@dataclass(frozen=True)
class DoctorConfig:
    """Checks whether all works on this machine: packages, devices, videos, and a folder to work in.

    Five updates are made on each device and compared with those of the CPU, and a few seconds of
    video go through everything, from extraction to a stream. What is missing is told with the
    command that installs it. The output is what an issue should hold: the folders of the user, of
    Python and the one given are not named.
    """

    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")] = Path()
    """Where stores and runs are to lie: its disk and its locks are looked at. Only files of this
    command's own are made there, and removed."""
    json: bool = False
    """One JSON object on standard output in place of lines, for scripts."""

    def __post_init__(self) -> None:
        accept_values(self)

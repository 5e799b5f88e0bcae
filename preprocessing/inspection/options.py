"""The options of ``inspect``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from preprocessing.terminal.python_values import accept_strings


@dataclass(frozen=True)
class InspectConfig:
    """Shows what is in a store: sequences, steps, hours, dimension, fps, backbone, bytes.

    With --sheet, a picture of it: frames of each video beside the similarity of its features.
    """

    store: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]
    """The store's folder."""
    json: bool = False
    """Print JSON, with a row for each sequence."""
    sheet: Annotated[Path | None, tyro.conf.arg(metavar="OUT.png")] = None
    """Draw a contact sheet instead, eight sequences a page: OUT.png, OUT-2.png and so on."""
    only: Annotated[tuple[str, ...], tyro.conf.arg(metavar="ID...")] = ()
    """Show these sequences; otherwise all, or with --sheet 24 spread over the store."""

    def __post_init__(self) -> None:
        accept_strings(self)

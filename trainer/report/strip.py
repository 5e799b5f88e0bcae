"""Strips: the pictures and data of one sequence in a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from preprocessing.terminal.clock import clock
from trainer.report.footage import Footage


@dataclass(frozen=True)
class Ribbon:
    """One picture of a sequence.

    Attributes:
        name: such as ``true``, the name of a run, or of a class.
        picture: a data URI.
        share: how good it is, None for the truth itself and where nothing can be counted.
        wrong: another picture, of the wrong steps.
        curve: True if the picture shows confidence, not labels.
    """

    name: str
    picture: str
    share: float | None
    wrong: str = ""
    curve: bool = False


@dataclass(frozen=True)
class Curves:
    """A column of a regression in a sequence.

    Attributes:
        name: the name of the column.
        true: the path of an SVG; see ``trainer.report.curves``.
        predicted: the path of an SVG.
        last: the last numbers of both, which are the only ones if a sequence has one answer.
        low: the value at the lower edge of the SVG.
        high: the value at its upper edge.
        mae: mean absolute error, None where nothing is labelled.
    """

    name: str
    true: str
    predicted: str
    last: tuple[float | None, float]
    low: float
    high: float
    mae: float | None


@dataclass(frozen=True)
class Strip:
    """A sequence with its pictures.

    Attributes:
        sequence_id: the sequence.
        seconds: its length.
        steps: N.
        pictures: its pictures.
        score: the higher, the better; None where nothing is labelled.
        hover_data: the data shown where a reader points; see ``trainer.report.hover_data``.
        footage: the video, where that is known.
    """

    sequence_id: str
    seconds: float
    steps: int
    pictures: Sequence[Ribbon] | Sequence[Curves]
    score: float | None
    hover_data: Mapping[str, Any] = field(default_factory=dict)
    footage: Footage | None = None

    @property
    def length(self) -> str:
        """The length as h:mm:ss; empty for one answer per sequence, whose file does not tell it."""
        return clock(round(self.seconds)) if self.steps > 1 else ""

    @property
    def zero(self) -> float:
        """The timestamp that a player shows as 0."""
        return self.footage.start_time if self.footage else 0.0

    @property
    def told(self) -> dict[str, Any]:
        """The data about the sequence for the script of a report, ready for JSON."""
        video = None
        if self.footage:
            names = ("name", "uri", "problem")
            video = {name: getattr(self.footage, name) for name in names}
        return {"id": self.sequence_id, "zero": self.zero, "video": video, **self.hover_data}

"""What a report shows of one sequence."""

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
        wrong: another picture, of where it is wrong.
        curve: whether the picture is one of how sure it is, not of labels.
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
        name: of the column.
        true, predicted: paths of an SVG; see ``trainer.report.curves``.
        last: the last numbers of both, which are the only ones of one answer a sequence.
        low, high: the values at the edges of the SVG.
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
        steps: N.
        score: the higher, the better; None where nothing is labelled.
        hover_data: what is told where a reader points; see ``trainer.report.hover_data``.
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
        """As h:mm:ss; empty for one answer a sequence, whose file does not tell."""
        return clock(round(self.seconds)) if self.steps > 1 else ""

    @property
    def zero(self) -> float:
        """The timestamp that a player shows as 0."""
        return self.footage.start_time if self.footage else 0.0

    @property
    def told(self) -> dict[str, Any]:
        """All that the script of a report is told of it, ready for JSON."""
        video = None
        if self.footage:
            names = ("name", "uri", "problem")
            video = {name: getattr(self.footage, name) for name in names}
        return {"id": self.sequence_id, "zero": self.zero, "video": video, **self.hover_data}

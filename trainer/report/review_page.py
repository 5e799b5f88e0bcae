"""The page of a review: stretches to click through, with what is around each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.class_colours import class_colours
from preprocessing.terminal.clock import clock
from trainer.report.footage import Footage
from trainer.report.hover_data import knots, packed, rolled
from trainer.report.page import render
from trainer.report.ribbons import confidence_ribbon, ribbon, shown_steps
from trainer.report.strip import Ribbon, Strip

SCRIPTS = ("report.js", "review.js")


@dataclass(frozen=True)
class Look:
    """A stretch of a sequence, and the m steps around it that are drawn.

    Attributes:
        sequence_id: the sequence.
        start: second of the video at which it begins.
        end: second at which it ends.
        why: ``contradicted`` or ``unsure``.
        label: its class in the labels; empty if it has none.
        answer: the class that the model names.
        edges: ``<float64>[m + 1]``, seconds at which the steps begin, and at which the last ends.
        zero: the timestamp of second 0.
        labels: ``<int32>[m]``, negative where there is none.
        said: ``<int32>[m]``, the answers.
        sure: ``<float64>[m]``, how likely they are.
    """

    sequence_id: str
    start: float
    end: float
    why: str
    label: str
    answer: str
    edges: NDArray[np.float64]
    zero: float
    labels: NDArray[np.int32]
    said: NDArray[np.int32]
    sure: NDArray[np.float64]

    @property
    def bounds(self) -> tuple[float, float]:
        """Beginning and end of the stretch in what is drawn, in per cent."""
        first, last = float(self.edges[0]), float(self.edges[-1])
        width = (last - first) or 1.0
        return tuple(  # type: ignore[return-value]
            100 * min(max((at - first) / width, 0.0), 1.0) for at in (self.start, self.end)
        )

    @property
    def shown(self) -> tuple[str, str]:
        """The clock at both ends of what is drawn."""
        return clock(float(self.edges[0])), clock(float(self.edges[-1]))


def write_review_page(
    path: Path,
    title: str,
    made: str,
    classes: Sequence[str],
    looks: Sequence[Look],
    videos: Mapping[str, Footage],
) -> None:
    """Writes the page.

    Args:
        path: the HTML file.
        title: of the page.
        made: a sentence about how the stretches were chosen.
        classes: names of the classes.
        looks: the stretches, the first first.
        videos: the video of each sequence that is known.
    """
    colours = class_colours(classes)
    render(
        path,
        "review.html",
        SCRIPTS,
        title=title,
        made=made,
        legend=list(zip(classes, colours, strict=True)),
        looks=[(look, _strip(look, colours, videos)) for look in looks],
    )


def _strip(look: Look, colours: Sequence[str], videos: Mapping[str, Footage]) -> Strip:
    """Draws labels, answers and how sure they are."""
    places = shown_steps(len(look.said))
    said, labels, sure = look.said[places], look.labels[places], look.sure[places]
    rows: list[dict[str, Any]] = [
        {"name": "label", "labels": rolled(labels)},
        {"name": "answer", "labels": rolled(said), "sure": packed(sure)},
    ]
    pictures = [
        Ribbon("label", ribbon(labels, colours), None),
        Ribbon("answer", ribbon(said, colours), None),
        Ribbon("confidence", confidence_ribbon(sure), None, curve=True),
    ]
    hover_data = {**_times(look, places), "rows": rows, "part": True, "stop": look.end}
    seconds = float(look.edges[-1] - look.edges[0])
    footage = videos.get(look.sequence_id)
    steps = len(look.said)
    return Strip(look.sequence_id, seconds, steps, pictures, None, hover_data, footage)


def _times(look: Look, places: NDArray[np.int64]) -> dict[str, Sequence[float]]:
    """Returns the times of the pixels, as knots of a line; see ``trainer.report.hover_data``."""
    drawn = np.append(look.edges[places], look.edges[-1])
    kept = knots(drawn, float(np.median(np.diff(drawn))) / 2)
    return {"places": kept, "times": [round(float(drawn[place]) + look.zero, 3) for place in kept]}

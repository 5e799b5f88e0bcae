"""The report of a comparison, as one HTML file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from preprocessing.labels.class_colours import class_colours
from preprocessing.terminal.streams import printable
from trainer.metrics import HEADLINES
from trainer.predictions.reader import Answers
from trainer.report.footage import Footage
from trainer.report.page import render
from trainer.report.strips import strips_of_classes, with_footage

Comparison = Mapping[str, Any]
# Runs look like no class: other colours, far from those of classes and from each other, which are
# seen by day and by night, and shapes about 0, 0.
INKS = ("#870fff", "#ff005a", "#00b400", "#4b78ff", "#ff3cd2")
SHAPES = (
    "M-2.7 0a2.7 2.7 0 1 0 5.4 0a2.7 2.7 0 1 0-5.4 0z",
    "M0-3.4 3.4 0 0 3.4-3.4 0z",
    "M-2.4-2.4h4.8v4.8h-4.8z",
    "M0-3 3.2 2.6h-6.4z",
)


def write_comparison(
    path: Path,
    comparison: Comparison,
    answers: Mapping[str, Answers],
    videos: Mapping[str, Footage],
) -> None:
    """Writes the report of a comparison.

    Args:
        path: the HTML file.
        comparison: the content of comparison.json.
        answers: the answers of each run, of its first seed, by its name; all to the same steps.
        videos: the videos of the sequences, as far as they are known.
    """
    classes, names = comparison["classes"], list(answers)
    strips = []
    if comparison["task"] == "classification":
        places = {
            row["sequence_id"]: number for number, row in enumerate(comparison["per_sequence"])
        }
        found = with_footage(strips_of_classes(classes, answers), videos)
        strips = sorted(found, key=lambda strip: places.get(strip.sequence_id, len(places)))
    render(
        path,
        "comparison.html",
        title=f"{', '.join(names)}: {comparison['split']}",
        comparison=comparison,
        headlines=HEADLINES[comparison["task"]],
        marks=[(INKS[n % len(INKS)], SHAPES[n % len(SHAPES)]) for n in range(len(names))],
        dots=_dots(comparison),
        legend=list(zip(classes, class_colours(classes), strict=True)),
        strips=strips,
    )


def _dots(comparison: Comparison) -> list[list[float]]:
    """Returns the place of each run in each sequence, from 0 to 100."""
    rows = [row["scores"] for row in comparison["per_sequence"]]
    most = 1.0 if comparison["compared_by"] == "accuracy" else max(map(max, rows), default=0) or 1.0
    return [[100 * score / most for score in scores] for scores in rows]


def _shown(value: str) -> str:
    return printable(value) or "-"

"""A comparison as a table on the terminal, and as one HTML file."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from preprocessing.terminal.console import printable
from trainer.metrics import HEADLINES
from trainer.report.footage import Footage
from trainer.report.page import render
from trainer.report.ribbons import class_colours
from trainer.report.strips import class_strips, with_footage

Comparison = Mapping[str, Any]
# Runs look like no class: other colours, which are seen by day and by night, and shapes about 0, 0.
INKS = ("#8b5cf6", "#b45309", "#0d9488", "#db2777", "#64748b")
SHAPES = (
    "M-2.7 0a2.7 2.7 0 1 0 5.4 0a2.7 2.7 0 1 0-5.4 0z",
    "M0-3.4 3.4 0 0 3.4-3.4 0z",
    "M-2.4-2.4h4.8v4.8h-4.8z",
    "M0-3 3.2 2.6h-6.4z",
)


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """The table of a comparison, line by line."""
    runs, task = comparison["runs"], comparison["task"]
    yield (
        f"{comparison['split']}: {comparison['sequences']} sequences, "
        f"{comparison['steps']} labelled steps"
    )
    yield from _columns(
        ["", *(run["name"] for run in runs)],
        [
            [name, *(_figure(run["metrics"][name]) for run in runs)]
            for name in HEADLINES[task]
            if any(run["metrics"][name] is not None for run in runs)
        ],
    )
    yield ""
    options = comparison["options"]
    yield "options that differ" if options else "their options are the same"
    yield from _columns([], [[name, *map(_shown, found)] for name, found in options.items()])
    drawn = comparison["bootstrap"]
    between = (
        f", and where {100 * drawn['level']:g} % of {drawn['samples']} draws of the sequences lie"
    )
    for run in runs[1:]:
        yield ""
        yield f"{run['name']} minus {runs[0]['name']}{between if drawn['samples'] else ''}"
        yield from _columns(
            [],
            [
                [name, _figure(found["value"], "+"), _interval(found["interval"])]
                for name, found in run["difference"].items()
                if found["value"] is not None
            ],
        )
        counts = run["sequences"]
        yield (
            f"  by {comparison['compared_by']}, better in {counts['better']}, worse in "
            f"{counts['worse']}, equal in {counts['equal']} sequences"
        )


def write_comparison(
    path: Path,
    comparison: Comparison,
    predictions: Mapping[str, Path],
    videos: Mapping[str, Footage],
) -> None:
    """Writes the report of a comparison.

    Args:
        path: the HTML file.
        comparison: what comparison.json holds.
        predictions: the ``predictions.h5`` of each run, by its name.
        videos: of the sequences, as far as they are known.
    """
    classes, names = comparison["classes"], list(predictions)
    strips = []
    if comparison["task"] == "classification":
        places = {
            row["sequence_id"]: number for number, row in enumerate(comparison["per_sequence"])
        }
        found = with_footage(class_strips(classes, predictions), videos)
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
    """Where each run stands in each sequence, from 0 to 100."""
    rows = [row["scores"] for row in comparison["per_sequence"]]
    most = 1.0 if comparison["compared_by"] == "accuracy" else max(map(max, rows), default=0) or 1.0
    return [[100 * score / most for score in scores] for scores in rows]


def _columns(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of which the columns stand below each other, the first to the left."""
    lines = [*([head] if head else []), *rows]
    if not lines:
        return
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for first, *others in lines:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  " + "  ".join([first.ljust(widths[0]), *cells]).rstrip()


def _shown(value: str) -> str:
    return printable(value) or "-"


def _figure(value: float | None, sign: str = "") -> str:
    if value is None:
        return "-"
    near = abs(value) < 1000
    return format(value, f"{sign}.4f" if near else f"{sign}.3e")


def _interval(edges: Sequence[float] | None) -> str:
    return f"[{_figure(edges[0], '+')}, {_figure(edges[1], '+')}]" if edges else ""

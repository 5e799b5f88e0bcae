"""The classes of an evaluation as lines of the terminal, weakest first."""

from collections.abc import Iterator, Mapping
from typing import Any

from preprocessing.errors import some
from preprocessing.terminal.table import aligned
from trainer.evaluation.figure_text import figure_text

# Lines that one takes in at a glance, and letters of a name that leave room for figures.
MOST_CLASSES, MOST_LETTERS = 10, 24
FIGURES = ("f1", "precision", "recall")


def class_lines(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yields a table of the classes that a split shows, then those that it lacks.

    Args:
        metrics: the content of metrics.json; numbers have no classes.
    """
    rows: Mapping[str, Mapping[str, Any]] = metrics.get("per_class") or {}
    there = _there(metrics)
    if table := weakest_classes(metrics):
        yield from (f"  {line}" for line in aligned(table))
        if (more := len(there) - MOST_CLASSES) > 0:
            yield f"  ... and {more} more in metrics.json"
    if lacking := [name for name in rows if name not in there]:
        yield f"  not in this split: {some([_lacking(name, rows[name]) for name in lacking])}"


def weakest_classes(metrics: Mapping[str, Any]) -> list[list[str]]:
    """Returns a table of the classes that a split shows, with a head; empty for fewer than two.

    Args:
        metrics: the content of metrics.json.
    """
    there = _there(metrics)
    if len(there) < 2:
        return []
    shown = sorted(there, key=lambda name: (there[name]["f1"], name))[:MOST_CLASSES]
    cells = [[_short(name), *_cells(there[name])] for name in shown]
    head = ["weakest classes", "steps", "F1", *FIGURES[1:]]
    if decoded := metrics.get("decoded"):
        head.append("decoded F1")
        for name, row in zip(shown, cells, strict=True):
            row.append(figure_text(decoded["per_class"][name]["f1"]))
    return [head, *cells]


def _there(metrics: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Returns the figures of the classes that a split shows."""
    rows = metrics.get("per_class") or {}
    return {name: row for name, row in rows.items() if row["f1"] is not None}


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [f"{row['steps']:g}", *("-" if row[n] is None else f"{row[n]:.4f}" for n in FIGURES)]


def _lacking(name: str, row: Mapping[str, Any]) -> str:
    """Returns the name of a class, and how often it was named all the same."""
    said = row.get("predicted")
    return f"{_short(name)} (named in {said:g} steps)" if said else _short(name)


def _short(name: str) -> str:
    return name if len(name) <= MOST_LETTERS else f"{name[: MOST_LETTERS - 3]}..."

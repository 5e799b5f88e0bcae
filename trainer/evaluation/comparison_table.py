"""A comparison as a table on the terminal."""

from collections.abc import Iterator, Sequence

from preprocessing.terminal.table import aligned
from trainer.metrics import HEADLINES
from trainer.report.comparison_page import Comparison, _shown


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Yields the table of a comparison, line by line."""
    runs, task = comparison["runs"], comparison["task"]
    yield (
        f"{comparison['split']}: {comparison['sequences']} sequences, "
        f"{comparison['steps']} labelled steps"
    )
    yield from _indented(
        [
            ["", *(run["name"] for run in runs)],
            *(
                [name, *(_figure(run["metrics"][name]) for run in runs)]
                for name in HEADLINES[task]
                if any(run["metrics"][name] is not None for run in runs)
            ),
        ]
    )
    yield ""
    options = comparison["options"]
    yield "options that differ" if options else "their options are the same"
    yield from _indented([[name, *map(_shown, found)] for name, found in options.items()])
    drawn = comparison["bootstrap"]
    between = (
        f", and where {100 * drawn['level']:g} % of {drawn['samples']} draws of the sequences lie"
    )
    for run in runs[1:]:
        yield ""
        yield f"{run['name']} minus {runs[0]['name']}{between if drawn['samples'] else ''}"
        yield from _indented(
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


def _indented(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yields lines of which the columns stand below each other, the first to the left."""
    for line in aligned(rows):
        yield f"  {line}"


def _figure(value: float | None, sign: str = "") -> str:
    if value is None:
        return "-"
    near = abs(value) < 1000
    return format(value, f"{sign}.4f" if near else f"{sign}.3e")


def _interval(edges: Sequence[float] | None) -> str:
    return f"[{_figure(edges[0], '+')}, {_figure(edges[1], '+')}]" if edges else ""

"""A comparison as a table on the terminal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from preprocessing.terminal.table import aligned
from trainer.evaluation.figure_text import figure_text
from trainer.metrics import ANSWERED, HEADLINES
from trainer.predictions.reader import DECODED
from trainer.report.comparison_page import Comparison, _shown


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Yields the table of a comparison, line by line."""
    runs, task = comparison["runs"], comparison["task"]
    yield from _about(comparison)
    options = comparison["options"]
    yield "options that differ" if options else "their options are the same"
    yield from _indented([[name, *map(_shown, found)] for name, found in options.items()])
    yield ""
    yield from _indented(
        [
            ["", *(run["name"] for run in runs)],
            *_figures(runs, HEADLINES[task]),
            *_figures([run["decoded"] for run in runs], ANSWERED[task], f"{DECODED} "),
        ]
    )
    decoders = {run["decoder"] for run in runs}
    if len(decoders) == 1 and any(run["decoded"] for run in runs):
        yield f"  decoded by {decoders.pop()}"
    if trained := [f"{run['trainings']} of {run['name']}" for run in runs if run["seeds"]]:
        yield f"  means and deviations over seeds: {', '.join(trained)}"
    for run in runs[1:]:
        yield ""
        yield from _differences(comparison, run)
    yield ""
    yield _what_seeds_do(runs, comparison["enough"])


def _figures(
    sides: Sequence[Mapping[str, Any] | None], names: Iterable[str], what: str = ""
) -> Iterator[list[str]]:
    """Yields a row for each figure that a run has; none of what is not told.

    Args:
        sides: the figures of each run.
        names: the figures.
        what: what stands before their names.
    """
    told = [side for side in sides if side]
    for name in names:
        if any(side["metrics"][name] is not None for side in told):
            yield [f"{what}{name}", *(_of_run(side, name) for side in told)]


def _about(comparison: Comparison) -> Iterator[str]:
    """Yields lines about what the runs were compared on."""
    about = f"{comparison['split']}: {comparison['sequences']} sequences"
    if comparison["seconds"] is None:
        yield f"{about}, {comparison['steps']} labelled steps"
        return
    yield f"{about}, {comparison['seconds']:.1f} labelled seconds"
    yield "their steps differ: an answer holds until the next, figures are shares of time"


def _differences(comparison: Comparison, run: Mapping[str, Any]) -> Iterator[str]:
    """Yields lines about a run and the first one."""
    drawn = comparison["bootstrap"]
    yield f"{run['name']} minus {comparison['runs'][0]['name']}"
    told = dict(run["difference"])
    if run["decoded"]:
        told |= {f"{DECODED} {name}": row for name, row in run["decoded"]["difference"].items()}
    found = {name: row for name, row in told.items() if row["value"] is not None}
    units = f"{drawn['groups']} groups" if "groups" in drawn else "sequences"
    over = [
        f"over {units}" if any(row["interval"] for row in found.values()) else "",
        "over seeds" if any(row["seeds"] for row in found.values()) else "",
    ]
    rows = [
        [
            name,
            figure_text(row["value"], "+") + ("*" if row["sure"] else " "),
            _interval(row["interval"]),
            _interval(row["seeds"]),
        ]
        for name, row in found.items()
    ]
    yield from _indented([["", "", *over], *rows] if any(over) else rows)
    by = comparison["compared_by"]
    yield f"  by {by}, {_outcomes(run['sequences'])}"
    if run["decoded"]:
        yield f"  by {DECODED} {by}, {_outcomes(run['decoded']['sequences'])}"
    if drawn["samples"]:
        share = f"{100 * drawn['level']:g} %"
        yield f"  [ ] {share} intervals, over {units} by {drawn['samples']} draws of them"


def _outcomes(counts: Mapping[str, int]) -> str:
    return (
        f"better in {counts['better']}, worse in {counts['worse']}, equal in {counts['equal']} "
        "sequences"
    )


def _what_seeds_do(runs: Sequence[Mapping[str, Any]], enough: bool) -> str:
    """Returns a line about the chance in training."""
    several = all(run["trainings"] > 1 for run in runs)
    if several and not enough:
        return "too few were drawn to be sure of others, so that no difference is marked"
    if several:
        return "* both intervals leave out 0: hardly turned round by other sequences or seeds"
    alone = [run["name"] for run in runs if run["trainings"] == 1]
    who = "one seed each" if len(alone) == len(runs) else f"one seed of {', '.join(alone)}"
    if any(run["folds"] for run in runs):
        return f"{who}: seeds alone may make such a difference (try --seed 1 --split-seed 0)"
    return f"{who}: seeds alone may make such a difference (see train --repeats)"


def _indented(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yields lines of which the columns stand below each other, the first to the left."""
    for line in aligned(rows):
        yield f"  {line}"


def _of_run(run: Mapping[str, Any], name: str) -> str:
    """Returns a figure of a run, with its deviation over seeds."""
    shown = figure_text(run["metrics"][name])
    spread = run["seeds"][name]["sd"] if run["seeds"] else None
    return shown if spread is None else f"{shown} sd {figure_text(spread)}"


def _interval(edges: Sequence[float] | None) -> str:
    return f"[{figure_text(edges[0], '+')}, {figure_text(edges[1], '+')}]" if edges else ""

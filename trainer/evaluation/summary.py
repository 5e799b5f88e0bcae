"""An evaluation in a few lines, for the terminal."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from trainer.decoded.facts import NONE, decoder_text
from trainer.evaluation.drawn_groups import few_groups
from trainer.evaluation.figure_text import figure_text
from trainer.metrics import ANSWERED, HEADLINES


def summary(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yields the headlines of a task, a line each, and what to compare them with."""
    for name in HEADLINES[metrics["task"]]:
        yield from _headline(metrics, name)
        if spread := metrics.get(f"{name}_per_sequence"):
            mean, deviation = figure_text(spread["mean"]), figure_text(spread["sd"])
            yield f"  per video  {mean} (sd {deviation})"
        if name == "accuracy":
            yield _baseline(metrics)
    yield from _in_time(metrics)
    yield from _decoded(metrics)
    if any(metrics.get("intervals", {}).values()):
        drawn = metrics["bootstrap"]
        units = f"{drawn['groups']} groups" if "groups" in drawn else "sequences"
        share = f"{100 * drawn['level']:g} % interval over {units}"
        alone = "" if metrics.get("seeds") else "; other seeds are not in it"
        yield f"  [ ]        {share}, by {drawn['samples']} draws of them{alone}"
    yield from (f"  {line}" for line in few_groups(metrics.get("bootstrap", {})))
    if seen := metrics.get("seen"):
        yield f"  not held out: {len(seen)} of {metrics['sequences']} sequences were trained on"


def _headline(figures: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yields the line of a figure, if it is known."""
    if figures[name] is not None:
        interval = figures.get("intervals", {}).get(name)
        seeds = _over_seeds(figures, name)
        yield f"  {name:<9}  {figure_text(figures[name])}{_between(interval)}{seeds}"


def _decoded(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yields the same headlines of decoded answers, under a line that says by what."""
    decoder = metrics.get("decoder")
    if decoder and decoder["kind"] == NONE:
        yield "  decoder    none: on validation, raw answers were as good as any that were decoded"
    if decoded := metrics.get("decoded"):
        yield f"  decoded by {decoder_text(decoder)}:"
        for name in ANSWERED[metrics["task"]]:
            yield from (f"  {line}" for line in _headline(decoded, name))
        yield from (f"  {line}" for line in _in_time(decoded))


def _between(interval: Sequence[float] | None) -> str:
    return f"  [{figure_text(interval[0])}, {figure_text(interval[1])}]" if interval else ""


def _over_seeds(metrics: Mapping[str, Any], name: str) -> str:
    """Returns how far seeds differ, where the figure is a mean over several."""
    if "seeds" not in metrics:
        return ""
    known = [value for value in metrics["seeds"][name]["values"] if value is not None]
    return f"  sd {figure_text(metrics['seeds'][name]['sd'])} over {len(known)} seeds"


def _in_time(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yields lines about answers near changes."""
    if (delay := metrics.get("delay")) and delay["changes"]:
        found = f"{_count(delay['noticed'])} of {_count(delay['changes'])} changes noticed"
        if delay["noticed"]:
            found += f", half within {delay['median']:g} s, nine tenths within {delay['p90']:g} s"
            if behind := metrics.get("behind"):
                found += f", beside the {behind:g} s that answers come late"
        yield f"  delay      {found}"
    if relaxed := metrics.get("relaxed"):
        names = ("accuracy", "precision", "recall", "f1", "jaccard")
        values = {name: relaxed[name] for name in names if relaxed[name] is not None}
        known = [f"{name} {figure_text(value)}" for name, value in values.items()]
        bugs = ", as the published script" if relaxed["bug_compatible"] else ""
        yield f"  relaxed    by {relaxed['seconds']:g} s{bugs}: {', '.join(known)}"


def _count(value: float) -> str:
    """Formats a number of things, or its mean over seeds."""
    return str(value) if isinstance(value, int) else f"{value:.1f}"


def _baseline(metrics: Mapping[str, Any]) -> str:
    """Returns a line with the score of a guess that ignores the input."""
    if metrics["task"] == "multilabel":
        return f"  naming no class would be right in {metrics['without_class']:.4f}"
    largest = metrics["largest_class"]
    return f"  always {largest['name']!r} would be right in {largest['share']:.4f}"

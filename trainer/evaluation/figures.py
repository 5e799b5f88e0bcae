"""The figures of each side of a comparison: means over its seeds, and in draws of the sequences."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainer.evaluation.measures import Measures
from trainer.evaluation.scoring import tallied
from trainer.evaluation.sides import Side
from trainer.metrics import ANSWERED, HEADLINES, Bootstrap
from trainer.metrics.intervals import Drawn
from trainer.metrics.joined_tallies import MeanTallies, group_tallies
from trainer.metrics.seeds import over_seeds
from trainer.metrics.spread import mean
from trainer.metrics.tallies import Tallies
from trainer.predictions.reader import RAW, Answers

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class SideFigures:
    """The figures of one side.

    Attributes:
        names: the headlines that it may have.
        steps: the labelled steps, or what they count for.
        units: the sequences, or groups, that are drawn.
        metrics: its headlines, means over seeds.
        seeds: of each, ``mean``, ``sd`` and ``values`` over seeds.
        drawn: of those that can be drawn, the means over seeds in all draws.
        per_sequence: a row for each sequence, with means over seeds.
    """

    names: Mapping[str, str]
    steps: int
    units: int
    metrics: Mapping[str, float | None]
    seeds: Mapping[str, Any]
    drawn: Mapping[str, Drawn]
    per_sequence: Rows

    @property
    def trainings(self) -> int:
        """The number of seeds."""
        return max(len(found["values"]) for found in self.seeds.values())


def figures_of(
    sides: Sequence[Side],
    files: Sequence[Sequence[Answers]],
    measures: Measures,
    bootstrap: Bootstrap,
    groups: Mapping[str, str],
    decoded: bool = False,
) -> list[SideFigures]:
    """Computes the figures of all sides, in the same draws.

    Args:
        sides: the sides.
        files: the answers of each side's seeds.
        measures: how to measure.
        bootstrap: the draws.
        groups: the group of each sequence, of which whole ones are drawn; none to draw sequences.
        decoded: True for the figures of decoded answers; those without stand for themselves.
    """
    names = (ANSWERED if decoded else HEADLINES)[files[0][0].task]
    scored = [
        [tallied(one, side.segmental, measures, one.said if decoded else RAW) for one in own]
        for side, own in zip(sides, files, strict=True)
    ]
    tallies: list[Tallies] = [MeanTallies([tallies for _, tallies in own]) for own in scored]
    if groups:
        tallies = [group_tallies(own, scored[0][0][0], groups) for own in tallies]
    return [
        _figures(names, [metrics for metrics, _ in own], len(tallies[0]), drawn)
        for own, drawn in zip(scored, bootstrap.figures(tallies), strict=True)
    ]


def _figures(
    names: Mapping[str, str],
    several: Sequence[Mapping[str, Any]],
    units: int,
    drawn: Mapping[str, Drawn],
) -> SideFigures:
    seeds = over_seeds(several, names)
    return SideFigures(
        names,
        several[0]["steps"],
        units,
        {name: found["mean"] for name, found in seeds.items()},
        seeds,
        drawn,
        [_mean_row(rows) for rows in zip(*(one["per_sequence"] for one in several), strict=True)],
    )


def _mean_row(rows: Rows) -> dict[str, Any]:
    """Averages the scores of a sequence over seeds."""
    scores = {name for name in rows[0] if name not in ("sequence_id", "steps")}
    return {**rows[0], **{name: mean(row[name] for row in rows) for name in scores}}

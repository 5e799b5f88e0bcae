"""The figures of each side of a comparison, and their differences from those of the first."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from trainer.evaluation.figures import SideFigures
from trainer.metrics import Bootstrap
from trainer.metrics.bootstrap import ENOUGH_UNITS
from trainer.metrics.seeds import leaves_out_zero, welch_interval
from trainer.predictions.common_clock import TICKS

# What is told of each sequence, and whether more of it is better.
PER_SEQUENCE = {"classification": "accuracy", "multilabel": "accuracy", "regression": "mae"}
LESS_IS_BETTER = {"mae", "rmse"}


def told_figures(
    sides: Sequence[SideFigures], bootstrap: Bootstrap, rows: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yields what is told of each side.

    Args:
        sides: the figures of each.
        bootstrap: the draws.
        rows: of each sequence, see ``sequence_rows``.
    """
    first = sides[0]
    for number, own in enumerate(sides):
        difference = {name: _difference(name, own, first, bootstrap) for name in own.names}
        yield {
            "metrics": own.metrics,
            "intervals": {name: bootstrap.interval(own.drawn.get(name)) for name in own.names},
            "seeds": own.seeds if own.trainings > 1 else None,
            "difference": difference if number else None,
            "sequences": _outcomes(rows, number) if number else None,
        }


def sequence_rows(
    name: str, sides: Sequence[SideFigures], in_time: bool
) -> Iterator[dict[str, Any]]:
    """Yields a row for each labelled sequence; ``gains`` are positive where a side is better.

    Args:
        name: the figure that sequences are compared by.
        sides: the figures of each side.
        in_time: True if figures are shares of time.
    """
    sign = -1 if name in LESS_IS_BETTER else 1
    for rows in zip(*(side.per_sequence for side in sides), strict=True):
        if rows[0]["steps"]:
            scores = [row[name] for row in rows]
            yield {
                "sequence_id": rows[0]["sequence_id"],
                **amount(rows[0]["steps"], in_time),
                "scores": scores,
                "gains": [sign * (score - scores[0]) for score in scores],
            }


def amount(counted: int, in_time: bool) -> dict[str, float | None]:
    """Returns how much is labelled: steps, or seconds where steps are no common measure.

    Args:
        counted: steps, or microseconds.
        in_time: True for microseconds.
    """
    if in_time:
        return {"steps": None, "seconds": counted / TICKS}
    return {"steps": counted, "seconds": None}


def _difference(
    name: str, own: SideFigures, first: SideFigures, bootstrap: Bootstrap
) -> dict[str, Any]:
    """Returns a difference, and whether chance may have made it."""
    value, interval = None, None
    if (one := first.metrics[name]) is not None and (other := own.metrics[name]) is not None:
        value = other - one
    if name in own.drawn and name in first.drawn:
        interval = bootstrap.interval(own.drawn[name] - first.drawn[name])
    seeds = welch_interval(first.seeds[name]["values"], own.seeds[name]["values"], bootstrap.level)
    enough = own.units >= ENOUGH_UNITS
    sure = enough and leaves_out_zero(interval) and leaves_out_zero(seeds)
    return {"value": value, "interval": interval, "seeds": seeds, "sure": sure}


def _outcomes(rows: Sequence[Mapping[str, Any]], number: int) -> dict[str, int]:
    """Counts the sequences in which a side is better than the first, worse, or equal."""
    gains = np.array([row["gains"][number] for row in rows])
    counts = {"better": gains > 0, "worse": gains < 0, "equal": gains == 0}
    return {name: int(found.sum()) for name, found in counts.items()}

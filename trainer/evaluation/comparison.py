"""Runs side by side on the same sequences: their differences, and how certain these are."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from preprocessing.errors import InputError
from preprocessing.files.outputs import require_folder
from preprocessing.files.whole_file import write_whole
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.console import say
from preprocessing.terminal.exit_codes import DONE
from preprocessing.terminal.streams import require_heard
from trainer.evaluation.alike import (
    common_sequences,
    require_same_question,
    require_same_truth,
    require_same_truth_in_time,
    same_clock,
)
from trainer.evaluation.compare_options import CompareConfig
from trainer.evaluation.comparison_table import comparison_lines
from trainer.evaluation.figures import SideFigures, figures_of
from trainer.evaluation.sides import (
    Side,
    differing_options,
    groups_of,
    read_sides,
    require_up_to_date,
)
from trainer.metrics import HEADLINES, Bootstrap
from trainer.metrics.bootstrap import ENOUGH_UNITS
from trainer.metrics.seeds import leaves_out_zero, welch_interval
from trainer.predictions.common_clock import TICKS, CommonClock
from trainer.predictions.reader import Answers, open_answers
from trainer.report.comparison_page import write_comparison
from trainer.report.footage import footage

# What is told of each sequence, and whether more of it is better.
PER_SEQUENCE = {"classification": "accuracy", "multilabel": "accuracy", "regression": "mae"}
LESS_IS_BETTER = {"mae", "rmse"}


def run_compare(config: CompareConfig) -> int:
    """Runs the command ``compare``; see ``CompareConfig``."""
    comparison = compare(config)
    say(*comparison_lines(comparison))
    if config.out:
        say(f"report: {config.out / 'comparison.html'}")
    else:
        say("--out FOLDER writes a page with ribbons of all")
        require_heard()
    return DONE


def compare(config: CompareConfig) -> dict[str, Any]:
    """Compares runs; writes comparison.html and comparison.json where a folder is given.

    Returns:
        What comparison.json holds.

    Raises:
        InputError: a run was not evaluated, or not since it was trained further, or they were not
            evaluated on the same labels.
    """
    if config.out:
        require_folder("--out", config.out, "comparison.html")
    sides = read_sides(config)
    with ExitStack() as stack:
        files = [
            [stack.enter_context(open_answers(path)) for path in side.predictions] for side in sides
        ]
        for side, own in zip(sides, files, strict=True):
            require_up_to_date(side, own, config.split)
        files, left_out = _on_common_steps(sides, files)
        comparison = {**_compared(config, sides, files), "left_out": left_out}
        if config.out:
            write_whole(config.out / "comparison.json", json.dumps(comparison, indent=1) + "\n")
            answers = {side.name: own[0] for side, own in zip(sides, files, strict=True)}
            videos = footage(_infos(sides[0], comparison))
            write_comparison(config.out / "comparison.html", comparison, answers, videos)
    return comparison


def _on_common_steps(
    sides: Sequence[Side], files: Sequence[Sequence[Answers]]
) -> tuple[list[list[Answers]], list[str]]:
    """Returns the answers to the same steps of the same sequences, and what is left out."""
    flat = [one for own in files for one in own]
    whose = [side for side, own in zip(sides, files, strict=True) for _ in own]
    require_same_question(whose, flat)
    ids, left_out = common_sequences(whose, flat)
    flat = [replace(one, ids=ids) for one in flat]
    if not sides[0].segmental or same_clock(flat, ids):
        require_same_truth(whose, flat, ids)
    else:
        clock = CommonClock(flat)
        require_same_truth_in_time(whose, clock, ids)
        flat = list(clock.answers())
    left = iter(flat)
    return [[next(left) for _ in own] for own in files], left_out


def _infos(side: Side, comparison: Mapping[str, Any]) -> Iterator[SequenceInfo]:
    """Yields the sequences that a run's store still has."""
    store = Path(side.config.store)
    if not store.is_dir():
        return
    features = FeatureStore(store)
    for row in comparison["per_sequence"]:
        with suppress(InputError):
            yield features.info(row["sequence_id"])


def _compared(
    config: CompareConfig, sides: Sequence[Side], files: Sequence[Sequence[Answers]]
) -> dict[str, Any]:
    measures, first = config.measures, files[0][0]
    bootstrap = Bootstrap(measures.bootstrap)
    groups = groups_of(sides, first.ids)
    found = figures_of(sides, files, measures, bootstrap, groups)
    in_time = bool(first.counted_by)
    rows = list(_sequence_rows(PER_SEQUENCE[first.task], found, in_time))
    return {
        "split": config.split,
        "task": first.task,
        "classes": first.classes,
        "horizon": first.ahead,
        "sequences": len(first.ids),
        **_amount(found[0].steps, in_time),
        "ignored_classes": list(measures.ignored),
        "compared_by": PER_SEQUENCE[first.task],
        "bootstrap": {**bootstrap.facts(), **({"groups": found[0].units} if groups else {})},
        "enough": found[0].units >= ENOUGH_UNITS,
        "options": differing_options(sides),
        "runs": [
            _run(side, own, found[0], bootstrap, _outcomes(rows, number) if number else None)
            for number, (side, own) in enumerate(zip(sides, found, strict=True))
        ],
        "per_sequence": sorted(rows, key=_worst),
    }


def _amount(counted: int, in_time: bool) -> dict[str, float | None]:
    """Returns how much is labelled: steps, or seconds where steps are no common measure."""
    if in_time:
        return {"steps": None, "seconds": counted / TICKS}
    return {"steps": counted, "seconds": None}


def _run(
    side: Side,
    own: SideFigures,
    first: SideFigures,
    bootstrap: Bootstrap,
    outcomes: Mapping[str, int] | None,
) -> dict[str, Any]:
    """Returns what is told of a run.

    Args:
        side: the run.
        own: its figures.
        first: those of the run that it is compared with.
        bootstrap: the draws.
        outcomes: in how many sequences it is better, worse, and equal; None for the first run.
    """
    names = HEADLINES[own.task]
    return {
        "name": side.name,
        "run": str(side.path),
        "feed": side.feed,
        "trainings": len(side.predictions),
        "folds": len(side.runs) if side.folds else 0,
        "metrics": own.metrics,
        "intervals": {name: bootstrap.interval(own.drawn.get(name)) for name in names},
        "seeds": own.seeds if len(side.predictions) > 1 else None,
        "difference": (
            {name: _difference(name, own, first, bootstrap) for name in names} if outcomes else None
        ),
        "sequences": outcomes,
    }


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


def _sequence_rows(
    name: str, sides: Sequence[SideFigures], in_time: bool
) -> Iterator[dict[str, Any]]:
    """Yields a row for each labelled sequence; ``gains`` are positive where a run is better."""
    sign = -1 if name in LESS_IS_BETTER else 1
    for rows in zip(*(side.per_sequence for side in sides), strict=True):
        if rows[0]["steps"]:
            scores = [row[name] for row in rows]
            yield {
                "sequence_id": rows[0]["sequence_id"],
                **_amount(rows[0]["steps"], in_time),
                "scores": scores,
                "gains": [sign * (score - scores[0]) for score in scores],
            }


def _worst(row: Mapping[str, Any]) -> float:
    return float(min(row["gains"][1:]))


def _outcomes(rows: Sequence[Mapping[str, Any]], number: int) -> dict[str, int]:
    """Counts the sequences in which a run is better than the first, worse, or equal."""
    gains = np.array([row["gains"][number] for row in rows])
    counts = {"better": gains > 0, "worse": gains < 0, "equal": gains == 0}
    return {name: int(found.sum()) for name, found in counts.items()}

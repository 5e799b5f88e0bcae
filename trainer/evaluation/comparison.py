"""Runs side by side on the same sequences: their differences, and how certain these are."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from trainer.evaluation.differences import PER_SEQUENCE, amount, sequence_rows, told_figures
from trainer.evaluation.figures import Rows, SideFigures, figures_of
from trainer.evaluation.sides import (
    Side,
    differing_options,
    groups_of,
    read_sides,
    require_up_to_date,
)
from trainer.metrics import Bootstrap
from trainer.metrics.bootstrap import ENOUGH_UNITS
from trainer.predictions.common_clock import CommonClock
from trainer.predictions.reader import Answers, open_answers
from trainer.report.comparison_page import write_comparison
from trainer.report.footage import footage


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
    by, in_time = PER_SEQUENCE[first.task], bool(first.counted_by)

    def told(decoded: bool) -> tuple[list[SideFigures], Rows, list[dict[str, Any]]]:
        found = figures_of(sides, files, measures, bootstrap, groups, decoded)
        rows = list(sequence_rows(by, found, in_time))
        return found, rows, list(told_figures(found, bootstrap, rows))

    found, rows, raw = told(decoded=False)
    nothing: list[dict[str, Any] | None] = [None] * len(sides)
    any_decoded = any(one.decoded for own in files for one in own)
    decoded = told(decoded=True)[2] if any_decoded else nothing
    return {
        "split": config.split,
        "task": first.task,
        "classes": first.classes,
        "horizon": first.ahead,
        "sequences": len(first.ids),
        **amount(found[0].steps, in_time),
        "ignored_classes": list(measures.ignored),
        "compared_by": by,
        "bootstrap": {**bootstrap.facts(), **({"groups": found[0].units} if groups else {})},
        "enough": found[0].units >= ENOUGH_UNITS,
        "options": differing_options(sides),
        "runs": [
            {**_about(side), **figures, "decoded": also}
            for side, figures, also in zip(sides, raw, decoded, strict=True)
        ],
        "per_sequence": sorted(rows, key=_worst),
    }


def _about(side: Side) -> dict[str, Any]:
    """Returns what a run is, but for its figures."""
    return {
        "name": side.name,
        "run": str(side.path),
        "feed": side.feed,
        "trainings": len(side.predictions),
        "folds": len(side.runs) if side.folds else 0,
        "decoder": side.decoder,
    }


def _worst(row: Mapping[str, Any]) -> float:
    return float(min(row["gains"][1:]))

"""The evaluation of a cross-validation: one result over all sequences that its folds held out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from preprocessing.errors import InputError
from preprocessing.files.whole_file import write_whole
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.table import aligned
from trainer.annotations.files import write_answers
from trainer.bouts.tables import BOUTS, SUMMARY, has_bouts, write_bouts
from trainer.decoded.facts import joined_decoder
from trainer.evaluation.decoded_figures import all_decoded
from trainer.evaluation.drawn_groups import drawn_groups
from trainer.evaluation.figure_text import figure_text
from trainer.evaluation.options import EvaluateConfig
from trainer.evaluation.pooling import pool_answers, pooled_weights
from trainer.evaluation.scoring import score
from trainer.metrics import ANSWERED, HEADLINES
from trainer.metrics.spread import spread
from trainer.predictions.reader import open_answers
from trainer.report.evaluation_page import write_folds_report
from trainer.run.folder import Run
from trainer.run.members import FOLDS, GROUPS, SPLITS, run_names

# What a line of the terminal has room for, and how many lines it has.
SHOWN = {"accuracy", "f1", "map", "edit", "f1@50", "mae", "rmse", "r2"}
MOST_LINES = 40


def require_held_out(config: EvaluateConfig) -> None:
    """Checks that a cross-validation is asked for what each fold held out.

    Raises:
        InputError: it is asked for another split.
    """
    if config.split != "test":
        raise InputError(
            f"--split {config.split}: {config.run} is a cross-validation, in which each sequence "
            "is held out by one fold; leave --split out, or evaluate one of its folds"
        )


def join_folds(
    config: EvaluateConfig, runs: Sequence[Path], results: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Joins the evaluations of all folds: writes predictions, metrics and report of the whole.

    Args:
        config: the options; ``run`` is the folder of all folds.
        runs: the run of each fold.
        results: what the metrics.json of each holds.

    Returns:
        What the metrics.json of the whole holds.
    """
    out = Run(config.run).evaluation_path(config.split)
    predictions = out / "predictions.h5"
    parts = {run.name: Run(run).evaluation_path(config.split) / "predictions.h5" for run in runs}
    pool_answers(parts, predictions, pooled_weights(runs))
    segmental = Run(runs[0]).layout.outputs == "frame"
    groups = _groups(config.run, predictions)
    pooled = score(predictions, segmental, config.measures, groups)
    told = {name: results[0][name] for name in ("split", "inputs", "feed")}
    seen = sorted({name for result in results for name in result["seen"]})
    decoded = all_decoded(results)
    rows = list(map(_row, runs, results, decoded))
    decoders = {run.name: result["decoder"] for run, result in zip(runs, results, strict=True)}
    metrics = {
        **told,
        "seen": seen,
        "decoder": joined_decoder(decoders, "folds"),
        **_coverage(rows, results),
        **_missing(config.run, runs),
        **pooled,
        "folds": rows,
        "over_folds": {
            name: spread(row[name] for row in rows) for name in HEADLINES[pooled["task"]]
        },
    }
    if pooled["decoded"]:
        over = {
            name: spread(row["decoded"][name] for row in rows) for name in ANSWERED[pooled["task"]]
        }
        metrics["decoded"] = {**pooled["decoded"], "over_folds": over}
    write_whole(out / "metrics.json", json.dumps(metrics, indent=1) + "\n")
    _show(config, runs, metrics)
    return metrics


def _show(config: EvaluateConfig, runs: Sequence[Path], metrics: Mapping[str, Any]) -> None:
    """Writes what people read of the whole: the tables of bouts, and the report.

    Args:
        config: the options; ``run`` is the folder of all folds.
        runs: the run of each fold.
        metrics: what the metrics.json of the whole holds.
    """
    out = Run(config.run).evaluation_path(config.split)
    predictions, first = out / "predictions.h5", Run(runs[0])
    infos = list(_infos(config, first, metrics))
    if has_bouts(metrics["task"], first.layout.outputs):
        write_bouts(predictions, out / BOUTS, out / SUMMARY, infos, config.bins)
    store = FeatureStore(config.store or first.config.store)
    write_answers(config.write, predictions, infos, store)
    named = {run.name: Run(run) for run in runs}
    name = config.run.resolve().name
    write_folds_report(out / "report.html", name, named, metrics, predictions, infos)


def fold_lines(metrics: Mapping[str, Any]) -> Iterator[str]:
    """Yields a table with a line for each fold, and another of what is decoded."""
    rows = metrics["folds"]
    yield from _table("fold", metrics, metrics, rows)
    if decoded := metrics.get("decoded"):
        yield from _table("decoded", metrics, decoded, rows, [row["decoded"] for row in rows])


def _table(
    head: str,
    metrics: Mapping[str, Any],
    figures: Mapping[str, Any],
    rows: Sequence[Mapping[str, Any]],
    scores: Sequence[Mapping[str, Any]] | None = None,
) -> Iterator[str]:
    """Yields a table of folds.

    Args:
        head: what its first column is called.
        metrics: the content of metrics.json.
        figures: the part of it that is shown.
        rows: the folds.
        scores: the figures of each fold; None if they stand in its row.
    """
    names = [name for name in HEADLINES[metrics["task"]] if figures.get(name) is not None]
    shown = [name for name in names if name in SHOWN]
    cells = [
        [
            *(row["name"], str(row["sequences"]), str(row["steps"])),
            *(figure_text(score[name]) for name in shown),
        ]
        for row, score in zip(rows[:MOST_LINES], (scores or rows)[:MOST_LINES], strict=True)
    ]
    for what in ("mean", "sd"):
        over = (figures["over_folds"][name][what] for name in shown)
        cells.append([f"{what} over folds", "", "", *map(figure_text, over)])
    yield from (f"  {line}" for line in aligned([[head, "sequences", "steps", *shown], *cells]))
    if (more := len(rows) - MOST_LINES) > 0:
        yield f"  and {more} more folds in metrics.json"


def _row(run: Path, result: Mapping[str, Any], decoded: Mapping[str, Any] | None) -> dict[str, Any]:
    names = ("sequences", "steps", *HEADLINES[result["task"]])
    row = {"name": run.name, **{name: result[name] for name in names}, "decoded": None}
    if decoded:
        row["decoded"] = {name: decoded[name] for name in ANSWERED[result["task"]]}
    return row


def _coverage(
    rows: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Returns the labelled share of the time of all folds, and the remark on the worst of them."""
    shares = [result["labelled_share"] for result in results]
    if not all(shares):
        return {"labelled_share": None, "remarks": []}
    steps = [row["steps"] for row in rows]
    whole = sum(count / share for count, share in zip(steps, shares, strict=True))
    worst = min(range(len(rows)), key=lambda number: shares[number])
    remarks = [f"fold {rows[worst]['name']}: {said}" for said in results[worst]["remarks"]]
    return {"labelled_share": sum(steps) / whole, "remarks": remarks}


def _missing(path: Path, runs: Sequence[Path]) -> dict[str, Any]:
    """Returns the folds that have no model, whose test is in no figure."""
    found = sorted(set(run_names(path / FOLDS, SPLITS)) - {run.name for run in runs})
    return {"missing_folds": found}


def _groups(run: Path, predictions: Path) -> dict[str, str] | None:
    """Returns the group of each sequence; None where they have none."""
    with open_answers(predictions) as answers:
        return drawn_groups(str(run / GROUPS) if (run / GROUPS).is_file() else None, answers.ids)


def _infos(config: EvaluateConfig, run: Run, metrics: Mapping[str, Any]) -> Iterator[SequenceInfo]:
    """Yields the sequences that the store still has."""
    store = FeatureStore(config.store or run.config.store)
    for row in metrics["per_sequence"]:
        with suppress(InputError):
            yield store.info(row["sequence_id"])

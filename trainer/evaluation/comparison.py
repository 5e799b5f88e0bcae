"""Runs side by side on the same sequences: their differences, and how certain these are."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from preprocessing.errors import InputError
from preprocessing.files.outputs import require_folder
from preprocessing.files.text_files import read_json
from preprocessing.files.whole_file import write_whole
from preprocessing.store.feature_store import FeatureStore
from preprocessing.store.sequence_info import SequenceInfo
from preprocessing.terminal.console import note, say
from preprocessing.terminal.exit_codes import DONE
from preprocessing.terminal.streams import require_heard
from trainer.config import TrainConfig
from trainer.evaluation.compare_options import CompareConfig
from trainer.evaluation.comparison_table import comparison_lines
from trainer.evaluation.scoring import tallied
from trainer.metrics import HEADLINES, Bootstrap
from trainer.metrics.relaxed import ROUNDING_SECONDS
from trainer.predictions.reader import Answers, open_answers
from trainer.report.comparison_page import write_comparison
from trainer.report.footage import footage
from trainer.report.page import option, value_text
from trainer.run.folder import load_run

# What is told of each sequence, and whether more of it is better.
PER_SEQUENCE = {"classification": "accuracy", "multilabel": "accuracy", "regression": "mae"}
LESS_IS_BETTER = {"mae", "rmse"}


@dataclass(frozen=True)
class Side:
    """A run that is compared.

    Attributes:
        name: the name of its folder, or its whole path where another folder has the same name.
        run: its folder.
        config: its training options.
        predictions: its ``predictions.h5``.
        feed: the past labels that were its inputs: ``predictions`` or ``truth``; None if none were.
    """

    name: str
    run: Path
    config: TrainConfig
    predictions: Path
    feed: str | None

    @property
    def segmental(self) -> bool:
        """True if the run answers each step."""
        return self.config.outputs == "frame"


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
    sides = _sides(config)
    with ExitStack() as stack:
        files = [stack.enter_context(open_answers(side.predictions)) for side in sides]
        for side, answers in zip(sides, files, strict=True):
            _require_up_to_date(side, answers, config.split)
        for side, answers in zip(sides[1:], files[1:], strict=True):
            _require_alike(sides[0], files[0], side, answers)
        comparison = _compared(config, sides, files)
    if config.out:
        write_whole(config.out / "comparison.json", json.dumps(comparison, indent=1) + "\n")
        paths = {side.name: side.predictions for side in sides}
        videos = footage(_infos(sides[0], comparison))
        write_comparison(config.out / "comparison.html", comparison, paths, videos)
    return comparison


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
    config: CompareConfig, sides: Sequence[Side], files: Sequence[Answers]
) -> dict[str, Any]:
    measures, task = config.measures, files[0].task
    scored = [
        tallied(answers, side.segmental, measures)
        for side, answers in zip(sides, files, strict=True)
    ]
    metrics = [found for found, _ in scored]
    bootstrap = Bootstrap(measures.bootstrap)
    drawn = bootstrap.figures([tallies for _, tallies in scored])
    rows = list(_sequence_rows(PER_SEQUENCE[task], metrics))
    runs = [
        {
            "name": side.name,
            "run": str(side.run),
            "feed": side.feed,
            "metrics": {name: found[name] for name in HEADLINES[task]},
            "intervals": {name: bootstrap.interval(own.get(name)) for name in HEADLINES[task]},
            "difference": None,
            "sequences": None,
        }
        for side, found, own in zip(sides, metrics, drawn, strict=True)
    ]
    for number, run in enumerate(runs[1:], start=1):
        run["difference"] = {
            name: {
                "value": _minus(metrics[number][name], metrics[0][name]),
                "interval": bootstrap.interval(_minus(drawn[number].get(name), drawn[0].get(name))),
            }
            for name in HEADLINES[task]
        }
        run["sequences"] = _outcomes(rows, number)
    return {
        "split": config.split,
        "task": task,
        "classes": files[0].classes,
        "horizon": files[0].horizon,
        "sequences": len(files[0].ids),
        "steps": metrics[0]["steps"],
        "ignored_classes": list(measures.ignored),
        "compared_by": PER_SEQUENCE[task],
        "bootstrap": bootstrap.facts(),
        "options": _options([side.config for side in sides]),
        "runs": runs,
        "per_sequence": sorted(rows, key=_worst),
    }


def _options(configs: Sequence[TrainConfig]) -> dict[str, list[str]]:
    """Returns the options of ``train`` in which runs differ, with each run's value."""
    values = {
        option(field.name): [value_text(getattr(config, field.name)) for config in configs]
        for field in fields(TrainConfig)
        if field.name != "run"
    }
    return {name: found for name, found in values.items() if len(set(found)) > 1}


def _sequence_rows(name: str, metrics: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yields a row for each labelled sequence; ``gains`` are positive where a run is better."""
    sign = -1 if name in LESS_IS_BETTER else 1
    for rows in zip(*(found["per_sequence"] for found in metrics), strict=True):
        if rows[0]["steps"]:
            scores = [row[name] for row in rows]
            yield {
                "sequence_id": rows[0]["sequence_id"],
                "steps": rows[0]["steps"],
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


def _minus(one: Any, other: Any) -> Any:
    """Subtracts two figures, or those of all draws; None if one is not known."""
    return None if one is None or other is None else one - other


def _sides(config: CompareConfig) -> list[Side]:
    places = [path.resolve() for path in config.runs]
    for path, place in zip(config.runs, places, strict=True):
        if places.count(place) > 1:
            raise InputError(f"{path} is given twice; expected different runs")
    short = [place.name for place in places]
    names = short if len(set(short)) == len(short) else list(map(str, config.runs))
    return [_side(name, path, config.split) for name, path in zip(names, config.runs, strict=True)]


def _side(name: str, path: Path, split: str) -> Side:
    run = load_run(path)
    folder = run.evaluation_path(split)
    predictions, metrics = folder / "predictions.h5", folder / "metrics.json"
    if not (predictions.is_file() and metrics.is_file()):
        raise InputError(
            f"{folder} has no evaluation; run `longtake evaluate {path} --split {split}` first"
        )
    try:
        feed = read_json(metrics, "metrics").get("feed")
    except (InputError, AttributeError):
        raise InputError(f"cannot read {metrics}; evaluate {path} again") from None
    return Side(name, path, run.config, predictions, feed)


def _require_up_to_date(side: Side, answers: Answers, split: str) -> None:
    """Checks that the model of a run is the one that gave its answers.

    Raises:
        InputError: it is not. Of answers that do not say, only the times of files give a hint.
    """
    run = load_run(side.run)
    now = run.weights_digest
    if not now or answers.weights == now:
        return
    again = f"`longtake evaluate {side.run} --split {split}`"
    if answers.weights:
        raise InputError(
            f"{side.run} was trained further since its evaluation, whose answers are of another "
            f"model; run {again} again"
        )
    if run.model_path.stat().st_mtime > side.predictions.stat().st_mtime:
        note(
            f"the model of {side.run} is newer than its evaluation, which does not say of which "
            f"model it is; if it was trained further, run {again} again"
        )


def _require_alike(first: Side, one: Answers, side: Side, other: Answers) -> None:
    """Checks that two files answer the same question about the same steps."""
    for what, found in _differences(first, one, side, other):
        raise InputError(
            f"{first.run} and {side.run} cannot be compared: {what}, {found}; evaluate both on the "
            "same sequences and labels"
        )


def _differences(
    first: Side, one: Answers, side: Side, other: Answers
) -> Iterator[tuple[str, str]]:
    facts = {
        "their tasks differ": (one.task, other.task),
        "their classes differ": (one.classes, other.classes),
        "their horizons differ": (one.horizon, other.horizon),
        "one answers each step": (first.segmental, side.segmental),
    }
    for what, (found, wanted) in facts.items():
        if found != wanted:
            yield what, f"{found} and {wanted}"
    for sequence_id in sorted(set(one.ids) ^ set(other.ids)):
        yield "their sequences differ", f"only one has {sequence_id!r}"
    for sequence_id in one.ids:
        counts = one.steps(sequence_id), other.steps(sequence_id)
        if counts[0] != counts[1]:
            counted = f"{counts[0]} and {counts[1]} (another --fps?)"
            yield f"their steps of {sequence_id!r} differ", counted
            continue
        names = ("true", "timestamps")
        blocks = (answers.blocks(sequence_id, *names) for answers in (one, other))
        for (true, times), (wanted, others) in zip(*blocks, strict=True):
            if not np.array_equal(true, wanted, equal_nan=true.dtype.kind == "f"):
                yield "their true labels differ", f"those of {sequence_id!r}"
            for step in np.flatnonzero(np.abs(times - others) > ROUNDING_SECONDS)[:1]:
                found = f"{times[step]:.3f} s and {others[step]:.3f} s"
                yield f"their timestamps of {sequence_id!r} differ", found

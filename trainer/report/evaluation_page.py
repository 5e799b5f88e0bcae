"""The report of an evaluation, as one HTML file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from preprocessing.store.sequence_info import SequenceInfo
from trainer.metrics import HEADLINES
from trainer.predictions.reader import open_answers
from trainer.report.confusions import worst_confusions
from trainer.report.curves import learning_curves
from trainer.report.footage import Footage, footage
from trainer.report.label_section import label_section
from trainer.report.page import (
    confusion_rows,
    most_confused,
    option,
    render,
    unusual_options,
    value_text,
    worst_columns,
)
from trainer.report.ribbons import class_colours
from trainer.report.strips import (
    class_strips,
    label_set_strips,
    number_strips,
    with_footage,
    worst_first,
)
from trainer.run.folder import Run

# Options that a reader of a report should know of where they are not as usual.
TOLD = ("inputs", "outputs", "horizon", "gradient", "normalize", "stride", "burn_in")


def write_report(
    path: Path,
    run: Run,
    metrics: Mapping[str, Any],
    predictions: Path,
    infos: Iterable[SequenceInfo] = (),
    latency: Mapping[str, float] | None = None,
    remarks: Sequence[str] = (),
) -> None:
    """Writes the report of one run on one split.

    Args:
        path: the HTML file.
        run: the run of the learning curves.
        metrics: the content of metrics.json.
        predictions: the ``predictions.h5`` that they were computed from.
        infos: the sequences, whose videos the report plays.
        latency: ``median_ms``, ``p95_ms`` of one step of one sequence, and how many ``steps`` were
            timed.
        remarks: sentences that a reader of the figures should know.
    """
    task, classes = metrics["task"], metrics["classes"]
    render(
        path,
        f"{task}.html",
        title=f"{run.path.name}: {metrics['split']}",
        metrics=metrics,
        made=_made(run, metrics),
        options=unusual_options(run.config),
        headlines=HEADLINES[task],
        latency=latency,
        remarks=remarks,
        labels=label_section(run.labels_path),
        legend=list(zip(classes, class_colours(classes), strict=True)),
        curves=learning_curves({"": run.history}),
        **_pictures(metrics, predictions, footage(infos)),
    )


def _pictures(
    metrics: Mapping[str, Any], predictions: Path, videos: Mapping[str, Footage]
) -> dict[str, Any]:
    """Returns the pictures that a task's template shows beside the numbers."""
    more: dict[str, Any] = {}
    with open_answers(predictions) as answers:
        if metrics["task"] == "classification":
            strips = class_strips(metrics["classes"], {"predicted": predictions})
            confusions = worst_confusions(answers, metrics["confusion"])
            kept = most_confused(metrics["confusion"])
            more = {
                "confusions": confusions,
                "confusion": confusion_rows(metrics["confusion"], kept),
                "matrix_classes": [metrics["classes"][number] for number in kept],
            }
        elif metrics["task"] == "multilabel":
            strips = label_set_strips(answers)
        else:
            rows = list(metrics["per_column"].values())
            ranges = [(row["true_min"], row["true_max"]) for row in rows]
            strips = number_strips(answers, ranges, worst_columns([row["r2"] for row in rows]))
    strips = worst_first(with_footage(strips, videos))
    places = {strip.sequence_id: (f"s{n}", strip) for n, strip in enumerate(strips, start=1)}
    return {"strips": strips, "places": places, **more}


def _made(run: Run, metrics: Mapping[str, Any]) -> str:
    """Returns a sentence about the training of the model."""
    config, best = run.config, run.progress.best_epoch
    epochs = len(run.history)
    kept = f"epoch {best} of {epochs}, the best on validation" if best else f"the last of {epochs}"
    layers = f"{config.layers} {config.cell} layer(s) of {config.units}"
    defaults = {field.name: field.default for field in fields(config)}
    others = [
        f"{option(name)} {value_text(getattr(config, name))}"
        for name in TOLD
        if getattr(config, name) != defaults[name]
    ]
    return (
        f"Trained on {len(run.splits.train)} sequences with --state {config.state}, chunks of "
        f"{config.chunk_length} steps, {', '.join([config.model or layers, *others])}; kept: "
        f"{kept}.{_fed(metrics)}"
    )


def _fed(metrics: Mapping[str, Any]) -> str:
    """Returns a sentence about the past labels, if they were inputs."""
    if not metrics.get("feed"):
        return ""
    own = metrics["feed"] == "predictions"
    return f" Past labels were {'its own predictions' if own else 'the true ones'}."

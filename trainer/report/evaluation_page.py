"""The report of an evaluation, as one HTML file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from preprocessing.errors import counted
from preprocessing.labels.class_colours import class_colours
from preprocessing.store.sequence_info import SequenceInfo
from trainer.config import TrainConfig
from trainer.metrics import HEADLINES
from trainer.predictions.reader import open_answers
from trainer.report.bout_section import bout_section
from trainer.report.confusions import worst_confusions
from trainer.report.curves import Histories, learning_curves
from trainer.report.footage import footage
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
from trainer.report.strips import (
    class_strips,
    label_set_strips,
    number_strips,
    with_footage,
    worst_first,
)
from trainer.run.folder import Run
from trainer.run.members import is_ensemble, shown_name

# Options that each fold gets from the cross-validation.
OF_A_FOLD = {"--splits", "--group-by"}
# Folds whose learning curves one picture has room for.
MOST_CURVES = 10
# Options that a reader of a report should know of where they are not as usual.
TOLD = ("inputs", "outputs", "horizon", "direction", "gradient", "normalize", "stride", "burn_in")


def write_report(
    path: Path,
    run: Run,
    metrics: Mapping[str, Any],
    predictions: Path,
    infos: Iterable[SequenceInfo] = (),
    latency: Mapping[str, float] | None = None,
) -> None:
    """Writes the report of one run on one split.

    Args:
        path: the HTML file.
        run: the run of the learning curves.
        metrics: the content of metrics.json.
        predictions: the ``predictions.h5`` that they were computed from.
        infos: the sequences, whose videos the report plays.
        latency: ``median_ms``, ``p95_ms`` of one step of one sequence, how many ``steps`` were
            timed, and how many further ones an answer waits for, ``late``.
    """
    told = {
        "title": f"{shown_name(run.path.resolve())}: {metrics['split']}",
        "made": _made(run, metrics),
        "options": unusual_options(run.config),
        "curves": learning_curves(histories_of(run)),
        "labels": label_section(run.labels_path),
        "calibration": run.calibration,
    }
    _write(path, metrics, predictions, infos, latency=latency, **told)


def write_folds_report(
    path: Path,
    name: str,
    runs: Mapping[str, Run],
    metrics: Mapping[str, Any],
    predictions: Path,
    infos: Iterable[SequenceInfo] = (),
) -> None:
    """Writes the report of a cross-validation.

    Args:
        path: the HTML file.
        name: what it is called.
        runs: the run of each fold.
        metrics: the content of the metrics.json of all.
        predictions: the ``predictions.h5`` of all.
        infos: the sequences, whose videos the report plays.
    """
    first, *_ = runs.values()
    drawn, options = list(runs)[:MOST_CURVES], unusual_options(first.config)
    told = {
        "title": f"{name}: cross-validation",
        "made": (
            f"Each was answered by {_models(first)} of the fold that held it out, of {len(runs)}, "
            f"trained with {_how(first.answering[0].config)}.{_fed(metrics)}"
        ),
        "options": {name: value for name, value in options.items() if name not in OF_A_FOLD},
        "curves": learning_curves({fold: runs[fold].answering[0].history for fold in drawn}),
        "labels": None,
        "calibration": None,
    }
    _write(path, metrics, predictions, infos, latency=None, **told)


def _write(
    path: Path,
    metrics: Mapping[str, Any],
    predictions: Path,
    infos: Iterable[SequenceInfo],
    **told: Any,
) -> None:
    task, classes = metrics["task"], metrics["classes"]
    render(
        path,
        f"{task}.html",
        metrics=metrics,
        headlines=HEADLINES[task],
        legend=list(zip(classes, class_colours(classes), strict=True)),
        **told,
        **_pictures(metrics, predictions, list(infos)),
    )


def _pictures(
    metrics: Mapping[str, Any], predictions: Path, infos: Sequence[SequenceInfo]
) -> dict[str, Any]:
    """Returns the pictures that a task's template shows beside the numbers."""
    more: dict[str, Any] = {"bouts": None}
    with open_answers(predictions) as answers:
        if metrics["task"] == "classification":
            strips = class_strips(metrics["classes"], {"predicted": predictions})
            confusions = worst_confusions(answers, metrics["confusion"])
            kept = most_confused(metrics["confusion"])
            more |= {
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
        # One answer a sequence has no length, and no bouts.
        if metrics["task"] != "regression" and any(strip.length for strip in strips):
            more["bouts"] = bout_section(answers, infos, metrics)
    strips = worst_first(with_footage(strips, footage(infos)))
    places = {strip.sequence_id: (f"s{n}", strip) for n, strip in enumerate(strips, start=1)}
    return {"strips": strips, "places": places, **more}


def histories_of(run: Run) -> Histories:
    """Returns the history of a training; of an ensemble, those of its members."""
    if not is_ensemble(run.path):
        return {"": run.history}
    return {f"model {one.path.name}": one.history for one in run.answering[:MOST_CURVES]}


def _made(run: Run, metrics: Mapping[str, Any]) -> str:
    """Returns a sentence about the training of the model, or of those of an ensemble."""
    if is_ensemble(run.path):
        return (
            f"The mean of the answers of {counted(len(run.answering), 'model')}, trained on "
            f"{len(run.splits.train)} sequences; the first with {_how(run.answering[0].config)}."
            f"{_fed(metrics)}"
        )
    config, best = run.config, run.progress.best_epoch
    epochs = len(run.history)
    kept = f"epoch {best} of {epochs}, the best on validation" if best else f"the last of {epochs}"
    return (
        f"Trained on {len(run.splits.train)} sequences with {_how(config)}; kept: "
        f"{kept}.{_fed(metrics)}"
    )


def _models(fold: Run) -> str:
    """Returns what answers for a fold, in words."""
    if not is_ensemble(fold.path):
        return "the model"
    return f"the mean of {counted(len(fold.answering), 'model')} (the first is drawn below)"


def _how(config: TrainConfig) -> str:
    """Returns the options of a training that a reader should know of."""
    layers = f"{config.layers} {config.cell} layer(s) of {config.units}"
    defaults = {field.name: field.default for field in fields(config)}
    others = [
        f"{option(name)} {value_text(getattr(config, name))}"
        for name in TOLD
        if getattr(config, name) != defaults[name]
    ]
    return (
        f"--state {config.state}, chunks of {config.chunk_length} steps, "
        f"{', '.join([config.model or layers, *others])}"
    )


def _fed(metrics: Mapping[str, Any]) -> str:
    """Returns a sentence about the past labels, if they were inputs."""
    if not metrics.get("feed"):
        return ""
    own = metrics["feed"] == "predictions"
    return f" Past labels were {'its own predictions' if own else 'the true ones'}."

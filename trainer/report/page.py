"""The report: one HTML file with everything in it, readable without a network."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from preprocessing.files.whole_file import write_whole
from preprocessing.store.sequence_info import SequenceInfo
from trainer.config import TrainConfig, flag
from trainer.metrics import HEADLINES
from trainer.predictions.reader import open_answers
from trainer.report.confusions import worst_confusions
from trainer.report.curves import learning_curves
from trainer.report.footage import Footage, footage
from trainer.report.hover_data import clock, precise
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
# Nobody reads a matrix of more, or so many curves, and they would be most of the page.
MATRIX_CLASSES, DRAWN_COLUMNS = 100, 50


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
        run: where the learning curves come from.
        metrics: what metrics.json holds.
        predictions: the ``predictions.h5`` that they were computed from.
        infos: of the sequences, whose videos the report plays.
        latency: ``median_ms``, ``p95_ms`` of one step of one sequence, and how many ``steps`` were
            timed.
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
        legend=list(zip(classes, class_colours(classes), strict=True)),
        curves=learning_curves({"": run.history}),
        **_pictures(metrics, predictions, footage(infos)),
    )


def confusion_rows(
    confusion: Sequence[Sequence[int]], kept: Sequence[int] = ()
) -> list[list[tuple[int, float]]]:
    """Cells of the confusion matrix: count, and share of its row (the true class).

    Args:
        confusion: steps; rows are true classes, columns predicted ones.
        kept: the classes that are shown; none for all.
    """
    kept = kept or range(len(confusion))
    totals = {number: max(sum(confusion[number]), 1) for number in kept}
    return [
        [(confusion[row][column], confusion[row][column] / totals[row]) for column in kept]
        for row in kept
    ]


def most_confused(confusion: Sequence[Sequence[int]]) -> list[int]:
    """Which classes a matrix has room for, in their order: those with the most wrong steps."""
    counts = np.array(confusion, np.int64)
    wrong = counts.sum(0) + counts.sum(1) - 2 * counts.diagonal()
    return sorted(np.argsort(-wrong, kind="stable")[:MATRIX_CLASSES].tolist())


def worst_columns(scores: Sequence[float | None]) -> list[int]:
    """Which columns of a regression are drawn: those with the least R², which may be unknown."""
    known = np.array([np.inf if score is None else score for score in scores])
    return sorted(np.argsort(known, kind="stable")[:DRAWN_COLUMNS].tolist())


def render(path: Path, template: str, **values: Any) -> None:
    """Fills in a template of this package and writes it, whole or not at all.

    The page may run the one script of this package and nothing else, and load nothing but the
    videos: so a name of a stranger stays a name even if it should get around the escaping.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("trainer.report"), autoescape=True, undefined=StrictUndefined
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    environment.filters |= {"clock": clock, "precise": precise}
    script = resources.files("trainer.report.templates").joinpath("report.js").read_text("utf-8")
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    page = environment.get_template(template).render(
        **values, script=Markup(script), script_digest=digest
    )
    write_whole(path, page.encode("utf-8", "replace").decode("utf-8"))


def _pictures(
    metrics: Mapping[str, Any], predictions: Path, videos: Mapping[str, Footage]
) -> dict[str, Any]:
    """What the template of a task shows beside the numbers."""
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
    """How the model came to be, in a sentence."""
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


def unusual_options(config: TrainConfig) -> dict[str, str]:
    """The options of a training that are not at their defaults, and those that have none."""
    return {
        option(field.name): value_text(getattr(config, field.name))
        for field in fields(config)
        if field.name != "run" and getattr(config, field.name) != field.default
    }


def option(name: str) -> str:
    """A field's name as it is given on the command line."""
    return f"--{flag(name)}"


def value_text(value: Any) -> str:
    """A value of an option as a person would write it; empty for none."""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return {"None": "", "True": "yes", "False": "no"}.get(str(value), str(value))


def _fed(metrics: Mapping[str, Any]) -> str:
    """What stood for the labels that the model takes as inputs."""
    if not metrics.get("feed"):
        return ""
    own = metrics["feed"] == "predictions"
    return f" Past labels were {'its own predictions' if own else 'the true ones'}."

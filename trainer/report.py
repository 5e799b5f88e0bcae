"""The report: one HTML file with everything in it, readable without a network."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from preprocessing.whole_file import write_whole
from trainer.checkpoint import read_progress
from trainer.metrics import HEADLINES
from trainer.predictions import sequence_ids
from trainer.ribbons import class_colours, ribbon
from trainer.run import Run


@dataclass(frozen=True)
class Ribbon:
    """One picture of a sequence.

    Attributes:
        name: such as ``true`` or the name of a run.
        picture: a data URI.
        share: of labelled steps that are right, None for the truth itself.
    """

    name: str
    picture: str
    share: float | None


@dataclass(frozen=True)
class Strip:
    """A sequence with its ribbons."""

    sequence_id: str
    seconds: float
    ribbons: Sequence[Ribbon]

    @property
    def length(self) -> str:
        """As h:mm:ss."""
        return str(timedelta(seconds=round(self.seconds)))


def write_report(path: Path, run: Run, metrics: Mapping[str, Any], predictions: Path) -> None:
    """Writes the report of one run on one split.

    Args:
        path: the HTML file.
        run: where the learning curves come from.
        metrics: what metrics.json holds.
        predictions: the ``predictions.h5`` that they were computed from.
    """
    classes = metrics["classes"]
    strips = read_strips(classes, {"predicted": predictions})
    render(
        path,
        "report.html",
        title=f"{run.path.name}: {metrics['split']}",
        metrics=metrics,
        made=_made(run),
        headlines=HEADLINES,
        legend=list(zip(classes, class_colours(classes), strict=True)),
        strips=sorted(strips, key=_share),
        confusion=confusion_rows(metrics["confusion"]),
        curves=learning_curves({"": run.history}),
    )


def read_strips(classes: Sequence[str], predictions: Mapping[str, Path]) -> list[Strip]:
    """Draws the truth and each file's predictions for each sequence.

    Args:
        classes: names of the classes.
        predictions: a ``predictions.h5`` for each name to show; all hold the same sequences.
    """
    colours = class_colours(classes)
    files = {name: h5py.File(path) for name, path in predictions.items()}
    try:
        first = next(iter(files.values()))
        return [_strip(files, sequence_id, colours) for sequence_id in sequence_ids(first)]
    finally:
        for file in files.values():
            file.close()


def confusion_rows(confusion: Sequence[Sequence[int]]) -> list[list[tuple[int, float]]]:
    """Cells of the confusion matrix: count, and share of its row (the true class)."""
    return [[(count, count / max(sum(row), 1)) for count in row] for row in confusion]


def learning_curves(histories: Mapping[str, Sequence[Mapping[str, str]]]) -> str:
    """Draws loss and accuracy over epochs as an SVG.

    Args:
        histories: rows of history.csv for each run; the name goes into the legend.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.8), layout="constrained")
    for axes, value in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for number, (name, rows) in enumerate(histories.items()):
            for part, style in (("", "-"), ("val_", "--")):
                points = [float(row[part + value]) for row in rows if part + value in row]
                label = f"{name} {'validation' if part else 'training'}".strip()
                epochs = range(1, len(points) + 1)
                if points:
                    axes.plot(epochs, points, style, color=f"C{number}", label=label)
        axes.set_xlabel("epoch")
        axes.set_title(value, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
    return text.getvalue()[text.getvalue().index("<svg") :]


def render(path: Path, template: str, **values: Any) -> None:
    """Fills in a template of this package and writes it, whole or not at all."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("trainer"), autoescape=True, undefined=StrictUndefined
    )
    write_whole(path, environment.get_template(template).render(**values))


def _made(run: Run) -> str:
    """How the model came to be, in a sentence."""
    config, best = run.config, read_progress(run.checkpoint_path).best_epoch
    epochs = len(run.history)
    kept = f"epoch {best} of {epochs}, the best on validation" if best else f"the last of {epochs}"
    return (
        f"Trained on {len(run.splits.train)} sequences with --state {config.state}, chunks of "
        f"{config.chunk_length} steps, {config.layers} layer(s) of {config.units}; kept: {kept}."
    )


def _strip(files: Mapping[str, h5py.File], sequence_id: str, colours: Sequence[str]) -> Strip:
    group = next(iter(files.values()))[sequence_id]
    true, times = group["true"][()], group["timestamps"]
    ribbons = [Ribbon("true", ribbon(true, colours), None)]
    for name, file in files.items():
        predicted = file[sequence_id]["predicted"][()]
        labelled = true >= 0
        share = float((predicted == true)[labelled].mean()) if labelled.any() else None
        ribbons.append(Ribbon(name, ribbon(predicted, colours), share))
    return Strip(sequence_id, float(times[-1] - times[0]), ribbons)


def _share(strip: Strip) -> float:
    """For sorting: the worst sequence comes first."""
    share = strip.ribbons[-1].share
    return np.inf if share is None else share

"""The figure of a run: how it learned, what it answers, and what it takes for what."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from preprocessing.errors import InputError
from preprocessing.terminal.console import note
from trainer.evaluation.evaluated import evaluated_splits, read_evaluated
from trainer.predictions.reader import open_answers
from trainer.report.curves import draw_curves, drawn_columns
from trainer.report.evaluation_page import histories_of
from trainer.run.folder import Run
from trainer.run.members import is_ensemble
from trainer.trained.confusion import draw_confusion
from trainer.trained.ribbon_panels import Panels, make_panels

KINDS = ("curves", "ribbons", "confusion")
WIDTH, CURVES_HEIGHT, CONFUSION_HEIGHT = 10.0, 2.9, 4.4  # Inches.
DOTS = 110  # An inch, in a notebook.


class Picture(Figure):
    """A figure that notebooks show without ``pyplot``, and so once."""

    def _repr_png_(self) -> bytes:
        """Returns a PNG."""
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=DOTS)
        return picture.getvalue()


def draw(run: Run, kind: str | None, split: str | None) -> Figure:
    """Draws a run.

    Args:
        run: the run.
        kind: see ``TrainedRun.plot``.
        split: see there.

    Raises:
        InputError: the run lacks what is to be drawn.
    """
    if kind not in (None, *KINDS):
        raise InputError(f"plot({kind!r:.80}): expected one of {', '.join(KINDS)}, or nothing")
    split = split or next(iter(evaluated_splits(run)), None)
    if kind == "curves" or (kind is None and split is None):
        if kind is None:
            note(
                f"{run.path} is not evaluated, so only learning curves are drawn; after longtake "
                f"evaluate {run.path} there are ribbons and confusions, too"
            )
        return _curves(run)
    if split is None:
        raise InputError(
            f"{run.path} is not evaluated, which {kind} need; run longtake evaluate {run.path}"
        )
    metrics = read_evaluated(run, split)
    confusion = "confusion" in metrics
    if kind == "confusion" and not confusion:
        raise InputError(
            f"a {metrics['task']} has no confusions of one class with another; plot('ribbons') "
            "shows its answers"
        )
    parts = {"curves": _learned(run), "ribbons": True, "confusion": confusion}
    wanted = [name for name in KINDS if parts[name] and kind in (None, name)]
    return _joined(run, run.evaluation_path(split), metrics, wanted)


def _learned(run: Run) -> bool:
    """Returns True if there are learning curves to draw."""
    return any(histories_of(run).values())


def _curves(run: Run) -> Figure:
    if not _learned(run):
        raise InputError(
            f"{run.path} has no learning curves: no epoch of it is done yet, or it joins runs "
            "whose curves lie in their own folders"
        )
    figure = Picture(figsize=(WIDTH, CURVES_HEIGHT), layout="constrained")
    _draw_curves(figure, run)
    return figure


def _joined(run: Run, folder: Path, metrics: Mapping[str, Any], wanted: list[str]) -> Figure:
    """Draws parts one below the other."""
    with open_answers(folder / "predictions.h5") as answers:
        panels = make_panels(answers, metrics) if "ribbons" in wanted else Panels([], [])
        heights = {
            "curves": CURVES_HEIGHT,
            "ribbons": panels.height,
            "confusion": CONFUSION_HEIGHT,
        }
        sizes = [heights[name] for name in wanted]
        figure = Picture(figsize=(WIDTH, sum(sizes)), layout="constrained")
        several = figure.subfigures(len(wanted), 1, height_ratios=sizes, squeeze=False)[:, 0]
        for name, part in zip(wanted, several, strict=True):
            if name == "curves":
                _draw_curves(part, run)
            elif name == "ribbons":
                panels.draw(part, metrics["split"])
            else:
                draw_confusion(part, metrics)
    return figure


def _draw_curves(figure: Any, run: Run) -> None:
    """Draws the loss and the score over epochs, with a line at the epoch that is kept."""
    histories = histories_of(run)
    names = drawn_columns(histories)
    best = 0 if is_ensemble(run.path) else run.progress.best_epoch
    several = figure.subplots(1, len(names), squeeze=False)[0]
    for axes, name in zip(several, names, strict=True):
        draw_curves(axes, histories, name)
        axes.margins(x=0.02)
        axes.xaxis.get_major_locator().set_params(integer=True)
        if best:
            axes.axvline(best, color="#7d8896", linestyle=":", label=f"kept: epoch {best}")
        if axes.lines:
            axes.legend(frameon=False, fontsize="small")

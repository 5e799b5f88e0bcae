"""The confusion matrix as a picture."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from preprocessing.terminal.streams import printable
from trainer.report.page import confusion_rows, most_confused

MOST_CLASSES, WITH_SHARES = 30, 12  # Beyond these nobody reads names, or shares in cells.
MOST_LETTERS = 18
DARK = 0.55  # Shares above this have white letters.


def short_name(name: str) -> str:
    """Returns the name of a class, a sequence or a column as far as a picture has room for it."""
    name = printable(name)
    if len(name) <= MOST_LETTERS:
        return name
    end = (MOST_LETTERS - 3) // 2  # Names that begin alike are told by their ends.
    return f"{name[: MOST_LETTERS - 3 - end]}...{name[-end:]}"


def draw_confusion(figure: Any, metrics: Mapping[str, Any]) -> None:
    """Draws which share of the steps of each true class is given which name.

    Args:
        figure: of matplotlib, or a part of one.
        metrics: the content of metrics.json.
    """
    kept = _kept(metrics["confusion"])
    rows = np.array(
        [[share for _, share in row] for row in confusion_rows(metrics["confusion"], kept)]
    )
    names = [short_name(metrics["classes"][number]) for number in kept]
    axes = figure.subplots()
    picture = axes.imshow(rows, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(names)), names, rotation=25, ha="right", parse_math=False)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.set_xlabel("answer")
    axes.set_ylabel("truth")
    figure.suptitle(_title(metrics, len(kept)), x=0.01, ha="left", fontsize="large")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if len(names) <= WITH_SHARES:
        for (row, column), share in np.ndenumerate(rows):
            colour = "white" if share > DARK else "black"
            text = f"{100 * share:.0f}" if share else ""
            axes.text(column, row, text, color=colour, ha="center", va="center", fontsize="small")
    bar = figure.colorbar(picture, ax=axes, shrink=0.7, pad=0.02)
    bar.ax.set_yticks([0, 0.5, 1], ["0 %", "50 %", "100 %"])
    bar.outline.set_visible(False)


def _kept(confusion: Any) -> list[int]:
    """Returns the classes that are drawn: all, or those with the most wrong steps."""
    if len(confusion) <= MOST_CLASSES:
        return list(range(len(confusion)))
    counts = np.array(confusion, np.int64)
    wrong = counts.sum(0) + counts.sum(1) - 2 * counts.diagonal()
    return sorted(most_confused(confusion), key=lambda number: -wrong[number])[:MOST_CLASSES]


def _title(metrics: Mapping[str, Any], shown: int) -> str:
    which = f", the {shown} classes with the most mistakes" * (shown < len(metrics["classes"]))
    return f"confusions of raw answers, {metrics['split']}: per cent of each true class{which}"

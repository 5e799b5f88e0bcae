"""Curves: of numbers in a sequence, truth against prediction, and of a training."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.stretches import stretches

MAX_POINTS = 2400
HEIGHT = 1000
# Beside the loss, history.csv has the one that belongs to the task.
HISTORY_SCORES = ("accuracy", "mae")
# Rows of history.csv for each run.
Histories = Mapping[str, Sequence[Mapping[str, float | None]]]


class Envelope:
    """A curve of at most ``MAX_POINTS`` points in which no peak is lost.

    Up to ``MAX_POINTS`` steps have a point each. More steps are divided into half as many equal
    stretches as points, each drawn by its lowest and its highest value.

    Args:
        steps: N.

    Attributes:
        width: the number of steps in a stretch.
    """

    def __init__(self, steps: int):
        self.steps = steps
        self.width = 1 if steps <= MAX_POINTS else -(-steps // (MAX_POINTS // 2))
        self._parts: list[NDArray[Any]] = []

    def add(self, values: NDArray[np.float32]) -> None:
        """Adds ``<float32>[n, K]``; n is a whole number of stretches, except at the end."""
        if self.width == 1:
            self._parts.append(values)
            return
        missing = -len(values) % self.width
        padded = np.pad(values, ((0, missing), (0, 0)), constant_values=np.nan)
        stretches = padded.reshape(-1, self.width, values.shape[1])
        pairs = np.stack([np.fmin.reduce(stretches, 1), np.fmax.reduce(stretches, 1)], 1)
        self._parts.append(pairs.reshape(-1, values.shape[1]))

    @property
    def points(self) -> NDArray[np.float64]:
        """The values of the points, ``<float64>[M, K]``, NaN where there is no value."""
        return np.concatenate(self._parts).astype(np.float64)

    @property
    def places(self) -> NDArray[np.float64]:
        """The places of the points in steps, ``<float64>[M]``."""
        distance = 1.0 if self.width == 1 else self.width / 2
        count = sum(map(len, self._parts))
        return distance * (np.arange(count, dtype=np.float64) + 0.5)


def curve(places: NDArray[np.float64], values: NDArray[np.float64], low: float, high: float) -> str:
    """Returns the path of an SVG ``HEIGHT`` units high.

    Args:
        places: ``<float64>[M]``, from the left.
        values: ``<float64>[M]``; the curve is broken where one is NaN.
        low: the value at the lower edge.
        high: the value at the upper edge.
    """
    heights = HEIGHT * (high - values) / (high - low)
    parts = []
    for known, start, stop in zip(*stretches(~np.isnan(heights)), strict=True):
        if known:
            points = zip(places[start:stop].tolist(), heights[start:stop].tolist(), strict=True)
            # The line of no length shows a point that stands alone.
            parts.append("M" + " ".join(f"{x:.5g},{y:.0f}" for x, y in points) + "h0")
    return "".join(parts)


def learning_curves(histories: Histories) -> str:
    """Draws the loss and what stands beside it over epochs, an SVG for each.

    Args:
        histories: rows of history.csv for each run; the name goes into the legend.
    """
    return "".join(_learning_curve(histories, name) for name in drawn_columns(histories))


def drawn_columns(histories: Histories) -> tuple[str, ...]:
    """Returns what is drawn over epochs: the loss, and what stands beside it, if anything does."""
    columns = {name for rows in histories.values() for row in rows for name in row}
    scores = [name for name in HISTORY_SCORES if name in columns]
    return ("loss", *scores[:1])


def draw_curves(axes: Any, histories: Histories, name: str) -> None:
    """Draws a column of history.csv over epochs, of training and of validation.

    Args:
        axes: of matplotlib.
        histories: rows of history.csv for each run; the name goes into the legend.
        name: the column, without ``val_``.
    """
    for number, (run, rows) in enumerate(histories.items()):
        for part, style in (("", "-"), ("val_", "--")):
            points = [value for row in rows if (value := row.get(part + name)) is not None]
            label = f"{run} {'validation' if part else 'training'}".strip()
            if points:
                epochs = range(1, len(points) + 1)
                axes.plot(epochs, points, style, color=f"C{number}", label=label)
    axes.set_xlabel("epoch")
    axes.set_title(name, loc="left")
    axes.spines[["top", "right"]].set_visible(False)


def _learning_curve(histories: Histories, name: str) -> str:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.5, 3.1), layout="constrained")
    axes = figure.subplots()
    draw_curves(axes, histories, name)
    if axes.lines:
        figure.legend(frameon=False, loc="outside lower center", ncols=2)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None}, transparent=True)
    drawn = text.getvalue()
    named = f'<svg role="img" aria-label="{name} over epochs"'
    return named + drawn[drawn.index("<svg") + len("<svg") :]

"""The picture of a search: the objective over trials, and over each option.

Not by ``optuna.visualization.matplotlib``: it is experimental, draws a figure for each question,
and leaves out of its curves the trials that were pruned or failed.
"""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from preprocessing.files.whole_file import whole_file
from trainer.config import flag
from trainer.tuning.options import TuneConfig
from trainer.tuning.search_space import Choice, Dimension, Range, parse_search
from trainer.tuning.study import Row

WIDTH, HEIGHT, COLUMNS, DPI = 10.0, 2.9, 3, 120  # Inches; panels in a row.
DONE, PRUNED, FAILED, BEST = "#3465a4", "#9a9da3", "#c0392b", "#e69f00"
LOGARITHMIC = 30  # Ratio of values from which an axis in logarithms shows more.
NAME_LENGTH = 14


def draw_search(path: Path, config: TuneConfig, rows: Sequence[Row]) -> None:
    """Draws a search.

    Args:
        path: a PNG file.
        config: the options of the search.
        rows: its trials, the best first, which is done.
    """
    space = parse_search(config.search)
    lines = 1 + math.ceil(len(space) / COLUMNS)
    figure = Figure(figsize=(WIDTH, HEIGHT * lines), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(lines, COLUMNS)
    over_trials = figure.add_subplot(grid[0, :])
    _draw_trials(over_trials, config, rows)
    for number, dimension in enumerate(space):
        line, column = divmod(number, COLUMNS)
        axes = figure.add_subplot(grid[line + 1, column], sharey=over_trials)
        _draw_option(axes, config, dimension, rows)
        if column == 0:
            axes.set_ylabel(config.objective)
    with whole_file(path) as partial, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # A name has a letter that the font lacks.
        figure.savefig(partial, format="png")


def _draw_trials(axes: Axes, config: TuneConfig, rows: Sequence[Row]) -> None:
    better = "lower" if config.better == "minimize" else "higher"
    order = sorted(rows, key=lambda row: row.number)
    places = {row.number: place for place, row in enumerate(order, start=1)}
    _set_scale(axes, config, rows)
    best, line = None, []
    for row in order:
        if row.state == "done" and row.value is not None:
            choices = [row.value] if best is None else [row.value, best]
            best = (min if config.better == "minimize" else max)(choices)
        line.append(math.nan if best is None else best)
    axes.step(range(1, len(line) + 1), line, where="post", color=BEST, label="best so far")
    _draw_points(axes, config, rows, [places[row.number] for row in rows])
    axes.set_title(f"{config.objective} of {len(rows)} trials ({better} is better)", loc="left")
    axes.set_xlabel("trials in the order of their beginning; on the edge: worse, or no value")
    axes.set_xlim(0.5, len(rows) + 0.5)
    axes.set_ylabel(config.objective)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def _draw_option(axes: Axes, config: TuneConfig, dimension: Dimension, rows: Sequence[Row]) -> None:
    shown = [row for row in rows if dimension.name in row.parameters]
    values = [row.parameters[dimension.name] for row in shown]
    if isinstance(dimension, Choice):
        # Marks of one value lie side by side, where the golden ratio puts them.
        sides = [(0.618 * row.number % 1 - 0.5) / 2 for row in shown]
        places = [dimension.values.index(v) + side for v, side in zip(values, sides, strict=True)]
        _draw_points(axes, config, shown, places)
        names = [str(value)[:NAME_LENGTH] for value in dimension.values]
        axes.set_xticks(range(len(names)), names)
        axes.set_xlim(-0.5, len(names) - 0.5)
    else:
        _set_range(axes, dimension)
        _draw_points(axes, config, shown, values)
    axes.set_xlabel(flag(dimension.name))


def _draw_points(
    axes: Axes, config: TuneConfig, rows: Sequence[Row], places: Sequence[float]
) -> None:
    """Draws a mark for each trial; a trial outside of the axis is drawn at its edge."""
    low, high = sorted(axes.get_ylim())
    worst = high if config.better == "minimize" else low
    points: dict[str, list[tuple[float, float]]] = {"done": [], "pruned": [], "failed": []}
    for row, place in zip(rows, places, strict=True):
        if row.state in points:
            value = worst if row.value is None else min(max(row.value, low), high)
            points[row.state].append((place, value))
    styles: dict[str, dict[str, Any]] = {
        "done": {"marker": "o", "color": DONE},
        "pruned": {"marker": "o", "color": PRUNED, "markerfacecolor": "none"},
        "failed": {"marker": "x", "color": FAILED},
    }
    for state, style in styles.items():
        if points[state]:
            x, y = zip(*points[state], strict=True)
            axes.plot(x, y, linestyle="", label=state, clip_on=False, markersize=6, **style)
    best = points["done"][0]
    axes.plot(
        *best, "*", color=BEST, markersize=15, markeredgecolor="white", label="best", zorder=9
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#eeeeee")
    axes.set_axisbelow(True)


def _set_scale(axes: Axes, config: TuneConfig, rows: Sequence[Row]) -> None:
    """Fits the axis to the trials that were trained to their end, with some room."""
    values = [row.value for row in rows if row.state == "done" and row.value is not None]
    low, high = min(values), max(values)
    if low > 0 and high / low > LOGARITHMIC:
        axes.set_yscale("log")
        margin = (high / low) ** 0.08
        axes.set_ylim(low / margin, high * margin)
    else:
        margin = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
        axes.set_ylim(low - margin, high + margin)


def _set_range(axes: Axes, dimension: Range) -> None:
    """Fits the axis to the searched values, with ticks that can be read."""
    low, high = dimension.low, dimension.high
    if dimension.log:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 100 else (1,)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        margin = (high / low) ** 0.03
        axes.set_xlim(low / margin, high * margin)
    else:
        margin = 0.03 * (high - low)
        axes.set_xlim(low - margin, high + margin)
        axes.xaxis.set_major_locator(MaxNLocator(5))

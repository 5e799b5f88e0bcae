"""Ribbons of truth and prediction, a panel a sequence, the worst answers first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.labels.class_colours import class_colours, rgb
from preprocessing.terminal.clock import clock
from trainer.predictions.reader import BLOCK_STEPS, DECODED, RAW, Answers
from trainer.report.class_trace import class_trace
from trainer.report.curves import Envelope
from trainer.report.ribbons import UNLABELLED_COLOUR, shown_steps
from trainer.trained.confusion import short_name

MOST_PANELS, MOST_ROWS, MOST_IN_LEGEND = 8, 12, 24
TOP, ROW, BETWEEN, LEGEND = 0.45, 0.24, 0.55, 0.3  # Inches: above all, a row, panels, a legend.
CURVE = 1.3
BAND, GAP = 12, 3  # Pixels: of a ribbon, and of what lies between two.
WHITE = (255, 255, 255)
IN_A_ROW = 6  # Names of the legend.
# Seconds from one time on the axis to the next, of which there are at most so many.
HOUR = 3600
APART = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, *(HOUR * n for n in (1, 2, 6, 12, 24)))
MOST_TIMES, ROUNDING = 9, 1e-9


@dataclass(frozen=True)
class Panel:
    """The picture of one sequence.

    Attributes:
        title: what stands above it.
        height: inches.
        paint: draws it, given the axes of matplotlib.
    """

    title: str
    height: float
    paint: Callable[[Any], None]


@dataclass(frozen=True)
class Panels:
    """The pictures of some sequences, one below the other.

    Attributes:
        panels: each of them.
        legend: names and their colours; two classes may be called the same once they are shortened.
        left_out: how many sequences have none.
        unnamed: how many classes the legend has no room for.
    """

    panels: Sequence[Panel]
    legend: Sequence[tuple[str, str]]
    left_out: int = 0
    unnamed: int = 0

    @property
    def height(self) -> float:
        """Inches of all of them."""
        return (
            TOP + LEGEND * self._legend_rows + sum(panel.height + BETWEEN for panel in self.panels)
        )

    @property
    def _legend_rows(self) -> int:
        return -(-len(self.legend) // IN_A_ROW)

    def draw(self, figure: Any, split: str) -> None:
        """Draws them.

        Args:
            figure: of matplotlib, or a part of one.
            split: the name of the split.
        """
        from matplotlib.patches import Patch

        left = f", {self.left_out} more in report.html" if self.left_out else ""
        left += f"; colours of {self.unnamed} more classes there" if self.unnamed else ""
        figure.suptitle(f"answers, {split}: worst first{left}", x=0.01, ha="left", fontsize="large")
        heights = [panel.height for panel in self.panels]
        ratios = {"height_ratios": heights}
        several = figure.subplots(len(heights), 1, squeeze=False, gridspec_kw=ratios)[:, 0]
        for axes, panel in zip(several, self.panels, strict=True):
            panel.paint(axes)
            axes.set_title(panel.title, loc="left", fontsize="medium", parse_math=False)
        if self.legend:
            columns = -(-len(self.legend) // self._legend_rows)
            # Matplotlib goes down the columns, people read along the rows.
            entries = [entry for column in range(columns) for entry in self.legend[column::columns]]
            patches = [Patch(color=colour, label=" ") for _, colour in entries]
            where = {"loc": "outside lower left", "ncols": columns}
            legend = figure.legend(handles=patches, frameon=False, fontsize="small", **where)
            for text, (name, _) in zip(legend.get_texts(), entries, strict=True):
                text.set_parse_math(False)
                text.set_text(name)


def make_panels(answers: Answers, metrics: Mapping[str, Any]) -> Panels:
    """Reads what is drawn of the sequences with the worst answers.

    Args:
        answers: the opened predictions.
        metrics: the content of the metrics.json that belongs to them.
    """
    ids = worst_ids(answers, metrics)
    if answers.task == "regression":
        shown = ids[: max(1, MOST_PANELS // len(answers.classes))]
        panels = [panel for name in shown for panel in _number_panels(answers, name)]
        legend = [("truth", "#555555"), ("prediction", "#0072b2")]
        return Panels(panels, legend, len(answers.ids) - len(shown))
    make = _class_panel if answers.task == "classification" else _class_set_panel
    colours = class_colours(answers.classes)
    panels = [make(answers, name, colours) for name in ids]
    left_out = len(answers.ids) - len(ids)
    if make is _class_set_panel:  # Whose rows have names.
        return Panels(panels, (), left_out)
    legend = list(zip(map(short_name, answers.classes), colours, strict=False))[:MOST_IN_LEGEND]
    return Panels(panels, legend, left_out, len(answers.classes) - len(legend))


def worst_ids(answers: Answers, metrics: Mapping[str, Any]) -> list[str]:
    """Returns the sequences with the worst raw answers, as in the report; a few at most.

    Args:
        answers: the opened predictions.
        metrics: the content of the metrics.json that belongs to them.
    """
    score, sign = ("mae", -1.0) if answers.task == "regression" else ("accuracy", 1.0)
    scores = {
        row["sequence_id"]: sign * row[score]
        for row in metrics["per_sequence"]
        if row.get(score) is not None
    }
    return sorted(answers.ids, key=lambda name: scores.get(name, np.inf))[:MOST_PANELS]


def _class_panel(answers: Answers, sequence_id: str, colours: Sequence[str]) -> Panel:
    raw = class_trace(answers, sequence_id, sure=False)
    rows = {"truth": raw.true, "prediction": raw.predicted}
    right = _right(raw.share)
    if answers.decoded:
        decoded = class_trace(answers, sequence_id, sure=False, said=DECODED)
        rows["decoded"] = decoded.predicted
        right += f", decoded {_right(decoded.share)}"
    palette = np.array([rgb(colour) for colour in (*colours, UNLABELLED_COLOUR)], np.uint8)
    bands = [palette[np.where(row < 0, len(colours), row)] for row in rows.values()]
    title = f"{short_name(sequence_id)}   {right}"
    paint = partial(_paint, bands=bands, names=list(rows), span=_span(answers, sequence_id))
    return Panel(title, ROW * len(rows), paint)


def _right(share: float | None) -> str:
    return "without labels" if share is None else f"{100 * share:.1f} % right"


def _class_set_panel(answers: Answers, sequence_id: str, colours: Sequence[str]) -> Panel:
    """Makes a row for each class that is there, of those that are there longest."""
    said = answers.said
    true, predicted = (_shown(answers, sequence_id, name) for name in ("true", said))
    shown = ((true > 0) | (predicted > 0)).sum(0)
    there = np.flatnonzero(shown)
    found = np.sort(there[np.argsort(-shown[there], kind="stable")][:MOST_ROWS])
    bands = [
        np.stack([_ink(part[:, number], colours[number]) for part in (true, predicted)])
        for number in found
    ]
    names = [short_name(answers.classes[number]) for number in found]
    more = "decoded " if said == DECODED else ""
    title = f"{short_name(sequence_id)}   truth above {more}prediction"
    title += f", {len(found)} of {len(there)} classes" if len(found) < len(there) else ""
    if not bands:
        title, bands, names = f"{title}: no class", [np.full((len(true), 3), 255, np.uint8)], [""]
    paint = partial(_paint, bands=bands, names=names, span=_span(answers, sequence_id))
    return Panel(title, ROW * 1.2 * len(bands), paint)


def _number_panels(answers: Answers, sequence_id: str) -> list[Panel]:
    """Makes a panel for each column, of a few."""
    columns = answers.classes[:MOST_PANELS]
    less = len(columns) < len(answers.classes)
    more = f", {len(columns)} of {len(answers.classes)} columns" if less else ""
    steps = answers.steps(sequence_id)
    curves = [Envelope(steps), Envelope(steps)]
    width = curves[0].width
    block_steps = max(1, BLOCK_STEPS // width) * width
    for block in answers.blocks(sequence_id, "true", RAW, block_steps=block_steps):
        for one, values in zip(curves, block, strict=True):
            one.add(values)
    seconds = (curves[0].places + answers.ahead) / steps * _span(answers, sequence_id)
    return [
        Panel(
            f"{short_name(sequence_id)}   {short_name(name)}{more}",
            CURVE,
            partial(_paint_curves, seconds=seconds, values=[c.points[:, n] for c in curves]),
        )
        for n, name in enumerate(columns)
    ]


def _shown(answers: Answers, sequence_id: str, name: str) -> NDArray[np.int8]:
    """Reads a dataset at the shown steps, ``<int8>[M, C]``; -1 where no answer is about them."""
    rows = shown_steps(answers.steps(sequence_id)) - answers.ahead
    parts = [np.full((int((rows < 0).sum()), len(answers.classes)), -1, np.int8)]
    start = 0
    for (block,) in answers.blocks(sequence_id, name):
        parts.append(block[rows[(rows >= start) & (rows < start + len(block))] - start])
        start += len(block)
    return np.concatenate(parts)


def _ink(marks: NDArray[np.int8], colour: str) -> NDArray[np.uint8]:
    """Returns ``<uint8>[M, 3]``: white for 0, the colour for 1, grey without a label."""
    palette = np.array([WHITE, rgb(colour), rgb(UNLABELLED_COLOUR)], np.uint8)
    return palette[marks]


def _paint(axes: Any, bands: Sequence[NDArray[Any]], names: Sequence[str], span: float) -> None:
    """Draws ribbons ``<uint8>[M, 3]`` (or several, ``[n, M, 3]``), one below the other."""
    gap = np.full((GAP, bands[0].shape[-2], 3), 255, np.uint8)
    parts = [part for band in bands for part in (_thick(band), gap)][:-1]
    picture = np.concatenate(parts)
    extent = (0, span, len(picture), 0)
    axes.imshow(picture, aspect="auto", interpolation="nearest", extent=extent)
    axes.set_yticks([(BAND + GAP) * n + BAND / 2 for n in range(len(bands))])
    axes.set_yticklabels(names, parse_math=False, fontsize="small")
    _bare(axes, span)


def _paint_curves(
    axes: Any, seconds: NDArray[np.float64], values: Sequence[NDArray[np.float64]]
) -> None:
    true, predicted = values
    axes.plot(seconds, true, color="#555555", linewidth=1.0)
    axes.plot(seconds, predicted, color="#0072b2", linewidth=1.0)
    axes.margins(x=0)
    _bare(axes, float(seconds[-1]))


def _bare(axes: Any, span: float) -> None:
    """Takes away frame and ticks, and writes times as players do."""
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, labelsize="small")
    apart = next((step for step in APART if span <= MOST_TIMES * step), span / MOST_TIMES)
    places = np.arange(0.0, span * (1 + ROUNDING), apart)
    axes.set_xticks(places, [clock(place, hours=span >= HOUR) for place in places])


def _thick(band: NDArray[Any]) -> NDArray[Any]:
    rows = band if band.ndim == 3 else band[None]
    return np.repeat(rows, BAND // len(rows), axis=0)


def _span(answers: Answers, sequence_id: str) -> float:
    """Returns the seconds of a sequence, its last step with it."""
    steps = answers.steps(sequence_id)
    seconds = answers.seconds(sequence_id)
    return seconds * steps / (steps - 1) if steps > 1 and seconds > 0 else 1.0

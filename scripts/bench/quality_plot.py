"""The picture of ``quality.py``: quality against latency."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from quality_making import OFFLINE, RAW
from quality_rows import BACKWARD, BOTH, BOTH_LATE, NOW, RESET
from quality_tables import Answers

matplotlib.use("Agg")
import matplotlib.pyplot as plt

FIGURES = ("accuracy", "edit")
# Where answers stand that need the whole recording, behind a gap.
OFFLINE_AT = 8.0
LATE = ("now", "now, horizon -5", "now, horizon -10", "now, horizon -20")
HORIZONS = LATE[1:]
BOTH_WAYS = (BOTH, BOTH_LATE)
SEEDS = (
    *("seeds of now", "seeds of horizon -10", "seeds of both ways"),
    f"seeds of {BOTH_LATE}",
)


class Line:
    """Answers that are drawn as one line.

    Args:
        label: in the legend.
        rows: that they are of.
        decodings: that they come of; None for any but raw.
        colour: of the line.
        style: of line and marks.
    """

    def __init__(
        self,
        label: str,
        rows: Sequence[str],
        decodings: Sequence[str] | None,
        colour: str,
        style: str,
    ):
        self.label, self.colour, self.style = label, colour, style
        self._rows, self._decodings = rows, decodings

    def points(self, found: Sequence[Answers], figure: str) -> list[tuple[float, float]]:
        """Returns seconds and per cent of its answers, by their latency."""
        mine = [one for one in found if one.row.name in self._rows and self._has(one)]
        return sorted((_place(one), one.mean(figure)) for one in mine)

    def _has(self, one: Answers) -> bool:
        if self._decodings is None:
            return one.decoding != RAW
        return one.decoding in self._decodings


LINES = (
    Line("before, raw", ("before",), (RAW,), "#666666", "o"),
    Line("before, decoded", ("before",), None, "#666666", "D"),
    Line("now, the state reset at each chunk, raw", (RESET,), (RAW,), "#e69f00", "o"),
    Line("now, raw: at once, or late by --horizon", LATE, (RAW,), "#0072b2", "o-"),
    Line("now, decoded with --lag", (NOW,), None, "#d55e00", "D-"),
    Line("late by --horizon, decoded with --lag 0", HORIZONS, ("0", OFFLINE), "#009e73", "D-"),
    Line("backward, raw", (BACKWARD,), (RAW,), "#56b4e9", "o"),
    Line("backward, decoded", (BACKWARD,), None, "#56b4e9", "D"),
    Line("both ways, raw", BOTH_WAYS, (RAW,), "#cc79a7", "o"),
    Line("both ways, decoded", BOTH_WAYS, None, "#cc79a7", "D"),
    Line("several seeds, raw", SEEDS, (RAW,), "#000000", "o"),
    Line("several seeds, decoded", SEEDS, None, "#000000", "D"),
)


def draw(found: Sequence[Answers], path: Path) -> None:
    """Draws accuracy and edit score by the seconds that answers come late."""
    figure, axes = plt.subplots(1, len(FIGURES), figsize=(11, 4.6), layout="constrained")
    for axis, name in zip(axes, FIGURES, strict=True):
        for line in LINES:
            _draw_line(axis, line, line.points(found, name))
        axis.set_xticks([0, 1, 2, 3, 4, 6, OFFLINE_AT], [*"012346", "offline"])
        axis.set_xlabel("seconds that an answer comes late")
        axis.set_title("accuracy, %" if name == "accuracy" else "edit score", fontsize=10)
        axis.axvline((6 + OFFLINE_AT) / 2, color="#bbbbbb", lw=0.8, ls=":")
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _draw_line(axis: plt.Axes, line: Line, points: Sequence[tuple[float, float]]) -> None:
    """Draws what comes with a latency as a line, and what is offline as marks beside it."""
    if not points:
        return
    marker, joined = line.style[0], line.style[1:]
    online = [point for point in points if point[0] < OFFLINE_AT]
    marks = {"marker": marker, "color": line.colour, "mfc": _face(line), "ms": 5.5}
    axis.plot(*zip(*points, strict=True), ls="", label=line.label, **marks)
    if joined and len(online) > 1:
        axis.plot(*zip(*online, strict=True), joined, color=line.colour, lw=1.2)


def _face(line: Line) -> str:
    """Raw answers are hollow, decoded ones full."""
    return "white" if line.style[0] == "o" else line.colour


def _place(one: Answers) -> float:
    return OFFLINE_AT if one.late is None else one.late

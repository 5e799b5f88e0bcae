"""The picture of ``memory.py``."""

from pathlib import Path

import matplotlib
from measure import Facts

matplotlib.use("Agg")
import matplotlib.pyplot as plt

LINES = {
    "train": ("training in chunks", "#0072b2", "o-"),
    "evaluate": ("evaluation", "#009e73", "s--"),
    "whole": ("training on whole sequences", "#d55e00", "^-"),
}


def draw(found: dict[str, Facts], path: Path) -> None:
    """Draws peak memory by the length of the sequence."""
    figure, axis = plt.subplots(figsize=(7, 3.6), layout="constrained")
    for side, (name, colour, style) in LINES.items():
        points = [(int(steps), peaks[side]) for steps, peaks in found.items() if side in peaks]
        axis.plot(*zip(*points, strict=True), style, color=colour, label=name)
        axis.annotate(
            f" {points[-1][1]:,.0f} MB", points[-1], color=colour, va="center", fontsize=9
        )
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlim(right=4 * axis.get_xlim()[1])
    axis.set_xlabel("steps of the sequence")
    axis.set_ylabel("peak memory of the process, MB")
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(alpha=0.25)
    axis.legend(frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)

"""The picture of ``review.py``."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

COLOURS = {"random": "#999999", "review": "#0072b2", "best possible": "#009e73"}


def draw(minutes: Sequence[float], curves: Mapping[str, Sequence[float]], path: Path) -> None:
    """Draws how many labels are right after so many minutes, a line for each order."""
    figure, axis = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for name, shares in curves.items():
        axis.plot(minutes, [100 * share for share in shares], color=COLOURS[name], label=name)
    axis.set_xlabel("minutes reviewed")
    axis.set_ylabel("steps with the right label, %")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False)
    figure.savefig(path, dpi=110)
    plt.close(figure)

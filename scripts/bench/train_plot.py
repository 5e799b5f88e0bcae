"""The picture of ``train.py``."""

from pathlib import Path

import matplotlib
from measure import Facts

matplotlib.use("Agg")
import matplotlib.pyplot as plt

COLOURS = ("#0072b2", "#e69f00", "#f0b84d", "#f7d9a3", "#999999")


def draw(results: dict[str, dict[str, Facts]], path: Path) -> None:
    """Draws frames a second of each side, a group for each shape."""
    figure, axes = plt.subplots(1, len(results), figsize=(10, 3.2), layout="constrained")
    for axis, (shape, facts) in zip(axes, results.items(), strict=True):
        names = [name for name in facts if name != "products"][::-1]
        rates = [facts[name]["frames_per_second"] for name in names]
        bars = axis.barh(names, rates, color=COLOURS[: len(names)][::-1])
        axis.bar_label(bars, labels=[f"{rate:,.0f}" for rate in rates], padding=3, fontsize=8)
        axis.set_title(f"B, T, F, units\n{shape}", fontsize=9)
        axis.set_xlim(0, 1.35 * max(rates))
        axis.set_xticks([])
        axis.spines[["top", "right", "bottom"]].set_visible(False)
        if axis is not axes[0]:
            axis.set_yticks([])
    figure.suptitle(
        "Frames a second in training, from the store to the updated weights", fontsize=10
    )
    figure.savefig(path, dpi=110)
    plt.close(figure)

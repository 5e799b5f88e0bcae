"""The line of an epoch, which a terminal of 80 columns shows whole.

epoch 3/50  41% 00:12 left 10.2kframe/s, loss 0.412, acc 0.871, utilisation 0.981
epoch 3/50 00:21 10.2kframe/s, loss 0.402 val 0.533, acc 0.874 val 0.861
"""

from collections.abc import Mapping, Sequence
from typing import Any

from preprocessing.terminal.console import progress

UNDER_WAY = "{desc} {percentage:3.0f}% {remaining} left {rate_fmt}{postfix}"
ENDED = "{desc} {elapsed} {rate_fmt}{postfix}"
SHORT = {"loss": "loss", "accuracy": "acc", "mae": "mae"}
VALIDATION = "val_"


def epoch_bar(number: int, epochs: int, steps: int, done: int, shown: bool) -> Any:
    """Makes the progress bar of an epoch, to be closed by ``with``.

    Args:
        number: of the epoch, from 1.
        epochs: how many there will be at most.
        steps: of the epoch.
        done: how many of them were made before an interruption.
        shown: whether by this process.
    """
    return progress(
        disable=not shown,
        total=steps,
        initial=done,
        unit="frame",
        unit_scale=True,
        desc=f"epoch {number}/{epochs}",
        bar_format=UNDER_WAY,
    )


def show(bar: Any, row: Mapping[str, float]) -> None:
    """Puts the figures of an epoch behind its progress; those of validation end it.

    Args:
        bar: from ``epoch_bar``.
        row: figures by their names in ``history.csv``.
    """
    parts = []
    for name, short in SHORT.items():
        if name in row:
            validated = row.get(VALIDATION + name)
            val = "" if validated is None else f" val {_figure(validated)}"
            parts.append(f"{short} {_figure(row[name])}{val}")
    if any(name.startswith(VALIDATION) for name in row):
        bar.bar_format = ENDED
    elif "utilisation" in row:
        parts.append(f"utilisation {_figure(row['utilisation'])}")
    bar.set_postfix_str(", ".join(parts), refresh=False)


def best_of(history: Sequence[Mapping[str, float | None]], best_epoch: int) -> str:
    """Returns the best epoch with its validation figures; nothing if none was validated.

    Args:
        history: the rows of ``history.csv``.
        best_epoch: its number, from 1.
    """
    row = next((row for row in history if row.get("epoch") == best_epoch), {})
    figures = [
        f"{name} {_figure(value)}"
        for name in (VALIDATION + short for short in SHORT)
        if (value := row.get(name)) is not None
    ]
    return f", best in epoch {best_epoch} ({', '.join(figures)})" if figures else ""


def _figure(value: float) -> str:
    """Formats a figure: three decimals, none from 100 on, two digits of what is huge or tiny."""
    if value and not 0.001 <= abs(value) < 1e6:
        return f"{value:.2g}"
    return f"{value:.{3 if abs(value) < 100 else 0}f}"

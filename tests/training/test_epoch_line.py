"""The line of an epoch on a terminal of 80 columns, and the best epoch on the last line."""

import pytest
from terminals import shown_on_terminal

from trainer.training.epoch_line import best_of, epoch_bar, show

TRAINED = {"loss": 0.40219, "accuracy": 0.8738, "utilisation": 0.981}
VALIDATED = {**TRAINED, "val_loss": 0.53349, "val_accuracy": 0.86144}


def lines_of(rows: list[dict[str, float]], columns: int, epochs: int = 100) -> list[str]:
    """What a terminal of so many columns shows of an epoch."""

    def write() -> None:
        with epoch_bar(epochs, epochs, 123_456, 0, True) as bar:
            for row in rows:
                show(bar, row)
                bar.update(123_456 // len(rows))
                bar.refresh()

    shown = shown_on_terminal(write, columns)
    return [line.strip() for line in shown.replace("\n", "\r").split("\r") if line.strip()]


@pytest.mark.parametrize("epochs", [5, 100])
def test_figures_of_validation_are_seen_whole_on_80_columns(epochs: int) -> None:
    lines = lines_of([TRAINED, VALIDATED], 80, epochs)
    assert all(len(line) <= 80 for line in lines)
    assert "loss 0.402, acc 0.874" in lines[-2] or "loss 0.402, acc 0.874" in lines[1]
    assert "loss 0.402 val 0.533, acc 0.874 val 0.861" in lines[-1]


def test_large_and_tiny_figures_are_seen_too() -> None:
    row = {"loss": 123_456.7, "mae": 0.000012345, "val_loss": 98_765.4, "val_mae": 12_345.6}
    assert "loss 123457 val 98765, mae 1.2e-05 val 12346" in lines_of([row], 80)[-1]


def test_a_narrow_terminal_breaks_no_line() -> None:
    assert all(len(line) <= 40 for line in lines_of([TRAINED, VALIDATED], 40))


def test_the_best_epoch_is_named_with_its_figures() -> None:
    rows = [
        {"epoch": 1, "loss": 0.5, "val_loss": 0.7, "val_accuracy": 0.5},
        {"epoch": 2, "loss": 0.4, "val_loss": 0.612345, "val_accuracy": 0.75},
    ]
    assert best_of(rows, 2) == ", best in epoch 2 (val_loss 0.612, val_accuracy 0.750)"
    assert best_of(rows, 0) == ""
    assert best_of([{"epoch": 1, "loss": 0.5, "val_loss": None}], 1) == ""

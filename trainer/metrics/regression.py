"""Metrics of numbers at each step, as in metrics.json."""

import functools
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.column_moments import Moments
from trainer.metrics.class_counts import Durations
from trainer.metrics.spread import mean, spread
from trainer.metrics.tallies import NumberTallies

Numbers = NDArray[np.float32]
OF_COLUMNS = ("mae", "rmse", "r2")


@dataclass(frozen=True)
class Sums:
    """Sums over the labelled steps of one sequence.

    Attributes:
        truth: moments of the true numbers.
        low: ``<float64>[K]``, the least true numbers.
        high: ``<float64>[K]``, the largest true numbers.
        errors: ``<float64>[2, K]``, summed absolute and squared errors.
    """

    truth: Moments
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    errors: NDArray[np.float64]

    @classmethod
    def of(
        cls, true: NDArray[np.float64], predicted: Numbers, durations: Durations | None = None
    ) -> "Sums":
        """Computes the sums of labelled steps.

        Args:
            true: ``<float>[n, K]``.
            predicted: ``<float>[n, K]``.
            durations: what each step counts for; None for 1 each.
        """
        errors = np.abs(predicted - true)
        summed = np.stack(
            [each.sum(0) if durations is None else durations @ each for each in (errors, errors**2)]
        )
        return cls(Moments.of(true, durations), true.min(0), true.max(0), summed)

    def __add__(self, other: "Sums") -> "Sums":
        """Joins the sums of both."""
        low, high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        return Sums(self.truth + other.truth, low, high, self.errors + other.errors)


@dataclass
class RegressionScorer:
    """Adds up sequences, block by block.

    Args:
        columns: names of the numbers.

    Attributes:
        sums: the sums of each sequence that has labels.
    """

    columns: Sequence[str]
    sums: list[Sums] = field(default_factory=list)
    per_sequence: list[dict[str, Any]] = field(default_factory=list)

    def add(self, sequence_id: str, blocks: Iterable[Sequence[NDArray[Any]]]) -> None:
        """Counts one sequence.

        Args:
            sequence_id: its name.
            blocks: consecutive steps, true and predicted, both ``<float32>[n, K]``; true is NaN
                throughout a step without a label. A third array, ``<int64>[n]``, says what each
                step counts for; without it that is 1.
        """
        sums = None
        for true, predicted, *durations in blocks:
            labelled = ~np.isnan(true).any(1)
            if labelled.any():
                weights = [each[labelled] for each in durations]
                block = Sums.of(true[labelled].astype(np.float64), predicted[labelled], *weights)
                sums = sums + block if sums else block
        steps, mae = 0, None
        if sums:
            self.sums.append(sums)
            steps = sums.truth.count
            mae = float(sums.errors[0].mean()) / steps
        self.per_sequence.append({"sequence_id": sequence_id, "steps": steps, "mae": mae})

    def result(self) -> dict[str, Any]:
        """Returns all metrics, as in metrics.json.

        Definitions are those of scikit-learn's ``mean_absolute_error``,
        ``root_mean_squared_error`` and ``r2_score`` over all labelled steps; each of the three is
        the mean over columns, of R² over those whose truth changes.
        """
        total = functools.reduce(operator.add, self.sums) if self.sums else None
        rows = {name: _row(total, number) for number, name in enumerate(self.columns)}
        return {
            "steps": total.truth.count if total else 0,
            **{metric: mean(row[metric] for row in rows.values()) for metric in OF_COLUMNS},
            "mae_per_sequence": spread(row["mae"] for row in self.per_sequence),
            "per_column": rows,
            "per_sequence": self.per_sequence,
        }

    def tallies(self) -> NumberTallies:
        """Returns the sums of each sequence that has labels."""
        shape = (-1, len(self.columns))
        return NumberTallies(
            np.array([one.truth.count for one in self.sums], np.float64),
            np.array([one.errors for one in self.sums], np.float64).reshape(-1, 2, shape[1]),
            np.array([one.truth.mean for one in self.sums], np.float64).reshape(shape),
            np.array([one.truth.squares for one in self.sums], np.float64).reshape(shape),
            np.array([one.low for one in self.sums], np.float64).reshape(shape),
            np.array([one.high for one in self.sums], np.float64).reshape(shape),
        )


def _row(total: Sums | None, column: int) -> dict[str, float | None]:
    if total is None:
        return dict.fromkeys((*OF_COLUMNS, "true_min", "true_max"))
    absolute, squared = total.errors[:, column].tolist()
    steps = total.truth.count
    changes = total.high[column] > total.low[column]
    return {
        "mae": absolute / steps,
        "rmse": float(np.sqrt(squared / steps)),
        "r2": 1 - squared / float(total.truth.squares[column]) if changes else None,
        "true_min": float(total.low[column]),
        "true_max": float(total.high[column]),
    }

"""Numbers at a step: what metrics.json holds for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.spread import mean, spread
from trainer.normalization import Moments

Numbers = NDArray[np.float32]
OF_COLUMNS = ("mae", "rmse", "r2")


@dataclass
class RegressionScorer:
    """Adds up sequences, block by block.

    Args:
        columns: names of the numbers.

    Attributes:
        truth: moments of the true numbers, as far as they were seen.
        low, high: ``<float64>[K]``, the range of the true numbers.
        errors: ``<float64>[2, K]``, summed absolute and squared errors.
    """

    columns: Sequence[str]
    truth: Moments | None = None
    low: NDArray[np.float64] = field(init=False)
    high: NDArray[np.float64] = field(init=False)
    errors: NDArray[np.float64] = field(init=False)
    per_sequence: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.low = np.full(len(self.columns), np.inf)
        self.high = np.full(len(self.columns), -np.inf)
        self.errors = np.zeros((2, len(self.columns)))

    @property
    def steps(self) -> int:
        """Labelled steps so far."""
        return self.truth.count if self.truth else 0

    def add(self, sequence_id: str, blocks: Iterable[tuple[Numbers, Numbers]]) -> None:
        """Counts one sequence.

        Args:
            sequence_id: its name.
            blocks: consecutive steps, true and predicted, both ``<float32>[n, K]``; true is NaN
                throughout a step without a label.
        """
        steps, absolute = 0, 0.0
        for true, predicted in blocks:
            labelled = ~np.isnan(true).any(1)
            if not labelled.any():
                continue
            values = true[labelled].astype(np.float64)
            errors = np.abs(predicted[labelled] - values)
            self._add_truth(values)
            self.errors += [errors.sum(0), (errors**2).sum(0)]
            steps += len(values)
            absolute += float(errors.mean(1).sum())
        mae = absolute / steps if steps else None
        self.per_sequence.append({"sequence_id": sequence_id, "steps": steps, "mae": mae})

    def result(self) -> dict[str, Any]:
        """All metrics, as they stand in metrics.json.

        Definitions are those of scikit-learn's ``mean_absolute_error``,
        ``root_mean_squared_error`` and ``r2_score`` over all labelled steps; each of the three is
        the mean over columns, of R² over those whose truth changes.
        """
        rows = {name: self._row(number) for number, name in enumerate(self.columns)}
        return {
            "steps": self.steps,
            **{metric: mean(row[metric] for row in rows.values()) for metric in OF_COLUMNS},
            "mae_per_sequence": spread(row["mae"] for row in self.per_sequence),
            "per_column": rows,
            "per_sequence": self.per_sequence,
        }

    def _add_truth(self, values: NDArray[np.float64]) -> None:
        moments = Moments.of(values)
        self.truth = moments if self.truth is None else self.truth + moments
        self.low = np.minimum(self.low, values.min(0))
        self.high = np.maximum(self.high, values.max(0))

    def _row(self, column: int) -> dict[str, float | None]:
        if self.truth is None:
            return dict.fromkeys((*OF_COLUMNS, "true_min", "true_max"))
        absolute, squared = self.errors[:, column].tolist()
        changes = self.high[column] > self.low[column]
        return {
            "mae": absolute / self.steps,
            "rmse": float(np.sqrt(squared / self.steps)),
            "r2": 1 - squared / float(self.truth.squares[column]) if changes else None,
            "true_min": float(self.low[column]),
            "true_max": float(self.high[column]),
        }

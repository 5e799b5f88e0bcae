"""Relaxed boundaries: near a change, an answer may name the class on its other side.

    true       A A A A A A B B B B B B C C C
    forgiven         B B B A A A
                         C C C B B B          each way up to ``seconds`` from a change

The idea, and the way to average, are those of the phase challenges on M2CAI16 and Cholec80; the
published script differs, see ``published_relaxed``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.class_counts import SHARES
from trainer.metrics.published_relaxed import published_shares, published_steps, require_phases
from trainer.metrics.segmental import IntArray, segments
from trainer.metrics.spread import mean, spread

# Containers round times, some to milliseconds: two that are nominally so far apart may seem nearer.
ROUNDING_SECONDS = 1.5e-3
ROUNDING_SHARE = 0.25  # Of a step.


def forgiven(
    true: IntArray, predicted: IntArray, times: NDArray[np.float64], seconds: float
) -> IntArray:
    """Replaces wrong answers that are forgiven by the truth, ``<int>[N]``.

    A step at time t of a segment that begins at s, directly after one of class A, may be called A
    if t < s + seconds; of a segment that ends at e, directly before one of class B, it may be
    called B if t >= e - seconds.

    Args:
        true: ``<int>[N]``, negative where there is no label.
        predicted: ``<int>[N]``.
        times: ``<float64>[N]``, seconds.
        seconds: the distance from a change within which answers are forgiven.
    """
    answers: IntArray = predicted.copy()
    truth = segments(true)
    for number in truth.changes().tolist():
        before, place, after = truth.starts[number - 1], truth.starts[number], truth.stops[number]
        old, new = truth.labels[number - 1], truth.labels[number]
        change, step = times[place], times[place] - times[place - 1]
        slack = min(ROUNDING_SECONDS, ROUNDING_SHARE * step)
        late = place + np.searchsorted(times[place:after], change + seconds - slack)
        early = before + np.searchsorted(times[before:place], change - seconds - slack)
        answers[place:late][predicted[place:late] == old] = new
        answers[early:place][predicted[early:place] == new] = old
    return answers


@dataclass
class RelaxedScorer:
    """Averages over sequences.

    Args:
        classes: names of the classes.
        seconds: the distance from a change within which wrong answers may be forgiven.
        bug_compatible: True to count as the published script does.

    Attributes:
        sums: ``<float64>[4, C]``, precision, recall, F1 and Jaccard summed over sequences.
        known: ``<int64>[4, C]``, the number of sequences in each sum.

    Raises:
        InputError: the published script does not know the classes.
    """

    classes: Sequence[str]
    seconds: float
    bug_compatible: bool = False
    accuracies: list[float] = field(default_factory=list)
    sums: NDArray[np.float64] = field(init=False)
    known: NDArray[np.int64] = field(init=False)
    phases: IntArray = field(init=False)

    def __post_init__(self) -> None:
        self.sums = np.zeros((len(SHARES), len(self.classes)))
        self.known = np.zeros(self.sums.shape, np.int64)
        names = self.classes if self.bug_compatible else ()
        self.phases = require_phases(names)

    def add(self, true: IntArray, predicted: IntArray, times: NDArray[np.float64]) -> None:
        """Counts one sequence; see ``forgiven``.

        Args:
            true: ``<int>[N]``, negative where there is no label.
            predicted: ``<int>[N]``.
            times: ``<float64>[N]``, seconds.
        """
        labelled = true >= 0
        if not labelled.any():
            return
        if self.bug_compatible:
            right = published_steps(self.phases, true, predicted, times, self.seconds)
            shares = published_shares(
                true[labelled], predicted[labelled], right[labelled], len(self.classes)
            )
            accuracy = float(right[labelled].mean())
        else:
            answers = forgiven(true, predicted, times, self.seconds)
            shares = _shares(true[labelled], answers[labelled], len(self.classes))
            accuracy = float((true == answers)[labelled].mean())
        self.accuracies.append(accuracy)
        self.sums += np.nan_to_num(shares)
        self.known += ~np.isnan(shares)

    def result(self) -> dict[str, Any]:
        """Returns ``relaxed`` of metrics.json."""
        rows = {name: self._row(number) for number, name in enumerate(self.classes)}
        return {
            "seconds": self.seconds,
            "bug_compatible": self.bug_compatible,
            "accuracy": mean(self.accuracies),
            "accuracy_per_sequence": spread(self.accuracies),
            **{share: mean(row[share] for row in rows.values()) for share in SHARES},
            "per_class": rows,
        }

    def _row(self, number: int) -> dict[str, float | None]:
        pairs = zip(SHARES, self.sums[:, number].tolist(), self.known[:, number], strict=True)
        return {share: total / int(known) if known else None for share, total, known in pairs}


def _shares(true: IntArray, answers: IntArray, classes: int) -> NDArray[np.float64]:
    """Returns precision, recall, F1 and Jaccard in a sequence, ``<float64>[4, C]``.

    NaN for a class that the truth of the sequence lacks; precision of no answer is 0.
    """
    found, said, there = (
        np.bincount(labels, minlength=classes).astype(float)
        for labels in (true[true == answers], answers, true)
    )
    shares = np.stack(
        [
            found / np.maximum(said, 1),
            found / np.maximum(there, 1),
            2 * found / np.maximum(said + there, 1),
            found / np.maximum(said + there - found, 1),
        ]
    )
    shares[:, there == 0] = np.nan
    return shares

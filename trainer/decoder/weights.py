"""The choices of a decoder: weights of one class a step, lengths of several."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Weights:
    """The weights of a Viterbi decoder.

    Attributes:
        emission: what the logarithm of a probability weighs beside transitions and durations.
        prior: what the logarithm of a class's share of the training labels weighs, which is
            taken from it: 0, or 1 for the likelihood of what was seen instead of the class.
        durations: whether classes last as counted; otherwise they end as likely at any time.
    """

    emission: float
    prior: float
    durations: bool


@dataclass(frozen=True)
class Lengths:
    """The thresholds and least lengths that make classes present or absent, of C classes.

    Attributes:
        thresholds: probabilities from which on a class is there.
        present: seconds for which it is at least there.
        absent: seconds for which it is at least not there, between two times that it is.
    """

    thresholds: tuple[float, ...]
    present: tuple[float, ...]
    absent: tuple[float, ...]


@dataclass(frozen=True)
class Choice:
    """The best weights for a lag, on the validation split.

    Attributes:
        lag: seconds; None for offline.
        chosen: False where raw answers were as good.
        weights: the best, also where raw answers were as good.
        raw: how good raw answers were, by the names of metrics.json.
        decoded: how good decoded ones were.
    """

    lag: float | None
    chosen: bool
    weights: Weights | Lengths
    raw: Mapping[str, float]
    decoded: Mapping[str, float]

    def facts(self) -> dict[str, Any]:
        """Returns the weights by name."""
        return asdict(self.weights)

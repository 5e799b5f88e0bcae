"""The decoder of a run: what was counted in labels, and how much each thing weighs.

Raw answers are about one step each. A decoder knows how classes follow each other and how long they
last, and makes of all of them one course: offline it sees the whole sequence, with a lag the steps
up to so many seconds later. Of several classes a step, it knows how long each is there at least.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainer.decoder.counts import Counts
from trainer.decoder.weights import Choice, Lengths

VITERBI, LENGTHS = "viterbi", "lengths"


@dataclass(frozen=True)
class Decoder:
    """A decoder that was chosen.

    Attributes:
        classes: names, in the order of the model's outputs.
        rate: steps a second of the answers that it was chosen by.
        counts: of the labels of the training split; None for several classes a step.
        choices: for offline and for each lag that was tried, what was best there.
        chosen_by: the number of sequences whose answers it was chosen by.
    """

    classes: tuple[str, ...]
    rate: float
    counts: Counts | None
    choices: Sequence[Choice]
    chosen_by: int = 0

    @property
    def kind(self) -> str:
        """``viterbi`` for one class a step, ``lengths`` for several."""
        return LENGTHS if self.counts is None else VITERBI

    @property
    def course_counts(self) -> Counts:
        """The counts of a decoder of one class a step."""
        if self.counts is None:
            raise ValueError("a decoder of several classes a step has no course")
        return self.counts

    def choice(self, lag: float | None) -> Choice:
        """Returns what was chosen for the nearest lag that was tried.

        Args:
            lag: seconds; None for offline.
        """
        online = [one for one in self.choices if one.lag is not None]
        if lag is None or not online:
            return next(one for one in self.choices if one.lag is None)
        return min(online, key=lambda one: abs((one.lag or 0.0) - lag))

    def chosen(self, lag: float | None) -> bool:
        """Returns False where raw answers were as good as any decoded ones.

        Args:
            lag: seconds; None for offline.
        """
        return self.choice(lag).chosen

    def lag_steps(self, lag: float | None) -> int | None:
        """Returns a lag in steps, at the rate of the run's store.

        Args:
            lag: seconds; None for offline.
        """
        return None if lag is None else round(lag * self.rate)

    def facts(self, lag: float | None) -> dict[str, Any]:
        """Returns what ``decoder`` of metrics.json says of answers that it decoded.

        Args:
            lag: seconds; None for offline.
        """
        choice = self.choice(lag)
        weights = choice.facts()
        if isinstance(choice.weights, Lengths):
            weights = {
                name: dict(zip(self.classes, values, strict=True))
                for name, values in weights.items()
            }
        return {"kind": self.kind, "weights": weights, "lag": lag, "weights_of_lag": choice.lag}

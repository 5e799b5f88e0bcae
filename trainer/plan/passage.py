"""The passage of a model through a sequence: what each of its steps sees, and is asked about.

Of a sequence of 5 steps, by the steps of the model in the order in which it takes them:

    step of the model               0   1   2   3   4   5   6
    horizon 0             sees      0   1   2   3   4
                          about     0   1   2   3   4
    horizon 2             sees      0   1   2   3   4
                          about     2   3   4   -   -
    horizon -2            sees      0   1   2   3   4   4   4     the last step is repeated
                          about     -   -   0   1   2   3   4
    horizon -2, backward  sees      4   3   2   1   0   0   0
                          about     -   -   4   3   2   1   0

So every step is asked about once, but for the first ones with a horizon above 0.
"""

from dataclasses import dataclass
from typing import NamedTuple


def late(horizon: int) -> int:
    """Returns how many further steps an answer has seen; 0 unless the horizon is negative."""
    return max(0, -horizon)


def ahead(horizon: int) -> int:
    """Returns how many steps an answer lies ahead; 0 if the horizon is negative."""
    return max(0, horizon)


class Stretch(NamedTuple):
    """Steps of a sequence, and the steps of the model to which they belong.

    Attributes:
        start: the first of them, in the sequence's own time.
        stop: the step behind the last.
        place: the place of the model's first step among those that were asked about; the others
            follow it.
    """

    start: int
    stop: int
    place: int

    @property
    def places(self) -> slice:
        """The places of the model's steps among those that were asked about."""
        return slice(self.place, self.place + self.stop - self.start)


@dataclass(frozen=True)
class Passage:
    """The passage of a model through one sequence.

    Attributes:
        steps: N of the sequence, at least 1.
        horizon: step t of the model is asked about the step that it sees at t + horizon.
        backward: True if the model takes the steps from the last to the first.
    """

    steps: int
    horizon: int = 0
    backward: bool = False

    @property
    def asked(self) -> int:
        """The number of steps of the model: those of the sequence, and as many as it is late."""
        return self.steps + late(self.horizon)

    def seen(self, start: int, stop: int) -> Stretch:
        """Returns what some steps of the model see; those behind it see its last one again.

        Args:
            start: the first step of the model.
            stop: the step behind the last one.
        """
        first = min(start, self.steps - 1)
        return self._stretch(first, max(min(stop, self.steps), first + 1), first)

    def about(self, start: int, stop: int) -> Stretch:
        """Returns what some steps of the model are asked about, which may be nothing.

        Args:
            start: the first step of the model.
            stop: the step behind the last one.
        """
        first = min(max(start + self.horizon, 0), self.steps)
        last = max(min(stop + self.horizon, self.steps), first)
        return self._stretch(first, last, start + self.horizon)

    def rows(self, start: int, stop: int) -> Stretch:
        """Returns where predictions hold the answers of some steps of the model.

        It is at the step that an answer is about; with a horizon above 0, at the one that gave it.

        Args:
            start: the first step of the model.
            stop: the step behind the last one.
        """
        if self.horizon > 0:
            return self._stretch(start, stop, start)
        return self.about(start, stop)

    def _stretch(self, first: int, last: int, asked: int) -> Stretch:
        """Returns what is seen at some steps of the model, none of them beyond the sequence.

        Args:
            first: the first of them.
            last: the step behind them.
            asked: the first of those that were asked about.
        """
        place = first - asked
        if self.backward:
            return Stretch(self.steps - last, self.steps - first, place)
        return Stretch(first, last, place)

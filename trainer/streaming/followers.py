"""Several models that follow one sequence together, as evaluation joins their answers.

Each answers when it can; a step is answered once all have. With horizons 0 and -2:

    step            0   1   2   3   4   end
    one answers     0   1   2   3   4
    another                 0   1   2   3 4
    together                0   1   2   3 4
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from trainer.model.together import mean_answer
from trainer.run.checkpoint import Checkpoint, all_finite
from trainer.run.folder import Run
from trainer.streaming.follower import Answer, Follower

EARLY = "early"  # Answers that wait for those of other models.


class Followers:
    """Answers the steps of one sequence in their order, by the mean of several models.

    Args:
        run: an ensemble; see ``Follower`` for what it cannot be.

    Attributes:
        layout: that of all as one.
        dimension: F.
        late: the number of steps by which the latest of them answers late.
        answered: the number of steps that were answered.
    """

    def __init__(self, run: Run):
        self.layout, self.dimension = run.layout, run.facts.dimension
        self._each = [Follower(member) for member in run.answering]
        self._waiting: list[deque[NDArray[np.float32]]] = [deque() for _ in self._each]
        self.late = max(one.late for one in self._each)
        self.answered = 0

    @property
    def steps(self) -> int:
        """The number of steps that came."""
        return self._each[0].steps

    def answers(self, features: NDArray[Any]) -> list[Answer]:
        """Takes the next step, and returns the answers that it allows: one, or none yet.

        Args:
            features: ``<float>[F]``.

        Raises:
            InputError: a feature is not finite.
        """
        return self._joined([one.answers(features) for one in self._each])

    def finish(self) -> list[Answer]:
        """Returns the answers that are still to come, as if the sequence ended here."""
        return self._joined([one.finish() for one in self._each])

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Returns the state for a later ``restore``, by name."""
        named: dict[str, NDArray[Any]] = {}
        for number, (one, waiting) in enumerate(zip(self._each, self._waiting, strict=True)):
            rows = np.array(waiting, "float32").reshape(-1, self.layout.task.size)
            named |= {f"{number}/{name}": array for name, array in one.arrays().items()}
            named[f"{EARLY}/{number}"] = rows
        return named

    def restore(self, saved: Checkpoint) -> None:
        """Restores the state that ``arrays`` returned.

        Raises:
            InputError: the arrays are not a state of these models.
        """
        waiting = []
        for number, one in enumerate(self._each):
            start = f"{number}/"
            own = {
                name.removeprefix(start): array
                for name, array in saved.arrays.items()
                if name.startswith(start)
            }
            one.restore(Checkpoint(saved.path, own))
            waiting.append(saved.arrays.get(f"{EARLY}/{number}"))
        if not self._fit(waiting) or saved.arrays.keys() != self.arrays().keys():
            raise InputError(
                f"{saved.path} does not hold a state of these models; delete it to begin anew"
            )
        self._waiting = [deque(rows) for rows in waiting if rows is not None]
        self.answered = min(one.answered for one in self._each)

    def _fit(self, waiting: Sequence[NDArray[Any] | None]) -> bool:
        """Returns True if what waits are the answers that not all have given yet."""
        answered = min(one.answered for one in self._each)
        return len({one.steps for one in self._each}) == 1 and all(
            rows is not None
            and rows.shape == (one.answered - answered, self.layout.task.size)
            and rows.dtype == np.float32
            and all_finite({EARLY: rows})
            for one, rows in zip(self._each, waiting, strict=True)
        )

    def _joined(self, several: Sequence[Sequence[Answer]]) -> list[Answer]:
        """Takes the next answers of each; returns the mean of those that all have given."""
        for waiting, found in zip(self._waiting, several, strict=True):
            waiting.extend(answer.outputs for answer in found)
        joined = []
        for _ in range(min(map(len, self._waiting))):
            outputs = [waiting.popleft() for waiting in self._waiting]
            joined.append(Answer(self.answered, mean_answer(self.layout.task, outputs)))
            self.answered += 1
        return joined


AnyFollower = Follower | Followers


def follow(run: Run) -> AnyFollower:
    """Returns what follows a sequence by the model of a run, or by those of an ensemble.

    Raises:
        InputError: a model is missing, cannot be opened, or goes backward.
    """
    members = run.answering
    return Follower(run) if members == [run] else Followers(run)

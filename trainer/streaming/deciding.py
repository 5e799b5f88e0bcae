"""A follower whose answers are decoded: each waits until its class is decided.

With a lag of 2 steps:

    step        0   1   2   3   4  (end)
    answered    0   1   2   3   4
    decided     -   -   0   1   2   3 4
"""

import json
from collections import deque
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from trainer.decoded.decoding import Decoding
from trainer.decoder.following import Following
from trainer.layout import Layout
from trainer.run.checkpoint import Checkpoint
from trainer.streaming.follower import Answer
from trainer.streaming.followers import AnyFollower
from trainer.streaming.lines import require_finite

# The names of its own arrays in a state, and where those of the decoder begin.
PLACE, WAITING, WHOSE, DECODER = "decided/place", "decided/waiting", "decided/whose", "decoder/"


class DecidingFollower:
    """Answers the steps of one sequence in their order, and decodes the answers.

    Args:
        follower: what answers.
        decoding: what is made of the answers, with a lag; None to leave them raw.
    """

    def __init__(self, follower: AnyFollower, decoding: Decoding | None):
        self.follower, self._decoding = follower, decoding
        self._following = decoding.following() if decoding else None
        # Answers that are not decided yet; how many steps were given to whoever asks, and how many
        # the decoder has decided. They differ after an end that was none.
        self._waiting: deque[NDArray[np.float32]] = deque()
        self._given = self._decided = 0

    @property
    def layout(self) -> Layout:
        """The layout of the model."""
        return self.follower.layout

    @property
    def late(self) -> int:
        """The number of steps by which answers come late, those of the lag among them."""
        lag_steps = self._decoding.lag_steps if self._decoding else 0
        return self.follower.late + (lag_steps or 0)

    @property
    def steps(self) -> int:
        """The number of steps that came."""
        return self.follower.steps

    @property
    def answered(self) -> int:
        """The number of steps that were answered, and decided."""
        return self.follower.answered if self._following is None else self._given

    def answers(self, features: NDArray[Any]) -> list[Answer]:
        """Takes the next step, and returns the answers that are decided now.

        Args:
            features: ``<float>[F]``.

        Raises:
            InputError: a feature, or an answer, is not finite.
        """
        return self._taken(self.follower.answers(features))

    def finish(self) -> list[Answer]:
        """Returns the answers that are still to come, as if the sequence ended here.

        If it goes on nevertheless, what comes is decided as if this had not been asked; but for
        steps whose answers come late, the answers of here stand, and the decoder goes by them.
        """
        found = self._taken(self.follower.finish())
        if self._following is None or self._decoding is None or not self._waiting:
            return found
        # Another one ends, so that this one can go on.
        ending = self._decoding.following()
        ending.restore(self._following.arrays())
        skipped = self._given - self._decided
        for decoded in ending.finish()[skipped:]:
            found.append(self._next(decoded))
        return found

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Returns the state for a later ``restore``, by name."""
        found = dict(self.follower.arrays())
        if self._following is not None:
            size = self.follower.layout.task.size
            waiting = np.stack(self._waiting) if self._waiting else np.zeros((0, size), "float32")
            found |= {PLACE: np.array([self._given, self._decided]), WAITING: waiting}
            found |= {f"{DECODER}{name}": own for name, own in self._following.arrays().items()}
            found[WHOSE] = self._whose()
        return found

    def restore(self, saved: Checkpoint) -> None:
        """Restores the state that ``arrays`` returned.

        Raises:
            InputError: the arrays are not a state of this model, decoder and lag.
        """
        own = {PLACE, WAITING, WHOSE}
        others = {
            name: array
            for name, array in saved.arrays.items()
            if name not in own and not name.startswith(DECODER)
        }
        if self._following is not None:
            try:
                self._restore(saved.arrays, self._following)
            except (KeyError, ValueError, TypeError):
                raise _other_decoder(saved) from None
        elif len(others) < len(saved.arrays):
            raise _other_decoder(saved)
        self.follower.restore(Checkpoint(saved.path, others))
        undecided = self.follower.answered - self._given
        if self._following is not None and len(self._waiting) != undecided:
            raise _other_decoder(saved)

    def _restore(self, arrays: Mapping[str, NDArray[Any]], following: Following) -> None:
        """Restores what is decided.

        Raises:
            KeyError, TypeError, ValueError: the arrays are no state of this decoder and lag.
        """
        waiting, place = arrays[WAITING], arrays[PLACE]
        size = self.follower.layout.task.size
        given, decided = map(int, place)
        if not np.array_equal(arrays[WHOSE], self._whose()) or not 0 <= decided <= given:
            raise ValueError("another decoder")
        if waiting.dtype != np.float32 or waiting.shape[1:] != (size,):
            raise ValueError("other answers")
        following.restore(
            {
                name.removeprefix(DECODER): array
                for name, array in arrays.items()
                if name.startswith(DECODER)
            }
        )
        self._waiting, self._given, self._decided = deque(waiting), given, decided

    def _taken(self, answers: Iterable[Answer]) -> list[Answer]:
        """Takes raw answers, and returns what is decided by them."""
        if self._following is None:
            return list(answers)
        found = []
        for answer in answers:
            require_finite(answer)
            self._waiting.append(answer.outputs)
            for decoded in self._following.push(answer.outputs):
                self._decided += 1
                if self._decided > self._given:
                    found.append(self._next(decoded))
        return found

    def _next(self, decoded: NDArray[Any]) -> Answer:
        """Returns the first answer that waits."""
        self._given += 1
        return Answer(self._given - 1, self._waiting.popleft(), decoded)

    def _whose(self) -> NDArray[np.uint8]:
        """Returns a digest of the decoder and its lag."""
        facts = json.dumps(self._decoding and self._decoding.facts(), sort_keys=True)
        digest = blake2b(facts.encode(), digest_size=16).digest()
        return np.frombuffer(digest, np.uint8)


def _other_decoder(saved: Checkpoint) -> InputError:
    return InputError(
        f"{saved.path} was written with another --decode or --lag, or another decoder; give those, "
        "or delete it to begin anew"
    )

"""The answers of a stream as lines, and the state that is kept after them."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from preprocessing.videos.stream_samples import StreamSample
from trainer.streaming.deciding import DecidingFollower
from trainer.streaming.follower import Answer
from trainer.streaming.lines import Lines
from trainer.streaming.state import StreamState
from trainer.streaming.waiting import Waiting


class Speaker:
    """Passes samples through a follower, and writes a line for each answer.

    Args:
        follower: what answers.
        state: the place in the source, which is restored.
        start_time: the second that players show as 0.

    Attributes:
        lines: what was written.
    """

    def __init__(self, follower: DecidingFollower, state: StreamState, start_time: float):
        self.follower, self.state = follower, state
        self.lines = Lines(follower.layout, start_time, follower.late > 0)
        self._waiting = Waiting()
        state.restore(follower, self._waiting)

    def hear(
        self, samples: Sequence[StreamSample], rows: NDArray[Any], origin: float | None
    ) -> None:
        """Takes the next samples, writes what can be answered, and keeps the state.

        Args:
            samples: at least one.
            rows: their features, ``<float>[n, F]``.
            origin: the second since 1970 that is 0 of a live source.
        """
        for sample, features in zip(samples, rows, strict=True):
            self._waiting.add(sample)
            self._write(self.follower.answers(features))
        self._keep(samples[-1].timestamp, origin)

    def finish(self, origin: float | None) -> None:
        """Writes the answers that are still to come where the source ends.

        Args:
            origin: the second since 1970 that is 0 of a live source.
        """
        if answers := self.follower.finish():
            self._write(answers)
            self._keep(self.state.timestamp, origin)

    def _write(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            self.lines.write(answer, self._waiting)

    def _keep(self, timestamp: float, origin: float | None) -> None:
        arrays = {**self.follower.arrays(), **self._waiting.arrays()}
        self.state.advance(arrays, timestamp, origin)

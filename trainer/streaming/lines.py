"""The output of a stream: one line of JSON per step."""

import time
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.terminal.console import send_json
from trainer.layout import Layout
from trainer.streaming.follower import Answer
from trainer.streaming.waiting import Waiting
from trainer.task import Classification, Regression


class Lines:
    """Writes the answers of steps to standard output.

    Args:
        layout: the layout of the model.
        start_time: the second that players show as 0.
        late: True if steps wait for their answers.

    Attributes:
        written: the number of lines written.
    """

    def __init__(self, layout: Layout, start_time: float, late: bool = False):
        self.layout, self.start_time, self.late, self.written = layout, start_time, late, 0

    def write(self, answer: Answer, waiting: Waiting) -> None:
        """Writes one step's line and flushes it.

        Args:
            answer: the answer.
            waiting: the steps that wait for theirs, from this one on.

        Raises:
            InputError: an output is not finite.
        """
        moment, newest = waiting.take()
        line: dict[str, Any] = {
            "step": answer.step,
            "time": round(moment.timestamp - self.start_time, 6),
        }
        if moment.clock is not None:
            line["clock"] = datetime.fromtimestamp(moment.clock, timezone.utc).isoformat()
        if self.layout.horizon > 0:
            line["ahead"] = self.layout.horizon
        if self.late:
            line["behind"] = round(newest.timestamp - moment.timestamp, 6)
        require_finite(answer)
        line |= self._answer(answer.outputs)
        if answer.decoded is not None:
            line["decoded"] = self._named(answer.decoded)
        line["latency"] = round(time.monotonic() - newest.arrived, 6)
        line["dropped"] = moment.dropped
        send_json(line)
        self.written += 1

    def _answer(self, outputs: NDArray[np.float32]) -> dict[str, Any]:
        task = self.layout.task
        numbers = [float(str(number)) for number in outputs]  # The shortest that mean the same.
        named = dict(zip(task.classes, numbers, strict=True))
        if isinstance(task, Regression):
            return {"values": named}
        predicted = task.predicted(outputs)
        if isinstance(task, Classification):
            label = task.classes[int(predicted)]
            return {"label": label, "confidence": named[label], "probabilities": named}
        return {"labels": self._named(predicted), "probabilities": named}

    def _named(self, said: NDArray[Any]) -> str | list[str]:
        """Returns the name of a class, or those of several."""
        classes = self.layout.task.classes
        if isinstance(self.layout.task, Classification):
            return classes[int(said)]
        return [classes[number] for number in np.flatnonzero(said)]


def require_finite(answer: Answer) -> None:
    """Checks that an answer is made of numbers.

    Raises:
        InputError: one is NaN or infinite.
    """
    if not np.isfinite(answer.outputs).all():
        raise InputError(
            f"the answer of step {answer.step} is not finite: the model has diverged, train it "
            "anew with a lower --learning-rate; or the --state is damaged, delete it"
        )

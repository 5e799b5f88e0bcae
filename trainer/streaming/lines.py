"""The output of a stream: one line of JSON per step."""

import time
from datetime import datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.terminal.console import send_json
from preprocessing.videos.stream_samples import StreamSample
from trainer.layout import Layout
from trainer.task import Classification, Regression


class Lines:
    """Writes the answers of steps to standard output.

    Args:
        layout: the layout of the model.
        start_time: the second that players show as 0.

    Attributes:
        written: the number of lines written.
    """

    def __init__(self, layout: Layout, start_time: float):
        self.layout, self.start_time, self.written = layout, start_time, 0

    def write(
        self,
        step: int,
        sample: StreamSample,
        outputs: NDArray[np.float32],
        decoded: NDArray[Any] | None = None,
    ) -> None:
        """Writes one step's line and flushes it.

        Args:
            step: the step's number.
            sample: the step's sample.
            outputs: the model's outputs, ``<float32>[C]``.
            decoded: the class ``<int32>[]`` or classes ``<int8>[C]`` that were decided, if any.

        Raises:
            InputError: an output is not finite.
        """
        line: dict[str, Any] = {
            "step": step,
            "time": round(sample.timestamp - self.start_time, 6),
        }
        if sample.clock is not None:
            line["clock"] = datetime.fromtimestamp(sample.clock, timezone.utc).isoformat()
        if self.layout.horizon:
            line["ahead"] = self.layout.horizon
        require_finite(step, outputs)
        line |= self._answer(outputs)
        if decoded is not None:
            line["decoded"] = self._named(decoded)
        line["latency"] = round(time.monotonic() - sample.arrived, 6)
        line["dropped"] = sample.dropped
        send_json(line)
        self.written += 1

    def _named(self, said: NDArray[Any]) -> str | list[str]:
        """Returns the name of a class, or those of several."""
        classes = self.layout.task.classes
        if isinstance(self.layout.task, Classification):
            return classes[int(said)]
        return [classes[number] for number in np.flatnonzero(said)]

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


def require_finite(step: int, outputs: NDArray[np.float32]) -> None:
    """Checks that an answer is made of numbers.

    Args:
        step: the step that it is about.
        outputs: ``<float32>[C]``.

    Raises:
        InputError: one is NaN or infinite.
    """
    if not np.isfinite(outputs).all():
        raise InputError(
            f"the answer of step {step} is not finite: the model has diverged, train it anew "
            "with a lower --learning-rate; or the --state is damaged, delete it"
        )

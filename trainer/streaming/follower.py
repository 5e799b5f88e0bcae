"""A trained model that follows one sequence, a step at a time, as evaluation goes through it.

With the carry it answers each step from the one before. A model that was trained in windows gets
the windows of evaluation, T = 4 and burn-in 1 here; ``w`` warms the carry and was answered before:

    step        0 1 2 3 4 5 6 7 8 9
    window 0    x x x x
    window 1          w x x x
    window 2                w x x x

With a horizon below 0 answers come late; at the end the last step is repeated. Horizon -2:

    step        0   1   2   3   4  (4) (4)
    answers     -   -   0   1   2   3   4
"""

import copy
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from trainer.model.model_file import load_model
from trainer.plan.passage import late
from trainer.run.checkpoint import Checkpoint, all_finite, numbered
from trainer.run.folder import Run
from trainer.step.forward import forward_step
from trainer.streaming.arriving import Arriving


class Answer(NamedTuple):
    """An answer to one step.

    Attributes:
        step: the row of predictions that holds it: the step that it is about or, with a horizon
            above 0, the step that gave it.
        outputs: ``<float32>[C]``; see ``trainer.task``.
        decoded: the class ``<int32>[]``, or classes ``<int8>[C]``, that a decoder has decided; None
            where there is none.
    """

    step: int
    outputs: NDArray[np.float32]
    decoded: NDArray[Any] | None = None


def require_forward(run: Run) -> None:
    """Checks that a run takes steps as they come.

    Raises:
        InputError: it goes backward.
    """
    if run.layout.backward:
        raise InputError(
            f"{run.path} was trained with --direction backward: it begins at the end of a "
            "recording, and a stream has none yet; use evaluate or predict, or a run that goes "
            "forward"
        )


class Follower:
    """Answers the steps of one sequence in their order.

    Where labels are inputs, the model's own answers stand for them.

    Args:
        run: the run of the model.

    Attributes:
        steps: the number of steps that came.
        answered: the number of steps that were answered; they differ where answers come late.
        late: the number of steps by which they do.

    Raises:
        InputError: the run has no model yet, it cannot be opened, or it goes backward.
    """

    def __init__(self, run: Run):
        require_forward(run)
        self.config, self.layout, self.dimension = run.config, run.layout, run.facts.dimension
        self.late = late(self.layout.horizon)
        answering = replace(self.config, feed="predictions")
        model = load_model(run.model_path)
        self._forward = forward_step(model, answering, self.layout.task)
        self._arriving = Arriving(self.layout, self.dimension, self._forward.initial_carry(1))
        self._recent: deque[NDArray[np.float32]] = deque(maxlen=self._burn_in)
        self._last = np.zeros(self.dimension, "float32")
        self.steps = self.answered = self._passed = 0
        # The first step should not wait until this is compiled.
        self._pass(self._last)
        self._arriving.reset()

    def answers(self, features: NDArray[Any]) -> list[Answer]:
        """Takes the next step, and returns the answers that it allows: one, or none yet.

        Args:
            features: ``<float>[F]``.

        Raises:
            InputError: a feature is not finite.
        """
        step = np.asarray(features, "float32")
        if step.shape != (self.dimension,) or not np.isfinite(step).all():
            raise InputError(
                f"step {self.steps} has features of shape {list(step.shape)}, or some that are NaN "
                f"or infinite; expected {self.dimension} finite numbers"
            )
        self.steps, self._last = self.steps + 1, step
        return self._next(step)

    def finish(self) -> list[Answer]:
        """Returns the answers that are still to come, as if the sequence ended here.

        If it goes on nevertheless, what comes is answered as if this had not been asked, without
        what was answered here.
        """
        if self.answered == self.steps:
            return []
        with self._undone():
            return [answer for _ in range(self.late) for answer in self._next(self._last)]

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Returns the state for a later ``restore``, by name."""
        recent = np.stack(self._recent) if self._recent else np.zeros((0, self.dimension))
        place = [np.array(self.steps), recent.astype("float32")]
        waiting = [np.array(self.answered), self._last] if self.late else []
        return {
            **self._arriving.arrays("carry"),
            **numbered("place", place),
            **numbered("late", waiting),
        }

    def restore(self, saved: Checkpoint) -> None:
        """Restores the state that ``arrays`` returned.

        Raises:
            InputError: the arrays are not a state of this model.
        """
        if not self._fits(saved):
            raise InputError(
                f"{saved.path} does not hold a state of this model; delete it to begin anew"
            )
        steps, recent = saved.group("place")
        self.steps = self.answered = self._passed = int(steps)
        self._recent = deque(recent, self._burn_in)
        if self.late:
            answered, self._last = saved.group("late")
            self.answered = int(answered)
        self._arriving.restore(saved, "carry")

    def _fits(self, saved: Checkpoint) -> bool:
        """Returns True if the arrays can be a state of this model."""
        own, arrays = self.arrays(), saved.arrays
        fits = arrays.keys() == own.keys() and all(
            arrays[name].shape == array.shape and arrays[name].dtype == array.dtype
            for name, array in own.items()
            if name != "place/00001"
        )
        if not fits or arrays["place/00001"].shape[1:] != (self.dimension,):
            return False
        waiting = int(arrays["place/00000"]) - int(arrays["late/00000"]) if self.late else 0
        return 0 <= waiting <= self.late and all_finite(arrays)

    @property
    def _burn_in(self) -> int:
        """The steps that a window sees without answering."""
        return self.config.burn_in if self.config.state == "reset" else 0

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """Undoes what steps change, but for what they answered."""
        before = self._passed, copy.copy(self._arriving), self._recent.copy()
        yield
        self._passed, self._arriving, self._recent = before

    def _next(self, step: NDArray[np.float32]) -> list[Answer]:
        """Passes the next step of the model; returns its answer, if it is about a step anew."""
        if self._begins_window():
            self._arriving.reset()
            for before in self._recent:
                self._pass(before)
        self._recent.append(step)
        outputs, about = self._pass(step), self._passed - self.late
        self._passed += 1
        if about < self.answered:
            return []
        self.answered = about + 1
        return [Answer(about, outputs)]

    def _begins_window(self) -> bool:
        beyond = self._passed - self.config.chunk_length
        stride = self.config.chunk_length - self._burn_in
        return self.config.state == "reset" and beyond >= 0 and beyond % stride == 0

    def _pass(self, step: NDArray[np.float32]) -> NDArray[np.float32]:
        batch = self._arriving.batch(step[None])
        outputs, self._arriving.carry = self._forward(batch, self._arriving.carry)
        answers: NDArray[np.float32] = outputs.numpy()[0, 0]
        return answers

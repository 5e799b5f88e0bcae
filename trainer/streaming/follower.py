"""A trained model that follows one sequence, a step at a time, as evaluation goes through it.

With the carry it answers each step from the one before. A model that was trained in windows gets
the windows of evaluation, T = 4 and burn-in 1 here; ``w`` warms the carry and was answered before:

    step        0 1 2 3 4 5 6 7 8 9
    window 0    x x x x
    window 1          w x x x
    window 2                w x x x
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from trainer.model.model_file import load_model
from trainer.run.checkpoint import Checkpoint, all_finite, numbered
from trainer.run.folder import Run
from trainer.step.forward import forward_step
from trainer.streaming.arriving import Arriving


class Follower:
    """Answers the steps of one sequence in their order.

    Where labels are inputs, the model's own answers stand for them.

    Args:
        run: the run of the model.

    Attributes:
        steps: the number of steps answered.

    Raises:
        InputError: the run has no model yet, or it cannot be opened.
    """

    def __init__(self, run: Run):
        self.config, self.layout, self.dimension = run.config, run.layout, run.facts.dimension
        answering = replace(self.config, feed="predictions")
        model = load_model(run.model_path)
        self._forward = forward_step(model, answering, self.layout.task)
        self._arriving = Arriving(self.layout, self.dimension, self._forward.initial_carry(1))
        self._recent: deque[NDArray[np.float32]] = deque(maxlen=self._burn_in)
        self.steps = 0
        # The first step should not wait until this is compiled.
        self._pass(np.zeros(self.dimension, "float32"))
        self._arriving.reset()

    def answer(self, features: NDArray[Any]) -> NDArray[np.float32]:
        """Answers the next step.

        Args:
            features: ``<float>[F]``.

        Returns:
            Outputs ``<float32>[C]``; see ``trainer.task``.

        Raises:
            InputError: a feature is not finite.
        """
        step = np.asarray(features, "float32")
        if step.shape != (self.dimension,) or not np.isfinite(step).all():
            raise InputError(
                f"step {self.steps} has features of shape {list(step.shape)}, or some that are NaN "
                f"or infinite; expected {self.dimension} finite numbers"
            )
        if self._begins_window():
            self._arriving.reset()
            for before in self._recent:
                self._pass(before)
        self.steps += 1
        self._recent.append(step)
        return self._pass(step)

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Returns the state for a later ``restore``, by name."""
        recent = np.stack(self._recent) if self._recent else np.zeros((0, self.dimension))
        place = [np.array(self.steps), recent.astype("float32")]
        return {**self._arriving.arrays("carry"), **numbered("place", place)}

    def restore(self, saved: Checkpoint) -> None:
        """Restores the state that ``arrays`` returned.

        Raises:
            InputError: the arrays are not a state of this model.
        """
        own = self.arrays()
        recent = saved.arrays.get("place/00001")
        fits = saved.arrays.keys() == own.keys() and all(
            saved.arrays[name].shape == array.shape and saved.arrays[name].dtype == array.dtype
            for name, array in own.items()
            if name != "place/00001"
        )
        fits = fits and recent is not None and recent.shape[1:] == (self.dimension,)
        if not fits or not all_finite(saved.arrays):
            raise InputError(
                f"{saved.path} does not hold a state of this model; delete it to begin anew"
            )
        steps, recent = saved.group("place")
        self.steps = int(steps)
        self._recent = deque(recent, self._burn_in)
        self._arriving.restore(saved, "carry")

    @property
    def _burn_in(self) -> int:
        """The steps that a window sees without answering."""
        return self.config.burn_in if self.config.state == "reset" else 0

    def _begins_window(self) -> bool:
        beyond = self.steps - self.config.chunk_length
        stride = self.config.chunk_length - self._burn_in
        return self.config.state == "reset" and beyond >= 0 and beyond % stride == 0

    def _pass(self, step: NDArray[np.float32]) -> NDArray[np.float32]:
        batch = self._arriving.batch(step[None])
        outputs, self._arriving.carry = self._forward(batch, self._arriving.carry)
        answers: NDArray[np.float32] = outputs.numpy()[0, 0]
        return answers

"""Decoding as answers come, one step at a time; the result is that of ``decode``."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.decoder.chain import chain, emission
from trainer.decoder.decoder import Decoder
from trainer.decoder.lengths import LengthDecoder
from trainer.decoder.step import advance, begin
from trainer.decoder.trail import Trail
from trainer.decoder.weights import Lengths, Weights


class _Follows(Protocol):
    """A decoder that takes answers step by step."""

    def push(self, probabilities: NDArray[Any]) -> NDArray[Any]:
        """Takes ``<float>[1, C]``, and returns rows that are decided."""

    def finish(self) -> NDArray[Any]:
        """Returns the rows that are left."""

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Returns the state."""

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Restores the state."""


class Following:
    """Decodes one sequence as its answers come.

    Args:
        decoder: the decoder.
        lag_steps: the later steps that a decision sees.
        lag: the same in seconds, by which weights are chosen.
    """

    def __init__(self, decoder: Decoder, lag_steps: int, lag: float):
        weights = decoder.choice(lag).weights
        self._size = len(decoder.classes)
        self._follows: _Follows
        if isinstance(weights, Lengths):
            self._follows = LengthDecoder(weights, decoder.rate, lag_steps)
        else:
            self._follows = _CourseFollower(decoder, weights, lag_steps)

    def push(self, probabilities: NDArray[Any]) -> list[NDArray[Any]]:
        """Takes the answer of the next step.

        Args:
            probabilities: ``<float>[C]``.

        Returns:
            Decoded labels of the steps that are decided now, in their order, none or some:
            classification ``<int32>[]``, multilabel ``<int8>[C]``.
        """
        return list(self._follows.push(np.ascontiguousarray(probabilities)[None]))

    def finish(self) -> list[NDArray[Any]]:
        """Returns the labels of the steps that are left, at the end of the sequence."""
        return list(self._follows.finish())

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Returns the state for a later ``restore``, by name."""
        return self._follows.arrays()

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Restores the state that ``arrays`` returned.

        Raises:
            ValueError: the arrays are no state of this decoder with this lag.
        """
        self._follows.restore(dict(arrays))


class _CourseFollower:
    """Follows a course of one class a step.

    Args:
        decoder: the decoder.
        weights: of it.
        lag: in steps.
    """

    def __init__(self, decoder: Decoder, weights: Weights, lag: int):
        counts = decoder.course_counts
        self._chain = chain(counts, decoder.rate, weights.durations)
        self._emission = emission(counts, weights)
        self._lag, self._trail = lag, Trail(lag)
        self._scores = np.zeros((0, self._chain.first.shape[1]))

    def push(self, probabilities: NDArray[Any]) -> NDArray[np.int32]:
        """Takes ``<float>[1, C]``; returns what is decided, ``<int32>[n]``."""
        emissions = self._emission(probabilities)[0]
        if len(self._scores):
            step = advance(self._chain, self._scores, emissions)
        else:
            step = begin(self._chain, emissions)
        self._scores = step.scores
        state = self._trail.add(step.back, step.best)
        return self._classes([] if state is None else [state])

    def finish(self) -> NDArray[np.int32]:
        """Returns the classes of the steps that are left, ``<int32>[n]``."""
        return self._classes(self._trail.rest())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Returns the state for a later ``restore``, by name."""
        back, states = self._trail.arrays()
        return {"scores": self._scores, "back": back, "states": states}

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Restores the state that ``arrays`` returned.

        Raises:
            ValueError: the arrays are no state of this decoder with this lag.
        """
        own = self.arrays()
        if arrays.keys() != own.keys() or any(
            arrays[name].dtype != own[name].dtype or arrays[name].ndim != own[name].ndim
            for name in own
        ):
            raise ValueError("no state of this decoder")
        scores, back, states = (arrays[name] for name in ("scores", "back", "states"))
        shape, count = self._chain.first.shape, len(states)
        if scores.shape not in (shape, (0, shape[1])) or not np.isfinite(scores).all():
            raise ValueError(f"scores of shape {scores.shape}, expected {shape}")
        rows = (count, self._chain.first.size if count else 0)
        if count > self._lag or back.shape != rows or (count and not len(scores)):
            raise ValueError(f"{count} steps, and ways of shape {back.shape}")
        for states_of in (back, states):
            if not ((states_of >= 0) & (states_of < self._chain.first.size)).all():
                raise ValueError("states that no class has")
        self._scores = scores.copy()
        self._trail.restore(back.copy(), states)

    def _classes(self, states: list[int]) -> NDArray[np.int32]:
        classes: NDArray[np.int32] = np.array(states, np.int32) // self._chain.first.shape[1]
        return classes

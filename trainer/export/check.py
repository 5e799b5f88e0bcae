"""The check that an exported model answers as the run's own does, call after call."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from preprocessing.terminal.quiet import import_tensorflow
from trainer.export.formats import Arrays, Call
from trainer.export.frames import tried_frames
from trainer.export.graph import AFTER, FEATURES, OUTPUTS, Graph
from trainer.export.tried import Tried, tried_features
from trainer.model.carry import call_model, zero_carry
from trainer.plan.passage import late
from trainer.run.folder import Run

import_tensorflow()
from keras import ops  # noqa: E402  (after TensorFlow, whose messages are held back)

CALLS, FEWEST_CALLS = 16, 2
# What is tried of a free B and T: a single step of a single sequence is where an export may differ.
FREE, FREE_WITH_BACKBONE = ((2, 5), (1, 1)), ((2, 2), (1, 1))
# Of frames, which take longer, so many go through a backbone at one shape, but for a few calls.
MOST_FRAMES = 256


class Differences(NamedTuple):
    """The largest differences of an exported model from the run's own; see ``difference``.

    Attributes:
        answers: of outputs and carry, by the same features.
        features: of what the exported backbone makes from what Longtake makes; 0 without one.
        outputs: of outputs from those that Longtake makes of the same frames, or features.
    """

    answers: float
    features: float
    outputs: float


@dataclass(frozen=True)
class Check:
    """The result of a comparison.

    Attributes:
        features: the origin of the features, or of the frames, in words.
        calls: the number of calls for each shape.
        shapes: pairs of B and T.
        difference: the largest, of outputs and carry, by the same features; see ``difference``.
        features_difference: the largest of features; None where features go in.
        outputs_difference: the largest of outputs from frames to outputs; None as well.
    """

    features: str
    calls: int
    shapes: tuple[tuple[int, int], ...]
    difference: float
    features_difference: float | None = None
    outputs_difference: float | None = None


def compare(run: Run, graph: Graph, model: Any, call: Call) -> Check:
    """Passes the same steps through an exported model and the run's own, in consecutive calls.

    Args:
        run: the run of both models.
        graph: the exported graph.
        model: the run's own, from ``(features, *carry)`` to ``(outputs, *carry)``, in float32 where
            the exported one is.
        call: the exported one.
    """
    calls, shapes = _sizes(graph)
    longest = max(batch + calls * steps for batch, steps in shapes)
    if graph.backbone:
        material = tried_frames(run, graph.backbone, longest)
    else:
        material = tried_features(run, longest)
    found = []
    for batch, steps in shapes:
        rows = _rows(run, len(material.seen), batch, calls * steps)
        beside = Beside(graph, model, call, batch)
        for start in range(0, calls * steps, steps):
            found.append(beside.differences(material, rows[:, start : start + steps]))
    largest = Differences(*map(max, zip(*found, strict=True)))
    if not graph.backbone:
        return Check(material.origin, calls, shapes, largest.answers)
    return Check(material.origin, calls, shapes, *largest)


def _sizes(graph: Graph) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Returns the number of calls for each shape, and pairs of B and T."""
    free = FREE_WITH_BACKBONE if graph.backbone else FREE
    tried = ((graph.shape.batch or batch, graph.shape.steps or steps) for batch, steps in free)
    shapes = tuple(dict.fromkeys(tried))
    if not graph.backbone:
        return CALLS, shapes
    largest = max(batch * steps for batch, steps in shapes)
    return max(FEWEST_CALLS, min(CALLS, MOST_FRAMES // largest)), shapes


class Beside:
    """Two models side by side, each with the carry of its own calls.

    Args:
        graph: the exported graph.
        model: the run's own.
        call: the exported one.
        batch: B.
    """

    def __init__(self, graph: Graph, model: Any, call: Call, batch: int):
        self._graph, self._model, self._call = graph, model, call
        self._carry = self._own_carry = zero_carry(model, batch)
        self._handed = dict(zip(graph.carry, map(_array, self._carry), strict=True))

    def differences(self, tried: Tried, rows: NDArray[np.intp]) -> Differences:
        """Makes the next call of both, and returns how they differ.

        Args:
            tried: the steps.
            rows: which of them, ``[B, T]``.
        """
        given = {name: array[rows] for name, array in tried.given.items()}
        made = self._call({**given, **self._handed})
        _require_names(self._graph, made)
        own = tried.seen[rows]
        seen = made[FEATURES] if self._graph.backbone else own
        outputs, self._carry = self._answer(seen, self._carry)
        pairs = zip(self._graph.outputs, (outputs, *self._carry), strict=True)
        answers = max(difference(made[name], _array(expected)) for name, expected in pairs)
        self._handed = {name: made[name + AFTER] for name in self._graph.carry}
        if not self._graph.backbone:
            return Differences(answers, 0.0, answers)
        expected, self._own_carry = self._answer(own, self._own_carry)
        whole = difference(made[OUTPUTS], _array(expected))
        return Differences(answers, difference(seen, own), whole)

    def _answer(self, seen: NDArray[np.float32], carry: Any) -> tuple[Any, Any]:
        return call_model(self._model, ops.convert_to_tensor(seen), carry, training=False)


def _rows(run: Run, known: int, batch: int, steps: int) -> NDArray[np.intp]:
    """Returns which of the known steps each row of a batch has at each of its steps, ``[B, n]``.

    Each row begins at another one, and begins anew where they end. Where answers come late, the
    last step is repeated, as at the end of a sequence.
    """
    rows: NDArray[np.intp] = np.add.outer(np.arange(batch), np.arange(steps)) % known
    end = steps - min(late(run.layout.horizon), steps // 2)
    rows[:, end:] = rows[:, end - 1 : end]
    return rows


def difference(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Returns the largest difference, relative to the largest number of ``other`` over 1.

    It is infinite if the shapes differ or a number is not finite.

    Args:
        one: an array.
        other: the array to compare it with.
    """
    if one.shape != other.shape or not (np.isfinite(one).all() and np.isfinite(other).all()):
        return float("inf")
    return float(np.abs(one - other).max() / max(1.0, np.abs(other).max()))


def _array(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(ops.convert_to_numpy(ops.cast(tensor, "float32")))


def _require_names(graph: Graph, made: Arrays) -> None:
    if missing := {*graph.outputs, *([FEATURES] if graph.backbone else [])} - set(made):
        raise ValueError(f"An export has all outputs. Received: {sorted(made)} without {missing}")

"""The check that an exported model answers as the run's own does, call after call."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.terminal.quiet import import_tensorflow
from trainer.export.formats import Arrays, Call
from trainer.export.frames import tried_frames
from trainer.export.graph import AFTER, Graph
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


@dataclass(frozen=True)
class Check:
    """The result of a comparison.

    Attributes:
        features: the origin of the features, or of the frames, in words.
        calls: the number of calls for each shape.
        shapes: pairs of B and T.
        difference: the largest; see ``difference``.
    """

    features: str
    calls: int
    shapes: tuple[tuple[int, int], ...]
    difference: float


def compare(run: Run, graph: Graph, model: Any, call: Call) -> Check:
    """Passes the same steps through an exported model and the run's own, in consecutive calls.

    Args:
        run: the run of both models.
        graph: the exported graph.
        model: the run's own, from ``(features, *carry)`` to ``(outputs, *carry)``, in float32 where
            the exported one is.
        call: the exported one.
    """
    free = FREE_WITH_BACKBONE if graph.backbone else FREE
    tried = ((graph.shape.batch or batch, graph.shape.steps or steps) for batch, steps in free)
    shapes = tuple(dict.fromkeys(tried))
    calls = CALLS
    if graph.backbone:
        largest = max(batch * steps for batch, steps in shapes)
        calls = max(FEWEST_CALLS, min(CALLS, MOST_FRAMES // largest))
    longest = max(batch + calls * steps for batch, steps in shapes)
    if graph.backbone:
        material = tried_frames(run, graph.backbone, longest)
    else:
        material = tried_features(run, longest)
    found = [_compare(run, graph, model, call, material, (calls, *shape)) for shape in shapes]
    return Check(material.origin, calls, shapes, max(found))


def _compare(
    run: Run, graph: Graph, model: Any, call: Call, tried: Tried, sizes: tuple[int, int, int]
) -> float:
    """Returns the largest difference at one number of calls, B and T."""
    calls, batch, steps = sizes
    rows = _rows(run, len(tried.seen), batch, calls * steps)
    carry = zero_carry(model, batch)
    handed = dict(zip(graph.carry, map(_array, carry), strict=True))
    largest = 0.0
    for start in range(0, calls * steps, steps):
        now = rows[:, start : start + steps]
        seen = ops.convert_to_tensor(tried.seen[now])
        outputs, carry = call_model(model, seen, carry, training=False)
        made = call({**{name: array[now] for name, array in tried.given.items()}, **handed})
        _require_names(graph, made)
        for name, expected in zip(graph.outputs, (outputs, *carry), strict=True):
            largest = max(largest, difference(made[name], _array(expected)))
        handed = {name: made[name + AFTER] for name in graph.carry}
    return largest


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

    It is infinite if the shapes differ or an answer is not finite.

    Args:
        one: an array.
        other: the array to compare it with.
    """
    if one.shape != other.shape or not np.isfinite(one).all():
        return float("inf")
    return float(np.abs(one - other).max() / max(1.0, np.abs(other).max()))


def _array(tensor: Any) -> NDArray[np.float32]:
    return np.asarray(ops.convert_to_numpy(ops.cast(tensor, "float32")))


def _require_names(graph: Graph, made: Arrays) -> None:
    if missing := set(graph.outputs) - set(made):
        raise ValueError(f"An export has all outputs. Received: {sorted(made)} without {missing}")

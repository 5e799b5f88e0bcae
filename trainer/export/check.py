"""The check that an exported model answers as the run's own does, call after call."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from preprocessing.errors import InputError
from preprocessing.labels.splits import PARTS
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.quiet import import_tensorflow
from trainer.export.formats import Arrays, Call
from trainer.export.graph import AFTER, Graph
from trainer.layout import Layout
from trainer.model.carry import call_model, zero_carry
from trainer.plan.passage import late
from trainer.run.folder import Run
from trainer.task import Classification, Multilabel, Regression

import_tensorflow()
from keras import ops  # noqa: E402  (after TensorFlow, whose messages are held back)

CALLS = 16
# What is tried of a free B and T: a single step of a single sequence is where an export may differ.
FREE = ((2, 5), (1, 1))
TRIED_SEQUENCES = 20
SEED = 0


@dataclass(frozen=True)
class Check:
    """The result of a comparison.

    Attributes:
        features: the origin of the features, in words.
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
    tried = ((graph.shape.batch or batch, graph.shape.steps or steps) for batch, steps in FREE)
    shapes = tuple(dict.fromkeys(tried))
    found = [_compare(run, graph, model, call, shape) for shape in shapes]
    return Check(found[0][1], CALLS, shapes, max(largest for largest, _ in found))


def _compare(
    run: Run, graph: Graph, model: Any, call: Call, shape: tuple[int, int]
) -> tuple[float, str]:
    """Returns the largest difference at one B and T, and the origin of the features."""
    batch, steps = shape
    inputs, origin = _inputs(run, batch, CALLS * steps)
    carry = zero_carry(model, batch)
    handed = dict(zip(graph.carry, map(_array, carry), strict=True))
    largest = 0.0
    for start in range(0, CALLS * steps, steps):
        features = inputs[:, start : start + steps]
        seen = ops.convert_to_tensor(features)
        outputs, carry = call_model(model, seen, carry, training=False)
        made = call({"features": features, **handed})
        _require_names(graph, made)
        for name, expected in zip(graph.outputs, (outputs, *carry), strict=True):
            largest = max(largest, difference(made[name], _array(expected)))
        handed = {name: made[name + AFTER] for name in graph.carry}
    return largest, origin


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


def _inputs(run: Run, batch: int, steps: int) -> tuple[NDArray[np.float32], str]:
    """Returns steps as the model sees them, ``<float32>[B, n, F + P]``, and their origin.

    Past labels are drawn at random; each row of the batch begins at another step. Where answers
    come late, the last step is repeated, as at the end of a sequence.
    """
    layout, chance = run.layout, np.random.default_rng(SEED)
    found = _stored(run, batch + steps) if layout.sees_features else None
    size = layout.feature_size(run.facts.dimension)
    features, origin = found or (_drawn(run, size, batch + steps, chance), "random features")
    if layout.past_size:
        origin = f"{origin} and random labels" if size else "random labels"
    past = _drawn_labels(layout, batch + steps, chance)
    rows = np.concatenate([features, past], -1).astype("float32")
    inputs = np.stack([rows[row : row + steps] for row in range(batch)])
    end = steps - min(late(layout.horizon), steps // 2)
    inputs[:, end:] = inputs[:, end - 1 : end]
    return inputs, origin


def _stored(run: Run, steps: int) -> tuple[NDArray[Any], str] | None:
    """Returns the first steps of a sequence of the run's splits, if its store still has one.

    The steps of a shorter sequence are repeated.
    """
    try:
        store, splits = FeatureStore(run.config.store), run.splits
        ids = [sequence_id for part in reversed(PARTS) for sequence_id in splits[part]]
        for sequence_id in islice((name for name in ids if name in store), TRIED_SEQUENCES):
            info = store.info(sequence_id)
            run.facts.require(info)
            features = store.features(sequence_id, 0, min(steps, info.steps))
            return np.resize(features, (steps, info.dimension)), f"sequence {sequence_id}"
    except (InputError, OSError):
        return None
    return None


def _drawn(run: Run, size: int, steps: int, chance: np.random.Generator) -> NDArray[Any]:
    """Draws random features ``[n, F]`` with the training's mean and deviation, if known."""
    drawn: NDArray[Any] = chance.normal(size=(steps, size))
    if size and run.facts.feature_moments:
        mean, variance = np.array(run.facts.feature_moments)
        drawn = drawn * np.sqrt(variance) + mean
    return drawn


def _drawn_labels(layout: Layout, steps: int, chance: np.random.Generator) -> NDArray[Any]:
    """Draws random past labels as the model sees them, ``[n, P]``."""
    task = layout.task
    if not layout.past_size:
        return np.zeros((steps, 0))
    if isinstance(task, Classification):
        return task.encode(chance.integers(0, task.size, steps))
    if isinstance(task, Multilabel):
        return chance.integers(0, 2, (steps, task.size))
    drawn: NDArray[Any] = chance.normal(size=(steps, task.size))
    if isinstance(task, Regression):
        drawn = drawn * np.sqrt(task.variance) + task.mean
    return drawn

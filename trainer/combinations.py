"""Which options make no sense together, and why."""

from typing import TYPE_CHECKING

from preprocessing.errors import InputError

if TYPE_CHECKING:
    from trainer.config import TrainConfig


def require_sense(config: "TrainConfig") -> None:
    """Checks a configuration whose single values are right.

    Raises:
        InputError: two options contradict each other; the reason is given.
    """
    for condition, reason in _contradictions(config):
        if condition:
            raise InputError(reason)


def _contradictions(c: "TrainConfig") -> list[tuple[bool, str]]:
    carried, windows = c.state == "carry", c.state == "reset"
    answered_once = c.outputs == "sequence"
    past = c.inputs != "features"
    stride = c.stride or 0
    return [
        (
            carried and c.stride is not None,
            f"--stride {c.stride} with --state carry: a carry goes from each chunk to the "
            "one that follows it, not to overlapping or shuffled windows; give --state reset, or "
            "no --stride",
        ),
        (
            windows and c.burn_in >= c.chunk_length,
            f"--burn-in {c.burn_in} with windows of --chunk-length {c.chunk_length}: no step would "
            "have a loss; give a smaller --burn-in",
        ),
        (
            windows and stride > c.chunk_length - c.burn_in,
            f"--stride {stride} is more than the {c.chunk_length - c.burn_in} steps of a window "
            "that have a loss: steps between windows would never be trained on",
        ),
        (
            windows and c.gradient == "full",
            "--gradient full with --state reset: the gradient of a window is whole already; give "
            "--state carry, or --gradient truncated",
        ),
        (
            c.gradient == "full" and c.random_phase,
            "--random-phase with --gradient full: a whole gradient has no chunk edges to move",
        ),
        (
            c.random_phase and (c.window_stride if windows else c.chunk_length) < 2,
            "--random-phase with chunks, or windows, of 1 step: there is nowhere to move their "
            "edges; give a longer --chunk-length or --stride",
        ),
        (
            answered_once and c.horizon > 0,
            f"--horizon {c.horizon} with --outputs sequence: nothing comes after the last step; "
            "give --outputs frame, or no --horizon",
        ),
        (
            answered_once and past,
            f"--inputs {c.inputs} with --outputs sequence: labels as inputs would give the answer "
            "away; give --inputs features, or --outputs frame",
        ),
        (
            answered_once and carried and c.burn_in > 0,
            f"--burn-in {c.burn_in} with --outputs sequence: only the last step has a loss anyway; "
            "give no --burn-in",
        ),
        (
            not past and c.feed == "truth",
            "--feed truth with --inputs features: no labels are fed; give --inputs labels or both",
        ),
        (
            c.inputs == "labels" and c.normalize == "running",
            "--normalize running with --inputs labels: there are no features to normalise",
        ),
        (
            c.task == "regression" and bool(c.class_weights),
            "--class-weights with --task regression: numbers have no classes",
        ),
    ]

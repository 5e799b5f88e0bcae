"""Latency: how long a model takes to answer one step of one sequence, as in a stream."""

import time
from dataclasses import dataclass

import numpy as np

from trainer.run.folder import Run
from trainer.streaming.followers import follow

WARM_UP, STEPS = 20, 200


@dataclass(frozen=True)
class Latency:
    """The latency of a model alone, from a step's features to its answer.

    Attributes:
        median_ms: the median in milliseconds.
        p95_ms: the milliseconds that 95 % of steps do not exceed.
        steps: the number of steps timed.
        late: the further steps that an answer waits for, with a horizon below 0.
    """

    median_ms: float
    p95_ms: float
    steps: int
    late: int = 0


def measure_latency(run: Run, steps: int = STEPS) -> Latency | None:
    """Times a run's model on this machine, on steps of noise.

    Args:
        run: the run of the model.
        steps: the number of steps.

    Returns:
        The latency; None if a model goes backward, which answers no stream.
    """
    if any(member.layout.backward for member in run.answering):
        return None
    follower = follow(run)
    noise = np.random.default_rng(0).normal(size=(8, follower.dimension)).astype("float32")
    seconds = []
    for number in range(WARM_UP + steps):
        begin = time.perf_counter()
        follower.answers(noise[number % len(noise)])
        seconds.append(time.perf_counter() - begin)
    timed = 1000 * np.array(seconds[WARM_UP:])
    return Latency(float(np.median(timed)), float(np.percentile(timed, 95)), steps, follower.late)

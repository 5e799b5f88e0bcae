"""The sides of ``decoder.py``, each in a process of its own: what it is, classes, steps, lag."""

import json
import sys
import time

import numpy as np
from measure import Facts, clock, peak_mb

from trainer.decoder.chain import chain, emission
from trainer.decoder.counts import Counts
from trainer.decoder.course import Course
from trainer.decoder.decoder import Decoder
from trainer.decoder.following import Following
from trainer.decoder.weights import Choice, Weights

RATE = 5.0
WEIGHTS = Weights(1.0, 1.0, True)
READ_STEPS = 1 << 14


def main() -> None:
    """Runs a side and prints what it measured."""
    side, *numbers = sys.argv[1:]
    classes, steps, *lag = map(int, numbers)
    sides = {"longtake": offline, "hmmlearn": by_hmmlearn, "online": online}
    print(json.dumps(sides[side](classes, steps, *lag)))


def counts_of(classes: int) -> Counts:
    """Counts as of a training split: a few seconds each, one mostly after the other."""
    generator = np.random.default_rng(0)
    follows = generator.integers(0, 3, (classes, classes))
    follows[np.arange(classes), np.arange(1, classes + 1) % classes] = 50
    np.fill_diagonal(follows, 0)
    stretches = np.full(classes, 60)
    mean = generator.uniform(2, 20, classes)
    return Counts(60 * mean, stretches // 10, follows, stretches, mean, np.full(classes, 0.25))


def answers_of(classes: int) -> np.ndarray:
    """Answers that name each class for a while, and waver; read again and again."""
    generator = np.random.default_rng(1)
    true = (np.arange(READ_STEPS) // 40) % classes
    scores = generator.normal(size=(READ_STEPS, classes))
    scores[np.arange(READ_STEPS), true] += 3
    odds = np.exp(scores)
    return (odds / odds.sum(1, keepdims=True)).astype("float32")


def offline(classes: int, steps: int) -> Facts:
    """Decodes one sequence, and measures what memory that takes beside what was there."""
    course, answers = Course(counts_of(classes), RATE, WEIGHTS), answers_of(classes)

    def read(start: int, stop: int) -> np.ndarray:
        return answers[np.arange(start, stop) % READ_STEPS]

    course.labels(read, 3 * READ_STEPS, [None])
    before = peak_mb()
    with clock() as spent:
        course.labels(read, steps, [None])
    return {**spent, "more_mb": peak_mb() - before}


def by_hmmlearn(classes: int, steps: int) -> Facts:
    """Decodes by hmmlearn, each stage of a class a state."""
    from hmmlearn.base import BaseHMM

    class Given(BaseHMM):
        def _compute_log_likelihood(self, X):  # noqa: N803
            return X

    counts = counts_of(classes)
    links = chain(counts, RATE, True)
    stages = links.first.shape[1]
    model = Given(classes * stages)
    model.startprob_ = np.where(links.first, np.exp(links.begin)[:, None], 0).ravel()
    moves = np.zeros((classes, stages, classes, stages))
    for label, leaving in enumerate(np.exp(links.leave)):
        for stage in range(stages):
            moves[label, stage, label, stage] = 1 - leaving
            if stage + 1 < stages:
                moves[label, stage, label, stage + 1] = leaving
        for other in set(range(classes)) - {label}:
            share = np.exp(links.change[label, other])
            moves[label, -1, other, links.first[other].argmax()] = leaving * share
    model.transmat_ = moves.reshape(classes * stages, -1)
    answers = answers_of(classes)[np.arange(steps) % READ_STEPS]
    before = peak_mb()
    with np.errstate(divide="ignore"), clock() as spent:
        emissions = np.repeat(emission(counts, WEIGHTS)(answers), stages, axis=1)
        model.decode(emissions)
    return {**spent, "more_mb": peak_mb() - before}


def online(classes: int, steps: int, lag: int) -> Facts:
    """Decodes answers one by one."""
    names = tuple(map(str, range(classes)))
    choice = Choice(None, True, WEIGHTS, {}, {})
    following = Following(Decoder(names, RATE, counts_of(classes), [choice]), lag, lag / RATE)
    times = []
    for answer in answers_of(classes)[np.arange(steps) % READ_STEPS]:
        begun = time.perf_counter()
        following.push(answer)
        times.append(1e3 * (time.perf_counter() - begun))
    return {"median_ms": float(np.median(times)), "p95_ms": float(np.percentile(times, 95))}


if __name__ == "__main__":
    main()

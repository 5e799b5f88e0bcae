"""Decoders of made counts, and answers for them to decode."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.decoder.counts import Counts
from trainer.decoder.course import Read
from trainer.decoder.decoder import Decoder
from trainer.decoder.weights import Choice, Lengths, Weights

Generator = np.random.Generator


def made_counts(generator: Generator, size: int) -> Counts:
    """Counts that labels of so many classes may have had; classes have one stage or several."""
    follows = generator.integers(0, 5, (size, size))
    np.fill_diagonal(follows, 0)
    return Counts(
        seconds=generator.uniform(0, 20, size),
        begins=generator.integers(0, 4, size),
        follows=follows,
        stretches=generator.integers(0, 9, size),
        mean=generator.uniform(0.3, 8, size),
        variation=generator.uniform(0, 1.5, size),
    )


def made_answers(generator: Generator, steps: int, size: int) -> NDArray[Any]:
    """Probabilities ``<float32>[steps, size]``, of which some are 0."""
    answers = generator.dirichlet(np.full(size, 0.4), steps).astype("float32")
    answers[generator.random((steps, size)) < 0.1] = 0
    return answers


def made_weights(generator: Generator) -> Weights:
    emission = float(generator.choice([0.1, 1.0, 3.0]))
    return Weights(emission, float(generator.integers(2)), bool(generator.integers(2)))


def made_lengths(generator: Generator, size: int) -> Lengths:
    least = generator.choice([0.0, 1.0, 2.0, 3.5], (2, size))
    thresholds = generator.uniform(0.2, 0.8, size)
    return Lengths(*(tuple(row.tolist()) for row in (thresholds, *least)))


def made_decoder(generator: Generator, size: int, rate: float = 1.5) -> Decoder:
    """A decoder of one class a step, whose weights are others for each lag."""
    choices = [Choice(lag, True, made_weights(generator), {}, {}) for lag in (None, 0.0, 2.0)]
    return Decoder(_names(size), rate, made_counts(generator, size), choices)


def made_length_decoder(generator: Generator, size: int, rate: float = 1.5) -> Decoder:
    choices = [Choice(lag, True, made_lengths(generator, size), {}, {}) for lag in (None, 2.0)]
    return Decoder(_names(size), rate, None, choices)


def reader(answers: NDArray[Any]) -> Read:
    """Reads answers that are in memory."""
    read: Callable[[int, int], NDArray[Any]] = lambda start, stop: answers[start:stop]  # noqa: E731
    return read


def _names(size: int) -> tuple[str, ...]:
    return tuple(f"c{number}" for number in range(size))

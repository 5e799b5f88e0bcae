"""The choice of a decoder by the answers to the validation split."""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from trainer.decoder.choosing_lengths import choose_lengths
from trainer.decoder.counts import Counts, MarkCounts
from trainer.decoder.course import Course, Read
from trainer.decoder.decoder import Decoder
from trainer.decoder.quality import CourseQuality, better, together
from trainer.decoder.sample import sample
from trainer.decoder.weights import Choice, Weights
from trainer.predictions.reader import Answers, open_answers

Heed = Callable[[], None]
# Seconds that are tried; other lags take the weights of the nearest.
LAGS = (None, 0.0, 1.0, 2.0, 4.0)
EMISSIONS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
PRIORS = (0.0, 1.0)
GRID = tuple(Weights(*each) for each in product(EMISSIONS, PRIORS, (False, True)))
# Steps that all weights are tried on, of so many classes.
MOST_STEPS = 300_000
MANY_CLASSES = 30


def choose_decoder(
    counts: Counts | MarkCounts,
    predictions: Path,
    rate: float,
    heed: Heed = lambda: None,
) -> Decoder:
    """Chooses weights for offline and for each lag; raw answers win where none is better.

    Of one class a step, the mean of accuracy, edit score and F1@10, 25 and 50 decides; of several,
    that of F1 of steps and F1@10, 25 and 50 of each class's stretches. Of very many answers a
    sample of whole sequences is taken, evenly.

    Args:
        counts: of the training split.
        predictions: ``predictions.h5`` of the validation split.
        rate: steps a second.
        heed: called now and then; it may raise an error to stop.

    Raises:
        InputError: the file is no whole file of predictions.
    """
    with open_answers(predictions) as answers:
        classes = tuple(answers.classes)
        if isinstance(counts, MarkCounts):
            choices, ids = choose_lengths(counts, answers, rate, LAGS, heed)
            return Decoder(classes, rate, None, choices, len(ids))
        most = MOST_STEPS / max(1.0, len(classes) / MANY_CLASSES) ** 2
        ids = sample(answers, most)
        choices = _choose(counts, answers, ids, rate, heed)
    return Decoder(classes, rate, counts, choices, len(ids))


def _choose(
    counts: Counts, answers: Answers, ids: Sequence[str], rate: float, heed: Heed
) -> list[Choice]:
    """Chooses weights for each of ``LAGS``.

    Args:
        counts: of the training split.
        answers: to the validation split.
        ids: the sequences to look at.
        rate: steps a second.
        heed: called between two weights.
    """
    raw = CourseQuality()
    for true, labels in _raw(answers, ids):
        raw.add(true, labels)
    before = raw.result()
    tried = []
    for weights in GRID:
        heed()
        tried.append((weights, _tried(counts, answers, ids, rate, weights)))
    choices = []
    for number, lag in enumerate(LAGS):
        weights, figures = max(
            ((one, found[number]) for one, found in tried), key=lambda it: together(it[1])
        )
        choices.append(Choice(lag, better(figures, before), weights, before, figures))
    return choices


def _raw(answers: Answers, ids: Sequence[str]) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    for sequence_id in ids:
        yield answers.whole(sequence_id, "true"), answers.whole(sequence_id, "predicted")


def _tried(
    counts: Counts, answers: Answers, ids: Sequence[str], rate: float, weights: Weights
) -> list[dict[str, float]]:
    """Returns how good answers are with some weights, for each of ``LAGS``.

    Args:
        counts: of the training split.
        answers: to the validation split.
        ids: the sequences to look at.
        rate: steps a second.
        weights: to try.
    """
    course = Course(counts, rate, weights)
    lags = [None if lag is None else round(lag * rate) for lag in LAGS]
    qualities = [CourseQuality() for _ in LAGS]
    for sequence_id in ids:
        true = answers.whole(sequence_id, "true")
        found = course.labels(reading(answers, sequence_id), len(true), lags)
        for quality, labels in zip(qualities, found, strict=True):
            quality.add(true, labels)
    return [quality.result() for quality in qualities]


def reading(answers: Answers, sequence_id: str) -> Read:
    """Returns what reads the probabilities of a sequence.

    Args:
        answers: an opened file.
        sequence_id: the sequence.
    """

    def read(start: int, stop: int) -> NDArray[Any]:
        return answers.part(sequence_id, "probabilities", slice(start, stop))

    return read

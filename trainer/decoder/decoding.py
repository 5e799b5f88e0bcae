"""Decoding of whole sequences, block by block in bounded memory."""

from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from trainer.decoder.course import Course, Read
from trainer.decoder.decoder import Decoder
from trainer.decoder.lengths import LengthDecoder
from trainer.decoder.weights import Lengths

# Probabilities of several classes that are looked at together.
VALUES_AT_ONCE = 1 << 18


def decode(
    decoder: Decoder, read: Read, steps: int, lag_steps: int | None, lag: float | None
) -> Iterator[NDArray[Any]]:
    """Decodes a sequence, also by a decoder that was no better than none where it was chosen.

    Args:
        decoder: the decoder.
        read: reads probabilities of consecutive steps; offline each is read twice.
        steps: N.
        lag_steps: the later steps that a decision sees; None for offline.
        lag: the same in seconds, by which weights are chosen.

    Yields:
        Decoded labels of consecutive steps, N in all: classification ``<int32>[n]``, multilabel
        ``<int8>[n, C]``.
    """
    weights = decoder.choice(lag).weights
    if not steps:
        return
    if not isinstance(weights, Lengths):
        course = Course(decoder.course_counts, decoder.rate, weights)
        yield course.labels(read, steps, [lag_steps])[0]
        return
    marks = LengthDecoder(weights, decoder.rate, lag_steps)
    at_once = max(1, VALUES_AT_ONCE // len(decoder.classes))
    for start in range(0, steps, at_once):
        yield marks.push(read(start, min(start + at_once, steps)))
    yield marks.finish()

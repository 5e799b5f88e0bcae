"""Decoding of whole sequences, block by block in bounded memory."""

from collections.abc import Callable, Iterator
from typing import Any

from numpy.typing import NDArray

from trainer.decoder.decoder import Decoder

# From the first step and the one after the last to probabilities, ``<float>[n, C]``.
Read = Callable[[int, int], NDArray[Any]]


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
    raise NotImplementedError(decoder, read, steps, lag_steps, lag)

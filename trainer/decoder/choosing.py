"""The choice of weights by the answers to the validation split."""

from pathlib import Path

from trainer.decoder.counts import Counts
from trainer.decoder.decoder import Decoder


def choose_decoder(counts: Counts, predictions: Path, rate: float) -> Decoder:
    """Chooses weights for offline and for each lag; raw answers win where none is better.

    Args:
        counts: of the training split.
        predictions: ``predictions.h5`` of the validation split.
        rate: steps a second.

    Raises:
        InputError: the file is no whole file of predictions.
    """
    raise NotImplementedError(counts, predictions, rate)

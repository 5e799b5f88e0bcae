"""The file of a decoder, RUN/decoder.json."""

from collections.abc import Sequence
from pathlib import Path

from trainer.decoder.decoder import Decoder

NAME = "decoder.json"


def read_decoder(path: Path, classes: Sequence[str]) -> Decoder | None:
    """Reads a decoder; None if there is no such file.

    Args:
        path: the file.
        classes: of the model, whose answers are to be decoded.

    Raises:
        InputError: the file is no decoder, or one of other classes.
    """
    raise NotImplementedError(path, classes)

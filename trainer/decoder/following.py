"""Decoding as answers come, one step at a time; the result is that of ``decode``."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from trainer.decoder.decoder import Decoder


class Following:
    """Decodes one sequence as its answers come.

    Args:
        decoder: the decoder.
        lag_steps: the later steps that a decision sees.
        lag: the same in seconds, by which weights are chosen.
    """

    def __init__(self, decoder: Decoder, lag_steps: int, lag: float):
        raise NotImplementedError

    def push(self, probabilities: NDArray[Any]) -> list[NDArray[Any]]:
        """Takes the answer of the next step.

        Args:
            probabilities: ``<float>[C]``.

        Returns:
            Decoded labels of the steps that are decided now, in their order, none or some:
            classification ``<int32>[]``, multilabel ``<int8>[C]``.
        """
        raise NotImplementedError

    def finish(self) -> list[NDArray[Any]]:
        """Returns the labels of the steps that are left, at the end of the sequence."""
        raise NotImplementedError

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Returns the state for a later ``restore``, by name."""
        raise NotImplementedError

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Restores the state that ``arrays`` returned.

        Raises:
            ValueError: the arrays are no state of this decoder with this lag.
        """
        raise NotImplementedError

"""What is counted in labels."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Counts:
    """Counts of C classes, and of how long their stretches last.

    Attributes:
        kind: ``viterbi`` for one class a step, ``lengths`` for several.
        seconds: ``<float64>[C]``, how long each class is shown.
        begins: ``<int64>[C]``, the sequences whose first label it is.
        follows: ``<int64>[C, C]``, how often the second comes after the first.
    """

    kind: str
    seconds: NDArray[Any]
    begins: NDArray[Any]
    follows: NDArray[Any]

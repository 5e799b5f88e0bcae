"""Counts of labels: of one class a step a course, of several how long each is shown."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Counts:
    """Counts of C classes of which each step has one.

    Attributes:
        seconds: ``<float64>[C]``, how long each class is shown.
        begins: ``<int64>[C]``, the sequences whose first label it is.
        follows: ``<int64>[C, C]``, how often the second class comes after the first.
        stretches: ``<int64>[C]``, how often each class is shown.
        mean: ``<float64>[C]``, seconds that a stretch of the class lasts, smoothed; above 0.
        variation: ``<float64>[C]``, variance / mean^2 of these seconds, smoothed; 0 or more.
    """

    seconds: Floats
    begins: Ints
    follows: Ints
    stretches: Ints
    mean: Floats
    variation: Floats


@dataclass(frozen=True)
class MarkCounts:
    """Counts of C classes of which each step has any number.

    Attributes:
        present: ``<float64>[C]``, median seconds for which a class is shown at a time; 0 if never.
        absent: ``<float64>[C]``, median seconds for which it is not.
    """

    present: Floats
    absent: Floats
